//! The outcome of a request that never became a restore.

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_events::outgoing::{self, Ended, Outcome, RestoredSchema, Subject};

use super::outcome::{clipped, outgoing_cause, shortened};
use crate::error::Cause;
use crate::naming::digest_text;
use crate::request::MAX_SCHEMAS;

/// What a request said is told as far as event and notice can hold it (EventBridge and SNS: 256 KB), were every byte of it
/// written as six: a valid name has 63 bytes, a valid source 1024.
const MOST_NAME_BYTES: usize = 128;
const MOST_TEXT_BYTES: usize = 1024;
/// As JSON: room for a cause of every field and every schema.
const MOST_CAUSE_BYTES: usize = 96 << 10;

/// The outcome of a request that is refused. Its id is that of the request and of what is wrong with it: a repetition is
/// answered by the same outcome, until another thing is wrong. Messages don't count: one event may be delivered twice, and
/// some of them tell the time.
pub fn rejection(request_id: &str, detail: &Value, causes: &[Cause], now: Timestamp) -> Ended {
    let causes = told(causes);
    let wrong = causes.iter().flat_map(|cause| {
        [
            cause.kind.as_str(),
            cause.field.as_deref().unwrap_or_default(),
        ]
    });
    let wrong: Vec<_> = wrong.collect();
    let detail_text = detail.to_string();
    let outcome_id = id(&[&["rejection", request_id, &detail_text], &wrong[..]].concat());
    refused(request_id, detail, causes, outcome_id, now)
}

/// The outcome of a request that was given up before it became a restore. Its id is that of the message too (a letter keeps
/// the id that it had in its queue): one that is redriven gets a new id, is judged anew, and that answer is another
/// outcome.
pub fn given_up(
    request_id: &str,
    detail: &Value,
    message_id: &str,
    cause: &Cause,
    now: Timestamp,
) -> Ended {
    let outcome_id = id(&["given up", request_id, message_id]);
    let causes = told(std::slice::from_ref(cause));
    refused(request_id, detail, causes, outcome_id, now)
}

fn id(texts: &[&str]) -> String {
    digest_text(texts)[..26].to_owned()
}

fn refused(
    request_id: &str,
    detail: &Value,
    causes: Vec<outgoing::Cause>,
    outcome_id: String,
    now: Timestamp,
) -> Ended {
    let given = |field: &str| detail.get(field).and_then(Value::as_str);
    let text = |field: &str| given(field).map(|text| clipped(text, MOST_TEXT_BYTES));
    let names = detail.get("schemas").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let schemas = names.take(MAX_SCHEMAS).map(|schema| RestoredSchema {
        schema: clipped(schema, MOST_NAME_BYTES),
        restored_as: None,
    });
    Ended {
        subject: Subject {
            restore_id: None,
            request_id: request_id.to_owned(),
            source: text("source"),
            target: text("target"),
            database: text("database"),
            schemas: schemas.collect(),
            snapshot_id: text("snapshotId"),
        },
        outcome: Outcome::Rejected,
        outcome_id,
        attempt: 1,
        restore_point: given("restoreTime").and_then(|text| text.parse().ok()),
        started_at: now,
        ended_at: now,
        causes,
        report: None,
        report_page: None,
    }
}

/// The causes as subscribers read them, as many as there is room for; the last one tells how many there are besides.
fn told(causes: &[Cause]) -> Vec<outgoing::Cause> {
    let mut room = MOST_CAUSE_BYTES;
    let fitting = causes.iter().map_while(|cause| {
        let mut cause = outgoing_cause(&shortened(cause.clone()));
        cause.field = cause.field.map(|field| clipped(&field, MOST_NAME_BYTES));
        room = room.checked_sub(serde_json::to_string(&cause).map_or(0, |json| json.len()))?;
        Some(cause)
    });
    let mut fitting: Vec<_> = fitting.collect();
    let left_out = causes.len() - fitting.len();
    if left_out > 0
        && let Some(last) = fitting.last_mut()
    {
        last.message = format!("{} (and {left_out} more problems)", last.message);
    }
    fitting
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    /// What EventBridge takes in one entry, and SNS in one message.
    const MOST_BYTES: usize = 256 << 10;

    fn rejected(detail: &Value, causes: &[Cause]) -> Ended {
        rejection("ticket-1", detail, causes, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_repeated_rejection_is_the_same_outcome_and_another_reason_another_one() {
        let detail = json!({"database": "shop"});
        let claimed = [Cause::new(ErrorKind::TargetClaimed, "b claims it")];
        let first = rejected(&detail, &claimed);
        assert_eq!(first.outcome_id, rejected(&detail, &claimed).outcome_id);
        let later = [Cause::new(
            ErrorKind::TargetClaimed,
            "b claims it since 12:01",
        )];
        assert_eq!(first.outcome_id, rejected(&detail, &later).outcome_id);
        for other in [
            Cause::new(ErrorKind::TargetClaimed, "b claims it").at("suffix"),
            Cause::new(ErrorKind::AccessDenied, "b claims it"),
        ] {
            assert_ne!(first.outcome_id, rejected(&detail, &[other]).outcome_id);
        }
        let other = rejected(&json!({"database": "store"}), &claimed);
        assert_ne!(first.outcome_id, other.outcome_id);
    }

    #[test]
    fn a_letter_has_one_outcome_and_one_that_dies_again_after_it_was_redriven_another_one() {
        let cause = Cause::new(ErrorKind::DeadLetter, "given up");
        let of = |message: &str, second: i64| {
            let now = Timestamp::from_second(second).unwrap();
            given_up("ticket-1", &json!({}), message, &cause, now).outcome_id
        };
        assert_eq!(of("message-1", 1), of("message-1", 2));
        assert_ne!(of("message-1", 1), of("message-2", 2));
    }

    #[test]
    fn whatever_a_request_holds_its_answer_fits_into_an_event() {
        let long = "\u{1}".repeat(200_000);
        let many: Vec<_> = (0..20_000).map(|number| number.to_string()).collect();
        let every = json!({
            "database": long, "source": long, "target": long, "snapshotId": long,
            "schemas": vec![&long[..2_000]; 100]
        });
        for detail in [every, json!({ "schemas": many })] {
            let causes: Vec<_> = many
                .iter()
                .map(|field| Cause::new(ErrorKind::InvalidRequest, &long).at(field))
                .collect();
            let ended = rejected(&detail, &causes);
            let size = serde_json::to_string(&ended).unwrap().len();
            assert!(size < MOST_BYTES, "{size} bytes");
            let last = &ended.causes.last().unwrap().message;
            let told = format!("(and {} more problems)", many.len() - ended.causes.len());
            assert!(last.ends_with(&told), "{last}");
        }
    }

    #[test]
    fn what_is_wrong_with_every_field_and_every_schema_is_told() {
        let causes: Vec<_> = (0..MAX_SCHEMAS + 15)
            .map(|at| {
                let message = format!("`schemas[{at}]`: {:?} is reserved", "s".repeat(63));
                Cause::new(ErrorKind::InvalidRequest, message).at(format!("schemas[{at}]"))
            })
            .collect();
        let told = rejected(&json!({}), &causes).causes;
        assert_eq!(told.len(), causes.len());
        assert!(!told.last().unwrap().message.contains("more"));
    }
}
