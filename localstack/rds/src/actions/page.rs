//! Pages of long answers: `MaxRecords` and `Marker`.

use local_cloud_wire::AwsError;
use local_cloud_wire::query::{Form, Xml};

use crate::parameters::number;

/// Renders one page of a list as `<action>Result`. `key` orders the items and marks where the next page begins.
///
/// # Errors
/// `InvalidParameterValue` for a `MaxRecords` outside 20 to 100.
pub fn paged<T>(
    form: &Form,
    (action, list): (&str, &str),
    items: &[T],
    key: impl Fn(&T) -> String,
    render: impl Fn(&T) -> Xml,
) -> Result<Xml, AwsError> {
    let most = number(form, "MaxRecords", 20..=100)?.unwrap_or(100) as usize;
    let marker = form.get("Marker").unwrap_or_default();
    let mut rest = items
        .iter()
        .filter(|item| key(item).as_str() > marker)
        .peekable();
    let page: Vec<&T> = rest.by_ref().take(most).collect();
    let next = rest.peek().and(page.last()).map(|last| key(last));
    let rendered = Xml::list(list, page.into_iter().map(render));
    Ok(Xml::parent(&format!("{action}Result"))
        .optional("Marker", next)
        .child(rendered))
}

/// Whether an item passes the filters. `field` gives the item's value for a filter's name, or nothing if the
/// operation has no such filter.
///
/// # Errors
/// `InvalidParameterValue` for an unknown filter or one without values.
pub fn passes(form: &Form, field: impl Fn(&str, &str) -> Option<bool>) -> Result<bool, AwsError> {
    for filter in form.structures("Filters") {
        let name = crate::parameters::required(&filter, "Name")?;
        let values = filter.list("Values");
        if values.is_empty() {
            return Err(crate::refusal::invalid_value(format!(
                "The filter {name} has no values."
            )));
        }
        let matches: Option<Vec<bool>> = values.iter().map(|value| field(name, value)).collect();
        let unknown = || crate::refusal::invalid_value(format!("Unrecognized filter name: {name}"));
        if !matches.ok_or_else(unknown)?.contains(&true) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> String {
        let items: Vec<String> = (0..45).map(|n| format!("i{n:02}")).collect();
        paged(
            &Form::decode(body.as_bytes()),
            ("List", "Items"),
            &items,
            String::clone,
            |item| Xml::text("Item", item),
        )
        .unwrap()
        .to_string()
    }

    #[test]
    fn pages_follow_each_other_without_gap_and_the_last_has_no_marker() {
        let first = page("MaxRecords=20");
        assert!(
            first.contains("<Marker>i19</Marker>") && !first.contains("<Item>i20</Item>"),
            "{first}"
        );
        let second = page("MaxRecords=20&Marker=i19");
        assert!(
            second.contains("<Item>i20</Item>") && second.contains("<Marker>i39</Marker>"),
            "{second}"
        );
        let last = page("MaxRecords=20&Marker=i39");
        assert!(
            last.contains("<Item>i44</Item>") && !last.contains("Marker"),
            "{last}"
        );
    }

    #[test]
    fn an_unknown_filter_is_refused_and_values_are_alternatives() {
        let field = |name: &str, value: &str| (name == "id").then_some(value == "a");
        let check = |body: &str| passes(&Form::decode(body.as_bytes()), field);
        assert!(check("Filters.Filter.1.Name=id&Filters.Filter.1.Values.Value.1=b&Filters.Filter.1.Values.Value.2=a").unwrap());
        assert!(!check("Filters.Filter.1.Name=id&Filters.Filter.1.Values.Value.1=b").unwrap());
        assert!(check("Filters.Filter.1.Name=other&Filters.Filter.1.Values.Value.1=b").is_err());
    }
}
