//! What the pipeline really says, held against the JSON Schemas that it publishes for other languages.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tenant_restore_tests::subscriber::Event;
use tenant_restore_tests::{Context, Result};

/// How the details of these events break their published schemas, one sentence per breach.
pub fn breaches(events: &[Event]) -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events-schema/schemas");
    let mut breaches = Vec::new();
    for event in events {
        let path = folder.join(format!("{}.json", event.detail_type));
        let doing = || format!("read the schema {}", path.display());
        let schema: Value =
            serde_json::from_slice(&fs::read(&path).context(doing())?).context(doing())?;
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .context(doing())?;
        let told = validator.iter_errors(&event.detail);
        breaches.extend(told.map(|error| {
            format!(
                "{} at {}: {error}",
                event.detail_type,
                error.instance_path()
            )
        }));
    }
    Ok(breaches)
}
