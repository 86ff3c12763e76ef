//! Reports what outside of the schemas leads back into them: a restored view that reads a shared one over the tenant's tables, a
//! restored trigger whose shared function writes to them. What is outside stays as it is, so there the live schema is meant.

use std::collections::BTreeMap;

use tenant_restore_core::error::{Cause, ErrorKind};
use tokio_postgres::{Client, Row};

use crate::context::Context;
use crate::failed::OrCause as _;
use crate::text_references::{in_other_language, in_setting, in_sql};

/// Remark of a restored object whose way through others ends in the live schema.
pub const LEADS_TO_LIVE: &str = "LeadsToLive";

/// Adds a remark for each object in the schemas and what it uses outside.
pub(super) async fn report(
    client: &Client,
    restored: &[&str],
    context: &mut Context,
) -> Result<(), Cause> {
    let sql = concat!(
        include_str!("../production/located.sql"),
        include_str!("leading_back.sql")
    );
    let rows = client.query(sql, &[&restored]).await.or_cause(
        ErrorKind::ExtractFailed,
        || "look for what leads back into the schemas",
    )?;
    let schemas = &context.job.schemas;
    let names: Vec<&str> = schemas.iter().map(|name| name.schema.as_str()).collect();
    let mut found = BTreeMap::new();
    for row in &rows {
        if let Some(why) = why(row, &names) {
            let key: (String, String) = (row.get("object"), row.get("used"));
            found.entry(key).or_insert(why);
        }
    }
    for ((object, used), why) in found {
        let message = format!("it uses {used}, {why}; so it works on live data there");
        context.remark(LEADS_TO_LIVE, object, message);
    }
    Ok(())
}

/// How this row leads back, if it does.
fn why(row: &Row, schemas: &[&str]) -> Option<String> {
    let Some(routine) = row.get::<_, Option<&str>>("routine") else {
        return Some("which needs objects of the live schema".to_owned());
    };
    let (language, body): (&str, &str) = (row.get("language"), row.get("body"));
    let settings: Vec<&str> = row.get("settings");
    let named = schemas
        .iter()
        .find(|schema| names(schema, language, body, &settings))?;
    Some(format!(
        "and the text of {routine} names schema {named:?} or may"
    ))
}

fn names(schema: &str, language: &str, body: &str, settings: &[&str]) -> bool {
    let mentions = match language {
        "sql" | "plpgsql" => in_sql(body, schema, false),
        _ => in_other_language(body, schema),
    };
    !mentions.is_empty() || settings.iter().any(|setting| in_setting(setting, schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_or_a_setting_names_the_schema() {
        assert!(names("acme", "sql", "select * from acme.t", &[]));
        assert!(names("acme", "plperl", "spi('select * from acme.t')", &[]));
        assert!(names("acme", "sql", "select 1", &["search_path=acme"]));
        assert!(!names("acme", "sql", "select * from t", &["work_mem=1MB"]));
    }
}
