//! Selecting and paging the answers of Describe operations.

use local_cloud_wire::AwsError;
use serde_json::{Map, Value};

use crate::failure::{invalid, not_found};
use crate::request::{Describe, Filter};

/// A filter's name and the field it looks at.
pub(crate) type Field<T> = (&'static str, fn(&T) -> &str);

/// The items that pass all filters.
///
/// # Errors
/// An unknown filter; `ResourceNotFoundFault` if filters were given and nothing passes.
pub(crate) fn select<'a, T>(
    items: &'a [T],
    filters: &[Filter],
    fields: &[Field<T>],
) -> Result<Vec<&'a T>, AwsError> {
    let mut checks = Vec::new();
    for filter in filters {
        let field = fields.iter().find(|(name, _)| *name == filter.name);
        let (_, field) = field.ok_or_else(|| {
            let known: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            invalid(format!(
                "The filter {} is none of {}",
                filter.name,
                known.join(", ")
            ))
        })?;
        checks.push((field, &filter.values));
    }
    let passes = |item: &&T| {
        checks
            .iter()
            .all(|(field, values)| values.iter().any(|value| value == field(item)))
    };
    let selected: Vec<&T> = items.iter().filter(passes).collect();
    if selected.is_empty() && !filters.is_empty() {
        return Err(not_found("Nothing found matching the filters"));
    }
    Ok(selected)
}

/// One page of the answer, with the marker of the next one.
pub(crate) fn page(key: &str, items: Vec<Value>, input: &Describe) -> Result<Value, AwsError> {
    let from: usize = match &input.marker {
        None => 0,
        Some(marker) => marker
            .parse()
            .map_err(|_| invalid("The marker is not one of ours"))?,
    };
    let size = input.max_records.unwrap_or(100);
    let left = items.len().saturating_sub(from);
    let mut answer = Map::new();
    if left > size {
        answer.insert("Marker".into(), (from + size).to_string().into());
    }
    answer.insert(
        key.to_owned(),
        items.into_iter().skip(from).take(size).collect(),
    );
    Ok(Value::Object(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [Field<&str>; 1] = [("id", |item| item)];

    fn filter(name: &str, value: &str) -> Filter {
        Filter {
            name: name.into(),
            values: vec![value.into()],
        }
    }

    #[test]
    fn a_filter_without_a_hit_is_resource_not_found() {
        let items = ["a", "b"];
        assert_eq!(
            select(&items, &[filter("id", "b")], &FIELDS).unwrap(),
            [&"b"]
        );
        assert_eq!(
            select(&items, &[filter("id", "c")], &FIELDS)
                .unwrap_err()
                .code,
            "ResourceNotFoundFault"
        );
        assert_eq!(
            select(&items, &[filter("no", "c")], &FIELDS)
                .unwrap_err()
                .code,
            "InvalidParameterValueException"
        );
        assert!(select(&[], &[], &FIELDS).unwrap().is_empty());
    }

    #[test]
    fn pages_follow_each_other_until_the_last_has_no_marker() {
        let items = || vec![1.into(), 2.into(), 3.into()];
        let mut input = Describe {
            max_records: Some(2),
            ..Describe::default()
        };
        let first = page("Items", items(), &input).unwrap();
        assert_eq!(first["Items"], serde_json::json!([1, 2]));
        input.marker = first["Marker"].as_str().map(str::to_owned);
        assert_eq!(
            page("Items", items(), &input).unwrap(),
            serde_json::json!({"Items": [3]})
        );
    }
}
