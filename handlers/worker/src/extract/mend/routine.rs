//! Routines: what of them is text, and the statement that sets it anew.

use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::Mended;
use tokio_postgres::Row;

use super::{Change, mended};
use crate::names::quote_ident;
use crate::text_references::{Renamed, rewrite, rewrite_setting};

/// A routine as the catalog has it.
pub(super) struct Routine {
    oid: u32,
    object: String,
    names: Vec<String>,
    body: String,
    has_defaults: bool,
    definition: Option<String>,
    settings: Vec<String>,
}

impl Routine {
    pub(super) fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            oid: row.try_get("oid")?,
            object: row.try_get("object")?,
            names: row.try_get("names")?,
            body: row.try_get("body")?,
            has_defaults: row.try_get("has_defaults")?,
            definition: row.try_get("definition")?,
            settings: row.try_get("settings")?,
        })
    }

    pub(super) fn body_change(&self, renamed: &[Renamed]) -> Result<Option<Change>, Cause> {
        let Some(definition) = &self.definition else {
            return Ok(None);
        };
        let Some(new) = rewrite(&self.body, renamed, &self.names) else {
            return Ok(None);
        };
        let statement = with_body(definition, &self.body, &new.text).ok_or_else(|| {
            let message = format!(
                "the definition of {} doesn't end with its body",
                self.object
            );
            Cause::new(ErrorKind::ExtractFailed, message)
        })?;
        Ok(Some(Change {
            mended: mended("function body", &self.object, new.places),
            statement,
            reads_expressions: self.has_defaults.then_some(self.oid),
        }))
    }

    pub(super) fn setting_changes(&self, renamed: &[Renamed]) -> impl Iterator<Item = Change> {
        self.settings.iter().filter_map(|setting| {
            let new = rewrite_setting(setting, renamed)?;
            // A setting's name may have two parts, as in `auto_explain.log_level`.
            let name: Vec<String> = new.name.split('.').map(quote_ident).collect();
            let statement = format!(
                "alter routine {} set {} to {}",
                self.object,
                name.join("."),
                new.value
            );
            Some(Change {
                mended: Mended {
                    part: Some(new.name),
                    ..mended("function setting", &self.object, new.places)
                },
                statement,
                reads_expressions: None,
            })
        })
    }
}

/// The definition with another body. `pg_get_functiondef` ends with the body between two equal dollar quotes.
fn with_body(definition: &str, body: &str, new: &str) -> Option<String> {
    let text = definition.trim_end();
    let quote = &text[text.strip_suffix('$')?.rfind('$')?..];
    let head = text
        .strip_suffix(quote)?
        .strip_suffix(body)?
        .strip_suffix(quote)?;
    let mut quote = quote.to_owned();
    while new.contains(&quote) {
        quote.insert(quote.len() - 1, 'x');
    }
    Some(format!("{head}{quote}{new}{quote}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_body_takes_the_old_ones_place_and_never_ends_its_own_quote() {
        let definition = "CREATE OR REPLACE FUNCTION a.f()\n RETURNS int\nAS $function$select $x$1$x$$function$\n";
        assert_eq!(
            with_body(definition, "select $x$1$x$", "select 2").as_deref(),
            Some("CREATE OR REPLACE FUNCTION a.f()\n RETURNS int\nAS $function$select 2$function$")
        );
        assert_eq!(
            with_body("AS $function$a$function$", "a", "'$function$'").as_deref(),
            Some("AS $functionx$'$function$'$functionx$")
        );
        assert_eq!(with_body("AS $function$a$function$", "b", "c"), None);
    }
}
