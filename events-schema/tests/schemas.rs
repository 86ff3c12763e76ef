//! The schemas on disk are those of the types.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p tenant-restore-events --test schemas` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use tenant_restore_events::schema::{documents, file_name, rendered};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

#[test]
fn every_published_schema_is_the_one_of_its_type() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    let mut stale = Vec::new();
    for document in documents() {
        let path = folder().join(file_name(&document));
        let expected = rendered(&document);
        if update {
            fs::write(&path, &expected).unwrap();
        }
        if fs::read_to_string(&path).ok().as_ref() != Some(&expected) {
            stale.push(document.name);
        }
    }
    assert!(
        stale.is_empty(),
        "out of date: {stale:?}; write them with UPDATE_SCHEMAS=1 cargo test -p tenant-restore-events --test schemas"
    );
}

#[test]
fn no_schema_is_left_of_an_event_that_is_gone() {
    let known: Vec<String> = documents().iter().map(file_name).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "schemas/{name} belongs to no event");
    }
}

#[test]
fn every_published_schema_is_a_valid_schema() {
    for document in documents() {
        assert!(
            jsonschema::meta::is_valid(&document.schema),
            "{}",
            document.name
        );
    }
}
