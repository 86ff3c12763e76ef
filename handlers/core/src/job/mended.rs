//! Texts that named an old schema and were rewritten: the list by which that can be undone, should the restored schema get the
//! old name later.

use serde::{Deserialize, Serialize};

/// A text of an object that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mended {
    /// `function body`, `function setting`, `function argument default`, `default`, `constraint`, `view definition`, `policy`,
    /// `rule`, `trigger` and whatever else PostgreSQL keeps parsed.
    pub what: String,
    /// The object, quoted as PostgreSQL would; with its name where the text isn't the object itself.
    pub object: String,
    /// Which text of the object, if it may have several: a setting's name, or `using` or `with check`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Where, in the text as it is under the restored name, in order.
    pub places: Vec<MendedPlace>,
}

/// One name in a rewritten text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MendedPlace {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The schema's old name.
    pub from: String,
    /// The name that stands there now.
    pub to: String,
    /// What stood there, as it was spelled; empty in a result of an earlier version.
    #[serde(default)]
    pub old_text: String,
    /// What stands there now, as it is spelled.
    #[serde(default)]
    pub new_text: String,
}

impl Mended {
    /// The text as it was, of the text as it is now. `None` if something else stands at one of the places: somebody has
    /// changed it since.
    pub fn undone(&self, text: &str) -> Option<String> {
        let mut undone = String::new();
        let mut copied = 0;
        for place in &self.places {
            let start = byte_at(text, place.line, place.column)?;
            text.get(start..)?.strip_prefix(&place.new_text)?;
            undone.push_str(text.get(copied..start)?);
            undone.push_str(&place.old_text);
            copied = start + place.new_text.len();
        }
        undone.push_str(text.get(copied..)?);
        Some(undone)
    }
}

fn byte_at(text: &str, line: usize, column: usize) -> Option<usize> {
    let before: usize = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let characters = text.get(before..)?.char_indices().map(|(at, _)| at);
    let end = text.len() - before;
    characters
        .chain([end])
        .nth(column - 1)
        .map(|within| before + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: usize, column: usize, old_text: &str, new_text: &str) -> MendedPlace {
        MendedPlace {
            line,
            column,
            from: "acme".to_owned(),
            to: "acme_r".to_owned(),
            old_text: old_text.to_owned(),
            new_text: new_text.to_owned(),
        }
    }

    fn mended(places: Vec<MendedPlace>) -> Mended {
        Mended {
            what: "function body".to_owned(),
            object: "acme_r.f()".to_owned(),
            part: None,
            places,
        }
    }

    #[test]
    fn every_place_gets_back_what_stood_there_and_all_else_stays() {
        let list = mended(vec![
            place(1, 10, "ACME", "acme_r"),
            place(3, 3, "\"acme\"", "acme_r"),
            place(3, 12, "acme", "acme_r"),
        ]);
        let now = "é from x acme_r.t\n\n  acme_r.u acme_r";
        assert_eq!(
            list.undone(now).as_deref(),
            Some("é from x ACME.t\n\n  \"acme\".u acme")
        );
    }

    #[test]
    fn a_text_that_has_changed_is_left_alone() {
        let list = mended(vec![place(2, 1, "acme", "acme_r")]);
        for text in ["acme_r", "x\nacme.t", "x\n", "", "x\n acme_r"] {
            assert_eq!(list.undone(text), None, "{text:?}");
        }
    }
}
