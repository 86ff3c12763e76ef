//! The AWS Query protocol: form fields in, XML out.

use std::collections::BTreeSet;
use std::fmt;

use quick_xml::escape::escape;

/// The XML namespace of RDS answers (RDS API reference, version 2014-10-31).
pub const RDS_NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

/// The fields of a form POST, in the order they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// Decodes an `application/x-www-form-urlencoded` body.
    pub fn decode(body: &[u8]) -> Self {
        Self {
            fields: form_urlencoded::parse(body).into_owned().collect(),
        }
    }

    /// The value of a field, if it was sent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The values of a list, whichever way its items are named: `Name.member.N`, `Name.<item>.N` or `Name.N`.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.item_prefixes(name)
            .iter()
            .filter_map(|prefix| self.get(prefix))
            .collect()
    }

    /// The structures of a list (`Tags.Tag.N.Key`), each as a form of its own fields.
    pub fn structures(&self, name: &str) -> Vec<Form> {
        self.item_prefixes(name)
            .iter()
            .map(|prefix| self.below(prefix))
            .collect()
    }

    /// The fields of a structure, without its name in front.
    pub fn below(&self, name: &str) -> Form {
        let prefix = format!("{name}.");
        let strip = |(key, value): &(String, String)| {
            key.strip_prefix(&prefix)
                .map(|rest| (rest.to_owned(), value.clone()))
        };
        Form {
            fields: self.fields.iter().filter_map(strip).collect(),
        }
    }

    fn item_prefixes(&self, name: &str) -> Vec<String> {
        let items: BTreeSet<(usize, String)> = self
            .fields
            .iter()
            .filter_map(|(key, _)| item_prefix(key, name))
            .collect();
        items.into_iter().map(|(_, prefix)| prefix).collect()
    }
}

/// The number and the full prefix of the list item that a field belongs to.
fn item_prefix(key: &str, list: &str) -> Option<(usize, String)> {
    let rest = key.strip_prefix(list)?.strip_prefix('.')?;
    let mut prefix = list.to_owned();
    for part in rest.split('.').take(2) {
        prefix = format!("{prefix}.{part}");
        if let Ok(number) = part.parse() {
            return Some((number, prefix));
        }
    }
    None
}

/// An element of an XML answer. `to_string` renders it, escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xml {
    name: String,
    attributes: Vec<(String, String)>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    Children(Vec<Xml>),
}

impl Xml {
    /// An element with text inside.
    pub fn text(name: &str, text: impl fmt::Display) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            content: Content::Text(text.to_string()),
        }
    }

    /// An element for other elements, empty at first.
    pub fn parent(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            content: Content::Children(Vec::new()),
        }
    }

    /// An element holding one element per item.
    pub fn list(name: &str, items: impl IntoIterator<Item = Xml>) -> Self {
        items.into_iter().fold(Self::parent(name), Self::child)
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an element inside. An element with text has its text replaced.
    #[must_use]
    pub fn child(mut self, child: Xml) -> Self {
        match &mut self.content {
            Content::Children(children) => children.push(child),
            Content::Text(_) => self.content = Content::Children(vec![child]),
        }
        self
    }

    /// Adds an element with text inside, if there is a text.
    #[must_use]
    pub fn optional(self, name: &str, text: Option<impl fmt::Display>) -> Self {
        match text {
            Some(text) => self.child(Xml::text(name, text)),
            None => self,
        }
    }
}

impl fmt::Display for Xml {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(out, " {name}=\"{}\"", escape(value.as_str()))?;
        }
        out.write_str(">")?;
        match &self.content {
            Content::Text(text) => write!(out, "{}", escape(text.as_str()))?,
            Content::Children(children) => children
                .iter()
                .try_for_each(|child| write!(out, "{child}"))?,
        }
        write!(out, "</{}>", self.name)
    }
}

/// Wraps the content of `<action>Result` as RDS answers do. Operations without a result pass `None`.
pub fn answer(action: &str, result: Option<Xml>, request_id: &str) -> Xml {
    let response = Xml::parent(&format!("{action}Response")).attribute("xmlns", RDS_NAMESPACE);
    let response = match result {
        Some(result) => response.child(result),
        None => response,
    };
    response.child(Xml::parent("ResponseMetadata").child(Xml::text("RequestId", request_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whatever_its_items_are_called() {
        for body in [
            "Ids.member.2=b&Ids.member.1=a",
            "Ids.Id.1=a&Ids.Id.2=b",
            "Ids.1=a&Ids.2=b",
        ] {
            assert_eq!(
                Form::decode(body.as_bytes()).list("Ids"),
                ["a", "b"],
                "{body}"
            );
        }
    }

    #[test]
    fn list_items_keep_their_numbers_order_beyond_nine() {
        let body: Vec<String> = (1..=11).map(|n| format!("L.member.{n}=v{n}")).collect();
        let form = Form::decode(body.join("&").as_bytes());
        assert_eq!(form.list("L").last(), Some(&"v11"));
    }

    #[test]
    fn a_structure_in_a_list_has_its_own_fields() {
        let form = Form::decode(b"Tags.Tag.1.Key=k&Tags.Tag.1.Value=a+b%2Fc");
        let tags = form.structures("Tags");
        assert_eq!(
            (tags[0].get("Key"), tags[0].get("Value")),
            (Some("k"), Some("a b/c"))
        );
    }

    #[test]
    fn another_list_with_the_same_beginning_is_not_read() {
        assert!(Form::decode(b"IdsOther.member.1=a").list("Ids").is_empty());
    }

    #[test]
    fn an_answer_names_action_and_request() {
        let xml = answer("Stop", Some(Xml::parent("StopResult")), "r1").to_string();
        assert!(xml.starts_with("<StopResponse xmlns="), "{xml}");
        assert!(
            xml.ends_with(
                "<ResponseMetadata><RequestId>r1</RequestId></ResponseMetadata></StopResponse>"
            ),
            "{xml}"
        );
    }
}
