//! The detail of a `RestoreRequested`, from options and a file.

use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tenant_restore_core::request::{self, Arrival};

use crate::arguments::Request;
use crate::trouble::Trouble;

/// A detail that the pipeline would not reject for its form.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Its request id, given or made here.
    pub request_id: String,
    /// Tells it from another request of the same id.
    pub fingerprint: String,
    fields: Map<String, Value>,
}

impl Detail {
    /// The detail as it is published.
    pub fn json(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }
}

/// Reads the file of `--file`; no file is an empty detail.
///
/// # Errors
/// The file can't be read, or isn't a JSON object.
pub fn read_file(path: Option<&Path>) -> Result<Map<String, Value>, Trouble> {
    let Some(path) = path else {
        return Ok(Map::new());
    };
    let (name, text) = if path == Path::new("-") {
        let mut text = String::new();
        (
            "standard input".to_owned(),
            std::io::stdin().read_to_string(&mut text).map(|_| text),
        )
    } else {
        (path.display().to_string(), std::fs::read_to_string(path))
    };
    let text = text.map_err(|error| {
        Trouble::new(
            format!("Could not read {name}: {error}."),
            "Name a readable file with --file.",
        )
    })?;
    serde_json::from_str(&text).map_err(|error| {
        let remedy =
            "It must hold the event's detail alone, as in events-schema/examples/RestoreRequested.";
        Trouble::new(format!("{name} is not a JSON object: {error}."), remedy)
    })
}

/// Puts options over the file's fields, and checks the whole as the pipeline will: nothing invalid is published.
///
/// # Errors
/// Every problem of the request, in one line.
pub fn build(
    request: &Request,
    file: Map<String, Value>,
    now: Timestamp,
) -> Result<Detail, Trouble> {
    let mut fields = overlay(request, file);
    if !fields.contains_key("requestId") {
        fields.insert("requestId".to_owned(), json!(new_request_id(now)?));
    }
    let arrival = Arrival {
        event_id: "",
        time: now,
        replayed: false,
        now,
        default_source: "",
        snapshot: None,
    };
    let detail = Value::Object(fields.clone());
    match request::check(&detail, &arrival) {
        Ok(()) => Ok(Detail {
            request_id: request::request_id(&detail, ""),
            fingerprint: request::fingerprint(&detail),
            fields,
        }),
        Err(causes) => {
            let problems: Vec<_> = causes.iter().map(|cause| cause.message.as_str()).collect();
            let remedy = "Correct it and request again; nothing was published.";
            Err(Trouble::new(
                format!("The request is invalid: {}.", problems.join("; ")),
                remedy,
            ))
        }
    }
}

fn overlay(request: &Request, mut fields: Map<String, Value>) -> Map<String, Value> {
    if request.restore_time.is_some() || request.snapshot_id.is_some() {
        fields.remove("restoreTime");
        fields.remove("snapshotId");
    }
    if !request.schemas.is_empty() {
        fields.insert("schemas".to_owned(), json!(request.schemas));
    }
    if !request.accept.is_empty() {
        fields.insert("accept".to_owned(), json!(request.accept));
    }
    for (name, value) in [
        ("database", &request.database),
        ("restoreTime", &request.restore_time),
        ("snapshotId", &request.snapshot_id),
        ("source", &request.source),
        ("target", &request.target),
        ("requestId", &request.request_id),
        ("suffix", &request.suffix),
        ("mover", &request.mover),
        ("validate", &request.validate),
        ("onMismatch", &request.on_mismatch),
        ("onFailure", &request.on_failure),
        ("externalForeignKeys", &request.external_foreign_keys),
        ("requestedBy", &request.requested_by),
    ] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    fields
}

/// An id that no other request has: the time for people, 40 random bits for the rest.
fn new_request_id(now: Timestamp) -> Result<String, Trouble> {
    let mut random = [0; 5];
    getrandom::fill(&mut random).map_err(|error| {
        Trouble::new(
            format!("Could not make a request id: {error}."),
            "Give one with --request-id.",
        )
    })?;
    let random = data_encoding::BASE32_NOPAD
        .encode(&random)
        .to_ascii_lowercase();
    Ok(format!("cli-{}-{random}", now.strftime("%Y%m%dT%H%M%SZ")))
}

#[cfg(test)]
mod tests {

    use super::*;

    fn now() -> Timestamp {
        "2024-02-01T08:00:00Z".parse().unwrap()
    }

    fn request() -> Request {
        Request {
            database: Some("tenant_a".into()),
            schemas: vec!["customer_a1".into()],
            restore_time: Some("2024-01-28T14:30:00Z".into()),
            ..Request::default()
        }
    }

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_not_given_is_left_to_the_pipeline() {
        let given = Request {
            request_id: Some("ticket-1".into()),
            ..request()
        };
        let detail = build(&given, Map::new(), now()).unwrap();
        let expected = json!({
            "schemas": ["customer_a1"], "database": "tenant_a", "restoreTime": "2024-01-28T14:30:00Z",
            "requestId": "ticket-1"
        });
        assert_eq!(
            serde_json::from_str::<Value>(&detail.json()).unwrap(),
            expected
        );
    }

    #[test]
    fn a_request_without_id_gets_a_new_one_each_time() {
        let first = build(&request(), Map::new(), now()).unwrap().request_id;
        let second = build(&request(), Map::new(), now()).unwrap().request_id;
        assert!(first.starts_with("cli-20240201T080000Z-"), "{first}");
        assert_ne!(first, second);
    }

    #[test]
    fn options_replace_the_fields_of_the_file() {
        let file = object(
            json!({"database": "other", "schemas": ["x"], "snapshotId": "rds:x", "mover": "copy"}),
        );
        let detail = build(&request(), file, now()).unwrap();
        assert_eq!(detail.fields["database"], "tenant_a");
        assert_eq!(detail.fields["mover"], "copy");
        assert!(!detail.fields.contains_key("snapshotId"));
    }

    #[test]
    fn every_problem_is_named_before_anything_is_published() {
        let bad = Request {
            restore_time: Some("yesterday".into()),
            ..Request::default()
        };
        let file = object(json!({"schemas": [], "color": "red", "database": "d"}));
        let trouble = build(&bad, file, now()).unwrap_err();
        for problem in ["`color`", "`schemas`", "`restoreTime`"] {
            assert!(trouble.what.contains(problem), "{trouble}");
        }
        assert!(trouble.remedy.contains("nothing was published"));
    }

    /// The published examples of requests whose name begins like this.
    fn examples(kind: &str) -> Vec<(String, Map<String, Value>)> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../events-schema/examples/RestoreRequested"
        );
        let paths = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let named =
            paths.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path));
        let chosen = named.filter(|(name, _)| name.starts_with(kind));
        chosen
            .map(|(name, path)| (name, read_file(Some(&path)).unwrap()))
            .collect()
    }

    #[test]
    fn what_the_published_schema_refuses_is_not_published() {
        let invalid = examples("invalid");
        assert!(invalid.len() > 20);
        for (name, example) in invalid {
            assert!(
                build(&Request::default(), example, now()).is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn what_the_published_schema_allows_is_published() {
        let arrival = Arrival {
            event_id: "",
            time: now(),
            replayed: false,
            now: now(),
            default_source: "",
            snapshot: None,
        };
        for (name, example) in examples("valid") {
            let checked = request::check(&Value::Object(example), &arrival);
            assert_eq!(checked, Ok(()), "{name}");
        }
    }
}
