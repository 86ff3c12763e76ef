//! Reports text in the restored schemas that still names an old schema.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Remark;
use tokio_postgres::{Client, Row};

use crate::context::Context;
use crate::failed::OrCause as _;
use crate::text_references::{Certainty, Mention, in_other_language, in_setting, in_sql};

/// Remark of a function or procedure that names an old schema.
pub const FUNCTION_NAMES_OLD_SCHEMA: &str = "FunctionNamesOldSchema";
/// Remark of another object whose definition names an old schema as text.
pub const TEXT_NAMES_OLD_SCHEMA: &str = "TextNamesOldSchema";

/// Adds a remark for each object and old schema that its text names.
pub(super) async fn report(client: &Client, context: &mut Context) -> Result<(), Cause> {
    let restored: Vec<&str> = context
        .job
        .schemas
        .iter()
        .map(|name| name.restored_as.as_str())
        .collect();
    let doing = || "read the definitions in the temporary database";
    let rows = client
        .query(include_str!("texts.sql"), &[&restored])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let mut found = Vec::new();
    for row in &rows {
        let text = StoredText::read(row).or_cause(ErrorKind::ExtractFailed, doing)?;
        found.extend(
            context
                .job
                .schemas
                .iter()
                .flat_map(|name| text.remarks(&name.schema, &name.restored_as)),
        );
    }
    context.remarks.extend(found);
    Ok(())
}

/// A text in the catalog.
struct StoredText<'a> {
    /// `function body`, `function setting`, `default` …
    what: &'a str,
    object: &'a str,
    language: &'a str,
    text: &'a str,
    /// What else a schema's name may stand for in the text.
    names: Vec<String>,
}

impl<'a> StoredText<'a> {
    fn read(row: &'a Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            what: row.try_get("what")?,
            object: row.try_get("object")?,
            language: row.try_get("language")?,
            text: row.try_get("text")?,
            names: row.try_get::<_, Option<_>>("names")?.unwrap_or_default(),
        })
    }

    /// One remark for the places that surely mean the schema, one for those that may.
    fn remarks(&self, schema: &str, restored_as: &str) -> Vec<Remark> {
        let function = self.what.starts_with("function");
        let code = if function {
            FUNCTION_NAMES_OLD_SCHEMA
        } else {
            TEXT_NAMES_OLD_SCHEMA
        };
        if self.what == "function setting" {
            let names = in_setting(self.text, schema);
            let message = format!(
                "its setting names schema {schema:?}; restored as {restored_as:?} it uses the live one"
            );
            let remark = Remark {
                code: code.to_owned(),
                object: self.object.to_owned(),
                message,
            };
            return names.then_some(remark).into_iter().collect();
        }
        let mentions = match self.language {
            "sql" | "plpgsql" => {
                let bound_outside = self.names.iter().any(|name| name == schema);
                in_sql(self.text, schema, bound_outside)
            }
            _ => in_other_language(self.text, schema),
        };
        let remark = |certainty: Certainty| {
            let places = places(&mentions, certainty)?;
            let message = match certainty {
                Certainty::Named => format!(
                    "the {} names schema {schema:?} at {places}; restored as {restored_as:?} it uses the live one",
                    self.what
                ),
                Certainty::Possible => format!(
                    "the {} holds {schema:?} at {places}, possibly as the schema's name; then it uses the live one",
                    self.what
                ),
            };
            Some(Remark {
                code: code.to_owned(),
                object: self.object.to_owned(),
                message,
            })
        };
        [Certainty::Named, Certainty::Possible]
            .into_iter()
            .filter_map(remark)
            .collect()
    }
}

/// `line 3, column 14; line 5, column 2`.
fn places(mentions: &[Mention], certainty: Certainty) -> Option<String> {
    let places: Vec<String> = mentions
        .iter()
        .filter(|mention| mention.certainty == certainty)
        .map(|mention| format!("line {}, column {}", mention.line, mention.column))
        .collect();
    (!places.is_empty()).then(|| places.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> StoredText<'_> {
        StoredText {
            what: "function body",
            object: "acme_r.f()",
            language: "plpgsql",
            text,
            names: vec!["f".to_owned()],
        }
    }

    #[test]
    fn a_remark_gives_object_and_every_place_apart_by_certainty() {
        let remarks = body("begin\n update acme.t set x = 1;\n execute 'drop table acme.u';\n delete from acme.v;\nend")
            .remarks("acme", "acme_r");
        assert_eq!(remarks.len(), 2);
        assert!(
            remarks
                .iter()
                .all(|remark| remark.code == FUNCTION_NAMES_OLD_SCHEMA)
        );
        assert!(
            remarks[0]
                .message
                .contains("line 2, column 9; line 4, column 14"),
            "{}",
            remarks[0].message
        );
        assert!(
            remarks[1].message.contains("possibly")
                && remarks[1].message.contains("line 3, column 10")
        );
    }

    #[test]
    fn text_without_the_name_gives_no_remark() {
        assert_eq!(body("select * from acme_r.t").remarks("acme", "acme_r"), []);
    }
}
