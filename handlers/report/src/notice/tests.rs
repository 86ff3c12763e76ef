//! Each kind of outcome is held against a text file, which whoever changes the words reads as it arrives.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::page::tests::samples;

const MOST_BYTES: usize = 256 << 10;

fn report(value: &Value) -> Report {
    serde_json::from_value(value.clone()).unwrap()
}

fn named(sample: &Value) -> Value {
    let text = serde_json::to_string(sample).unwrap();
    let mut value: Value = serde_json::from_str(&text.replace("FREE", "acme")).unwrap();
    let schemas = ["acme", "initech"]
        .map(|name| json!({"schema": name, "restoredAs": format!("{name}_20240128143000")}));
    let told = [
        ("database", json!("tenants")),
        ("source", json!("production")),
        ("schemas", json!(schemas)),
        (
            "report",
            json!("s3://bucket/audit/mfrggzdfmztw/1/report.json"),
        ),
        (
            "reportPage",
            json!("s3://bucket/audit/mfrggzdfmztw/1/report.html"),
        ),
    ];
    for (field, told) in told {
        value["outcome"][field] = told;
    }
    value
}

/// The e-mail of a message, if it has one.
fn mail(message: &Message) -> Option<String> {
    let protocols: Value = serde_json::from_str(&message.text).unwrap();
    Some(protocols["email"].as_str()?.to_owned())
}

fn detail(report: &Report) -> String {
    serde_json::to_string(&report.outcome).unwrap()
}

fn text(value: &Value) -> String {
    let report = report(value);
    mail(&Notice::of(&report).message(&detail(&report))).unwrap()
}

/// `WRITE_NOTICES=1` writes the files anew; read what changed in them.
fn hold_against(name: &str, value: &Value) {
    let found = format!(
        "Subject: {}\n\n{}",
        Notice::of(&report(value)).subject,
        text(value)
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/notice/tests/{name}.txt"));
    if std::env::var_os("WRITE_NOTICES").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert_eq!(found, expected, "{}", path.display());
}

#[test]
fn a_completed_restore_names_what_may_act_on_live_data_before_all_else() {
    let completed = named(&samples::completed());
    hold_against("completed-with-remarks", &completed);
    let text = text(&completed);
    let first = text.split("What to do next\n").nth(1).unwrap();
    assert!(
        first.starts_with("  1. Before anything of the restored schemas runs"),
        "{first}"
    );
}

#[test]
fn a_completed_restore_without_a_remark_says_how_to_look_at_it_and_how_to_drop_it() {
    let mut completed = named(&samples::completed());
    completed["jobs"][0]["remarks"] = json!([]);
    completed["jobs"][0]["extract"]["mended"] = json!([]);
    hold_against("completed", &completed);
}

#[test]
fn a_failure_begins_with_its_causes_and_their_remedies_and_names_what_is_left_with_its_cost() {
    let mut failed = named(&samples::failed());
    failed["outcome"]["causes"] = json!([
        {"kind": "ValidationMismatch", "message": "table orders has 2 rows\ninstead of 3", "remedy": "Read the report."},
        {"kind": "DeleteFailed", "message": "Database tr-main-x is still there", "remedy": "Delete it by hand."},
    ]);
    let cost =
        json!({"size": "db.t4g.medium, 20 GB", "hourly": 72_000, "list": "eu-west-3, May 2026"});
    let left = json!({
        "kind": "database", "name": "tr-main-x", "notedAt": "2024-01-29T08:00:10Z", "owned": true, "confirmed": true,
        "deletionAnnounced": false, "goneAt": null, "cost": cost,
    });
    failed["resources"].as_array_mut().unwrap().push(left);
    hold_against("failed-with-leftovers", &failed);
    let text = text(&failed);
    assert!(text.find("Remedy:").unwrap() < text.find("What to do next").unwrap());
}

#[test]
fn a_failure_that_left_nothing_says_so_and_how_to_try_again() {
    let mut failed = named(&samples::failed());
    failed["opened"] = json!(false);
    failed["failedIn"] = json!("provision");
    failed["jobs"] = json!([]);
    failed["resources"] = json!([]);
    failed["outcome"]["causes"] = json!([{
        "kind": "NoCapacity", "message": "no zone has room for db.r6g.large", "remedy": "Name other classes.",
    }]);
    hold_against("failed", &failed);
}

#[test]
fn a_rejection_names_every_wrong_field_with_its_remedy() {
    let mut rejected = named(&samples::rejected());
    rejected["outcome"]["causes"] = json!([
        {"kind": "InvalidRequest", "message": "`schemas[0]` is empty", "remedy": "Correct it.", "field": "schemas[0]"},
        {"kind": "SnapshotUnknown", "message": "there is no snapshot s", "remedy": "Name another.", "field": "snapshotId"},
    ]);
    hold_against("rejected-with-fields", &rejected);
}

#[test]
fn a_refused_request_of_which_little_is_known_has_a_notice_too() {
    let ended = json!({
        "requestId": "4711; rm -rf /", "outcome": "REJECTED", "outcomeId": "o-2", "attempt": 1,
        "startedAt": "2024-01-29T08:00:00Z", "endedAt": "2024-01-29T08:00:00Z",
        "causes": [{"kind": "InvalidRequest", "message": "`database` is missing", "remedy": "Add it.", "field": "database"}],
    });
    let ended: Ended = serde_json::from_value(ended).unwrap();
    let notice = Notice::of_refusal(&ended);
    assert_eq!(
        notice.subject,
        "Tenant restore REJECTED (InvalidRequest): a request"
    );
    let text = mail(&notice.message("{}")).unwrap();
    for told in [
        "1. InvalidRequest (database): `database` is missing",
        "Remedy: Add it.",
        "Request   4711; rm -rf /",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    // What a shell would take apart isn't offered for pasting; there is nothing to replay either.
    assert!(!text.contains("tenant-restore "), "{text}");
    assert!(!text.contains("replay"), "{text}");
}

#[test]
fn no_name_and_no_message_passes_for_a_heading_a_line_or_a_subject_of_ours() {
    let (headings, long) = (["Why", "More"], "b".repeat(300));
    for hostile in [
        "a\nMore\n  evil",
        "a\r\n\r\nWhy",
        "a\u{2028}Why\u{85}",
        "a\u{0}\u{1b}[2J\u{202e}",
        &long,
    ] {
        let swap = |value: &Value| {
            let escaped = serde_json::to_string(hostile).unwrap();
            let text = serde_json::to_string(value).unwrap();
            serde_json::from_str::<Value>(&text.replace("FREE", escaped.trim_matches('"'))).unwrap()
        };
        for sample in [samples::completed(), samples::failed(), samples::rejected()] {
            let text = text(&swap(&sample));
            for heading in headings {
                let ours = text.lines().filter(|line| *line == heading).count();
                assert!(ours <= 1, "{hostile:?}: {text}");
            }
            let plain = |letter: char| letter == '\n' || !letter.is_control();
            assert!(text.chars().all(plain), "{hostile:?}: {text:?}");
            let subject = Notice::of(&report(&swap(&sample))).subject;
            assert!(
                subject.len() < 100 && subject.starts_with("Tenant restore "),
                "{subject}"
            );
            assert!(
                subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{subject}"
            );
        }
    }
}

#[test]
fn the_e_mail_has_no_text_of_the_databases_objects() {
    let mut completed = named(&samples::completed());
    completed["jobs"][0]["remarks"][0]["message"] = json!("line 3: select 'sesame'");
    completed["jobs"][0]["extract"]["mended"][0]["places"][0]["oldText"] = json!("sesame");
    completed["jobs"][0]["validate"]["differences"] = json!(["sesame"]);
    assert!(!text(&completed).contains("sesame"));
}

#[test]
fn all_schemas_of_the_largest_request_are_named() {
    let mut completed = named(&samples::completed());
    let schemas = (0..90)
        .map(|at| json!({"schema": format!("{at:0>63}"), "restoredAs": format!("{at:0>62}r")}));
    completed["outcome"]["schemas"] = schemas.collect();
    let text = text(&completed);
    for at in 0..90 {
        assert!(
            text.contains(&format!("  {at:0>63} -> {at:0>62}r: open")),
            "{at}"
        );
    }
    assert!(!text.contains("[Shortened"));
    assert!(
        text.contains("\"; cascade;") || text.contains("-- and so on for 85 more"),
        "{text}"
    );
}

/// The longest outcome that the core lets through: twenty causes of 2,000 bytes and 90 schemas of one letter that JSON writes
/// as six, and such a message of this length.
fn huge(bytes: usize, letter: char) -> Value {
    let mut failed = named(&samples::failed());
    let schemas =
        (0..90).map(|_| json!({"schema": letter.to_string().repeat(63), "restoredAs": "x"}));
    failed["outcome"]["schemas"] = schemas.collect();
    let cause =
        json!({"kind": "Internal", "message": letter.to_string().repeat(bytes), "remedy": "r"});
    failed["outcome"]["causes"] = json!([cause]);
    failed
}

#[test]
fn a_long_text_is_shortened_and_says_so_and_the_outcome_is_never_cut() {
    for (bytes, letter) in [
        (40_000, 'm'),
        (20_000, '\u{1}'),
        (50_000, '"'),
        (200_000, 'm'),
    ] {
        let report = report(&huge(bytes, letter));
        let detail = detail(&report);
        let message = Notice::of(&report).message(&detail);
        assert!(
            message.text.len() < MOST_BYTES,
            "{} bytes",
            message.text.len()
        );
        assert_eq!(message.structure, Some("json"), "{bytes} of {letter:?}");
        let protocols: Value = serde_json::from_str(&message.text).unwrap();
        assert_eq!(protocols["default"], detail);
        let text = mail(&message).unwrap();
        assert!(
            text.starts_with("FAILED: 90 schemas of tenants on production."),
            "{text}"
        );
        assert!(text.contains("[Shortened: the report"), "{text}");
        assert!(
            text.ends_with("Outcome o-1 (the same if this mail comes twice)\n"),
            "{text}"
        );
        assert!(text.contains("  tenant-restore status mfrggzdfmztw --log\n"));
    }
}

#[test]
fn an_outcome_that_leaves_no_room_for_a_text_goes_to_all_as_it_is() {
    // Written once it fits; quoted again, as the value of a protocol, it doesn't.
    let report = report(&huge(70_000, '"'));
    let detail = detail(&report);
    assert!(detail.len() < MOST_BYTES);
    let message = Notice::of(&report).message(&detail);
    assert_eq!(
        message,
        Message {
            text: detail,
            structure: None
        }
    );
}
