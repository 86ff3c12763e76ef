//! What a letter's body is, which restore it is about, and whose it is.

use serde_json::{Map, Value};
use tenant_restore_core::naming::{self, RestoreId, StartedBy};
use tenant_restore_core::request::{Ask, request_id};
use tenant_restore_events::aws::{dms, ecs::EcsDetail, rds::RdsDetail};
use tenant_restore_events::{Command, Envelope, Phase};

/// The events that the intake reads.
const REQUESTS: [&str; 4] = [
    "RestoreRequested",
    "RestorePlanRequested",
    "RestoreCancelRequested",
    "RestoreReplayRequested",
];

/// A body, as far as it can be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What kind of message it is.
    pub kind: Kind,
    /// The restore that it is about, if it names one.
    pub restore: Option<RestoreId>,
    /// The phase whose handler it is for, if it tells.
    pub recipient: Option<Phase>,
}

/// What kind of message a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A handler's command, or something that claims to be one.
    Command {
        /// Its name.
        name: String,
    },
    /// An event, as EventBridge delivers it.
    Event {
        /// Who sent it.
        source: String,
        /// What kind of event.
        detail_type: String,
    },
    /// Neither.
    Unknown,
}

/// Reads a body. One that can't be read is a letter all the same, of an unknown kind.
pub fn read(body: &str, deployment: &str) -> Content {
    let Ok(Value::Object(fields)) = serde_json::from_str(body) else {
        return unknown();
    };
    if let Some(name) = fields.get("command").and_then(Value::as_str) {
        let name = name.to_owned();
        return command(name, fields);
    }
    match serde_json::from_value::<Envelope<Value>>(Value::Object(fields)) {
        Ok(envelope) => event(&envelope, deployment),
        Err(_) => unknown(),
    }
}

fn unknown() -> Content {
    Content {
        kind: Kind::Unknown,
        restore: None,
        recipient: None,
    }
}

fn command(name: String, fields: Map<String, Value>) -> Content {
    let restore = fields.get("restoreId").and_then(Value::as_str);
    let restore = restore.and_then(RestoreId::parse);
    let command = serde_json::from_value::<Command>(Value::Object(fields)).ok();
    Content {
        kind: Kind::Command { name },
        restore,
        recipient: command.map(|command| command.instruction.recipient()),
    }
}

fn event(envelope: &Envelope<Value>, deployment: &str) -> Content {
    let task = started_by(envelope);
    let is_request =
        REQUESTS.contains(&envelope.detail_type.as_str()) && !envelope.source.starts_with("aws.");
    let restore = match &task {
        Some(task) => Some(task.id.clone()),
        None if is_request => Some(requested(envelope, deployment)),
        None => resource(envelope).and_then(|name| naming_tag(&name)?.restore_of(&name)),
    };
    let recipient = if is_request {
        Some(Phase::Intake)
    } else {
        task.map(|task| task.phase)
    };
    Content {
        kind: Kind::Event {
            source: envelope.source.clone(),
            detail_type: envelope.detail_type.clone(),
        },
        restore,
        recipient,
    }
}

/// The restore that a request opened or would have opened, or that a cancellation or replay names.
fn requested(envelope: &Envelope<Value>, deployment: &str) -> RestoreId {
    let named = envelope.detail.get("restoreId").and_then(Value::as_str);
    named.and_then(RestoreId::parse).unwrap_or_else(|| {
        let ask = Ask::of(&envelope.detail_type).unwrap_or(Ask::Restore);
        ask.id(deployment, &request_id(&envelope.detail, &envelope.id))
    })
}

fn started_by(envelope: &Envelope<Value>) -> Option<StartedBy> {
    if envelope.source != "aws.ecs" {
        return None;
    }
    let detail: EcsDetail = serde_json::from_value(envelope.detail.clone()).ok()?;
    let (tag, _) = detail.started_by.strip_prefix("tr-")?.split_once('/')?;
    tagged(tag).started_by(&detail.started_by)
}

/// The resource that an event of RDS or DMS is about.
fn resource(envelope: &Envelope<Value>) -> Option<String> {
    match envelope.source.as_str() {
        "aws.rds" => {
            let mut detail: RdsDetail = serde_json::from_value(envelope.detail.clone()).ok()?;
            if detail.source_arn.is_empty() {
                detail.source_arn = envelope.resources.first().cloned().unwrap_or_default();
            }
            detail.identifier().map(str::to_owned)
        }
        "aws.dms" => {
            let mut names = envelope
                .resources
                .iter()
                .filter_map(|arn| dms::identifier(arn));
            names.next().map(str::to_owned)
        }
        _ => None,
    }
}

/// The command line knows no deployment tag, so it takes the one in the name `tr-<tag>-<restore id>`.
fn naming_tag(resource: &str) -> Option<naming::Deployment> {
    let (tag, _) = resource.strip_prefix("tr-")?.split_once('-')?;
    Some(tagged(tag))
}

fn tagged(tag: &str) -> naming::Deployment {
    naming::Deployment {
        name: String::new(),
        tag: tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenant_restore_events::Instruction;

    use super::*;

    const ID: &str = "mfrggzdfmztw";

    fn of(body: &Value) -> Content {
        read(&body.to_string(), "tenant-restore")
    }

    fn aws_event(source: &str, resources: &[&str], detail: &Value) -> Content {
        of(&json!({
            "id": "e-1", "detail-type": "Some Event", "source": source, "time": "2024-01-29T08:00:00Z",
            "resources": resources, "detail": detail
        }))
    }

    fn request(detail_type: &str, source: &str, detail: &Value) -> Content {
        of(&json!({
            "id": "e-1", "detail-type": detail_type, "source": source, "time": "2024-01-29T08:00:00Z",
            "detail": detail
        }))
    }

    fn id() -> Option<RestoreId> {
        RestoreId::parse(ID)
    }

    #[test]
    fn a_command_is_for_the_phase_that_its_instruction_names() {
        let (phase, generation) = (Phase::Finalize, 7);
        for (instruction, recipient) in [
            (Instruction::ExtractDdl, Phase::Ddl),
            (Instruction::ProvisionReplication, Phase::Migrate),
            (
                Instruction::Reconcile {
                    phase,
                    generation,
                    gap: None,
                },
                Phase::Finalize,
            ),
        ] {
            let content = of(&json!(Command::new(ID, 1, instruction)));
            assert_eq!(
                (content.restore, content.recipient),
                (id(), Some(recipient))
            );
        }
    }

    #[test]
    fn a_command_that_this_version_does_not_know_still_names_its_restore() {
        let content = of(&json!({"version": 2, "command": "Dance", "restoreId": ID, "attempt": 1}));
        let kind = Kind::Command {
            name: "Dance".into(),
        };
        assert_eq!((content.kind, content.restore), (kind, id()));
        assert_eq!(content.recipient, None);
    }

    #[test]
    fn a_request_is_for_the_intake_and_about_the_restore_that_it_opens() {
        let named = request(
            "RestoreRequested",
            "shop",
            &json!({"requestId": "ticket-1"}),
        );
        let expected = naming::restore_id("tenant-restore", "ticket-1");
        assert_eq!(
            (named.restore, named.recipient),
            (Some(expected), Some(Phase::Intake))
        );
        let unnamed = request("RestoreRequested", "shop", &json!({}));
        assert_eq!(
            unnamed.restore,
            Some(naming::restore_id("tenant-restore", "e-1"))
        );
    }

    #[test]
    fn a_cancellation_is_for_the_intake_and_about_the_restore_that_it_names() {
        let content = request("RestoreCancelRequested", "shop", &json!({"restoreId": ID}));
        assert_eq!(
            (content.restore, content.recipient),
            (id(), Some(Phase::Intake))
        );
    }

    #[test]
    fn a_request_that_claims_to_come_from_aws_is_for_nobody() {
        assert_eq!(
            request("RestoreRequested", "aws.rds", &json!({})).recipient,
            None
        );
    }

    #[test]
    fn an_event_of_rds_or_dms_names_its_restore_but_no_phase() {
        let arn = format!("arn:aws:rds:eu-west-3:111122223333:db:tr-main-{ID}");
        let rds = aws_event("aws.rds", &[], &json!({"SourceArn": arn}));
        let bare = aws_event("aws.rds", &[&arn], &json!({}));
        let task = format!("arn:aws:dms:eu-west-3:111122223333:task:tr-main-{ID}-k01");
        let dms = aws_event("aws.dms", &[&task], &json!({}));
        for content in [rds, bare, dms] {
            assert_eq!((content.restore, content.recipient), (id(), None));
        }
        let foreign = "arn:aws:rds:eu-west-3:111122223333:db:production";
        assert_eq!(aws_event("aws.rds", &[foreign], &json!({})).restore, None);
    }

    #[test]
    fn an_event_of_a_task_is_for_the_phase_that_started_it() {
        let detail = json!({
            "taskArn": "t", "clusterArn": "c", "lastStatus": "STOPPED",
            "startedBy": format!("tr-blue/finalize/{ID}/2/validate")
        });
        let content = aws_event("aws.ecs", &[], &detail);
        assert_eq!(
            (content.restore, content.recipient),
            (id(), Some(Phase::Finalize))
        );
    }

    #[test]
    fn a_body_that_is_neither_is_unknown() {
        for body in ["not json", "{}", "[1]", r#"{"command": 1}"#] {
            assert_eq!(read(body, "tenant-restore"), unknown(), "{body}");
        }
    }
}
