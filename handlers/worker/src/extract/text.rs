//! Text in the restored schemas that names an old schema: what PostgreSQL writes out is mended in the archive, where a literal
//! surely is a name; everything else that may name one is reported.
//!
//! The archive is replayed by the login role. To set an expression anew in the temporary database would have PostgreSQL read the
//! constants in it, and evaluate the checks of domains among them, as the master.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Mended, Remark};
use tokio_postgres::{Client, Row};

use super::mend::{mended, renamed};
use crate::archive::Archive;
use crate::context::Context;
use crate::failed::OrCause as _;
use crate::text_references::{
    Certainty, Mention, Renamed, in_other_language, in_setting, in_sql, rewrite_literals,
};

/// Remark of a function or procedure that names an old schema.
pub const FUNCTION_NAMES_OLD_SCHEMA: &str = "FunctionNamesOldSchema";
/// Remark of another object whose definition names an old schema as text.
pub const TEXT_NAMES_OLD_SCHEMA: &str = "TextNamesOldSchema";

/// Mends the literals of the archive's entries, as [`Spelling`](super::extensions::Spelling) does what is compared with them.
pub(super) async fn mend_archive(
    client: &Client,
    context: &Context,
    archive: &mut Archive,
) -> Result<(), Cause> {
    let renamed = renamed(client, &context.job.schemas).await?;
    for entry in &mut archive.entries {
        if let Some(new) = rewrite_literals(&entry.sql, &renamed) {
            entry.sql = new.text;
        }
    }
    Ok(())
}

/// Adds a remark for each object and old schema that its text names still, and answers what is mended in the archive.
pub(super) async fn report(client: &Client, context: &mut Context) -> Result<Vec<Mended>, Cause> {
    let restored: Vec<&str> = context
        .job
        .schemas
        .iter()
        .map(|name| name.restored_as.as_str())
        .collect();
    let renamed = renamed(client, &context.job.schemas).await?;
    let doing = || "read the definitions in the temporary database";
    let rows = client
        .query(include_str!("texts.sql"), &[&restored])
        .await
        .or_cause(ErrorKind::ExtractFailed, doing)?;
    let mut mended = Vec::new();
    for row in &rows {
        let mut text = StoredText::read(row).or_cause(ErrorKind::ExtractFailed, doing)?;
        mended.extend(text.mend(&renamed));
        let remarks = context
            .job
            .schemas
            .iter()
            .flat_map(|name| text.remarks(&name.schema, &name.restored_as));
        context.remarks.extend(remarks.collect::<Vec<_>>());
    }
    Ok(mended)
}

/// A text in the catalog.
struct StoredText<'a> {
    /// `function body`, `function setting`, `default` …
    what: &'a str,
    object: &'a str,
    /// Tells the texts of one object apart.
    part: Option<String>,
    language: &'a str,
    /// Whether PostgreSQL keeps it parsed, and has written it out.
    parsed: bool,
    text: String,
    /// What else a schema's name may stand for in the text.
    names: Vec<String>,
}

impl<'a> StoredText<'a> {
    fn read(row: &'a Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            what: row.try_get("what")?,
            object: row.try_get("object")?,
            part: row.try_get("part")?,
            language: row.try_get("language")?,
            parsed: row.try_get("parsed")?,
            text: row.try_get("text")?,
            names: row.try_get::<_, Option<_>>("names")?.unwrap_or_default(),
        })
    }

    /// Makes it what it is in the mended archive.
    fn mend(&mut self, renamed: &[Renamed]) -> Option<Mended> {
        if !self.parsed {
            return None;
        }
        let new = rewrite_literals(&self.text, renamed)?;
        self.text = new.text;
        Some(Mended {
            part: self.part.clone(),
            ..mended(self.what, self.object, new.places)
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
            let names = in_setting(&self.text, schema);
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
                in_sql(&self.text, schema, bound_outside)
            }
            _ => in_other_language(&self.text, schema),
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
            part: None,
            language: "plpgsql",
            parsed: false,
            text: text.to_owned(),
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
    fn a_sure_literal_in_what_postgresql_writes_out_is_mended_and_no_remark() {
        let renamed = [Renamed {
            from: "acme".to_owned(),
            to: "acme_r".to_owned(),
            identifier: "acme_r".to_owned(),
        }];
        let expression = "nextval('acme.s'::regclass) || 'acme.t'";
        let mut check = StoredText {
            what: "constraint",
            parsed: true,
            ..body(expression)
        };
        let mended = check.mend(&renamed).unwrap();
        assert_eq!(mended.places.len(), 1);
        assert_eq!(check.text, "nextval('acme_r.s'::regclass) || 'acme.t'");
        assert_eq!(mended.undone(&check.text).as_deref(), Some(expression));
        let remarks = check.remarks("acme", "acme_r");
        assert!(
            matches!(remarks.as_slice(), [one] if one.message.contains("line 1, column 34")),
            "{remarks:?}"
        );
        assert_eq!(body(expression).mend(&renamed), None);
    }

    #[test]
    fn text_without_the_name_gives_no_remark() {
        assert_eq!(body("select * from acme_r.t").remarks("acme", "acme_r"), []);
    }
}
