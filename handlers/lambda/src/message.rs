//! What arrives on a phase's queue: a command, an AWS event, a request, or something that isn't ours.

use jiff::Timestamp;
use serde_json::Value;
use tenant_restore_core::decision::{Hint, Wake};
use tenant_restore_core::naming::{Deployment, RestoreId};
use tenant_restore_core::order::Order;
use tenant_restore_core::request::Ask;
use tenant_restore_events::aws::{dms, ecs::EcsDetail, rds::RdsDetail};
use tenant_restore_events::{Command, Envelope, Instruction, Phase};

/// A message, understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A `RestoreRequested` or `RestorePlanRequested`.
    Request(Ask, Box<Envelope<Value>>),
    /// A `RestoreCancelRequested` or `RestoreReplayRequested`.
    Order(Order, Box<Envelope<Value>>),
    /// Something about one restore.
    Restore {
        /// The restore.
        id: RestoreId,
        /// Its attempt, where the message names it.
        attempt: Option<u32>,
        /// The phase whose handler it is for; none for an event that may concern several.
        recipient: Option<Phase>,
        /// What woke us.
        wake: Wake,
        /// For the audit log.
        name: String,
    },
}

/// Reads a message's body.
///
/// # Errors
/// Why it isn't ours, for the queue of the dead.
pub fn read(body: &str, deployment: &Deployment) -> Result<Message, String> {
    let value: Value =
        serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    if value.get("command").is_some() {
        return command(value);
    }
    if value.get("detail-type").is_none() {
        return Err("the body is neither a command nor an EventBridge event".to_owned());
    }
    let envelope: Envelope<Value> = serde_json::from_value(value)
        .map_err(|error| format!("the event's envelope is incomplete: {error}"))?;
    let ask = Ask::of(&envelope.detail_type).filter(|_| !envelope.source.starts_with("aws."));
    if let Some(ask) = ask {
        return Ok(Message::Request(ask, Box::new(envelope)));
    }
    match (envelope.source.as_str(), envelope.detail_type.as_str()) {
        ("aws.rds", _) => rds(&envelope, deployment),
        ("aws.dms", _) => dms(&envelope, deployment),
        ("aws.ecs", "ECS Task State Change") => ecs(&envelope, deployment),
        (source, "RestoreCancelRequested") if !source.starts_with("aws.") => {
            Ok(Message::Order(Order::Cancel, Box::new(envelope)))
        }
        (source, "RestoreReplayRequested") if !source.starts_with("aws.") => {
            Ok(Message::Order(Order::Replay, Box::new(envelope)))
        }
        (source, detail_type) => Err(format!(
            "no handler knows the event {detail_type:?} of {source:?}"
        )),
    }
}

/// When EventBridge's envelope says the event happened.
pub fn event_time(envelope: &Envelope<Value>, now: Timestamp) -> Timestamp {
    envelope.time.parse().unwrap_or(now)
}

fn command(value: Value) -> Result<Message, String> {
    let command: Command = serde_json::from_value(value)
        .map_err(|error| format!("the command is unreadable: {error}"))?;
    if command.version > tenant_restore_events::command::VERSION {
        return Err(format!(
            "the command has version {}, which this deployment doesn't know",
            command.version
        ));
    }
    let id = RestoreId::try_from(command.restore_id)?;
    let wake = match command.instruction {
        Instruction::Reconcile {
            generation, gap, ..
        } => Wake::Tick { generation, gap },
        instruction => Wake::Command(instruction),
    };
    Ok(Message::Restore {
        id,
        attempt: Some(command.attempt),
        recipient: Some(command.instruction.recipient()),
        wake,
        name: command.instruction.name().to_owned(),
    })
}

fn rds(envelope: &Envelope<Value>, deployment: &Deployment) -> Result<Message, String> {
    let detail: RdsDetail = detail(envelope)?;
    let arn = if detail.source_arn.is_empty() {
        envelope.resources.first().cloned()
    } else {
        None
    };
    let detail = RdsDetail {
        source_arn: arn.unwrap_or(detail.source_arn),
        ..detail
    };
    let resource = detail
        .identifier()
        .ok_or_else(|| format!("{:?} is no DB instance or cluster", detail.source_arn))?;
    hint(
        envelope,
        deployment,
        resource,
        detail.event_id.clone().unwrap_or_default(),
    )
}

fn dms(envelope: &Envelope<Value>, deployment: &Deployment) -> Result<Message, String> {
    let detail: dms::DmsDetail = detail(envelope)?;
    let resource = envelope
        .resources
        .iter()
        .find_map(|arn| dms::identifier(arn));
    let resource = resource.ok_or("the DMS event names no resource")?;
    hint(
        envelope,
        deployment,
        resource,
        detail.event_id.clone().unwrap_or_default(),
    )
}

fn hint(
    envelope: &Envelope<Value>,
    deployment: &Deployment,
    resource: &str,
    event: String,
) -> Result<Message, String> {
    let id = deployment
        .restore_of(resource)
        .ok_or_else(|| format!("{resource:?} is not a resource of ours"))?;
    let name = format!("{} {event} {resource}", envelope.detail_type);
    let wake = Wake::Hint(Hint {
        resource: resource.to_owned(),
        event,
    });
    Ok(Message::Restore {
        id,
        attempt: None,
        recipient: None,
        wake,
        name,
    })
}

fn ecs(envelope: &Envelope<Value>, deployment: &Deployment) -> Result<Message, String> {
    let detail: EcsDetail = detail(envelope)?;
    let started_by = deployment
        .started_by(&detail.started_by)
        .ok_or_else(|| format!("the task was started by {:?}, not by us", detail.started_by))?;
    let name = format!(
        "{} {} {}",
        envelope.detail_type, detail.last_status, started_by.job
    );
    let wake = Wake::Hint(Hint {
        resource: started_by.job,
        event: detail.last_status,
    });
    Ok(Message::Restore {
        id: started_by.id,
        attempt: Some(started_by.attempt),
        recipient: Some(started_by.phase),
        wake,
        name,
    })
}

fn detail<T: serde::de::DeserializeOwned>(envelope: &Envelope<Value>) -> Result<T, String> {
    T::deserialize(&envelope.detail)
        .map_err(|error| format!("the detail of {:?}: {error}", envelope.detail_type))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment() -> Deployment {
        Deployment {
            name: "tenant-restore".into(),
            tag: "main".into(),
        }
    }

    #[test]
    fn an_rds_event_names_its_restore_by_its_arn() {
        let body = json!({
            "id": "1", "detail-type": "RDS DB Instance Event", "source": "aws.rds", "time": "2026-03-04T10:11:13Z",
            "detail": {"SourceArn": "arn:aws:rds:eu-west-3:111122223333:db:tr-main-abcdefghijkl", "EventID": "RDS-EVENT-0019"}
        });
        let Message::Restore {
            id,
            wake,
            recipient,
            ..
        } = read(&body.to_string(), &deployment()).unwrap()
        else {
            panic!("not about a restore");
        };
        assert_eq!(id.as_str(), "abcdefghijkl");
        assert_eq!(recipient, None);
        let hint = Hint {
            resource: "tr-main-abcdefghijkl".into(),
            event: "RDS-EVENT-0019".into(),
        };
        assert_eq!(wake, Wake::Hint(hint));
    }

    #[test]
    fn a_dms_event_without_event_id_is_still_a_hint() {
        let body = json!({
            "id": "1", "detail-type": "DMS Replication Task State Change", "source": "aws.dms",
            "time": "2026-03-04T10:11:13Z",
            "resources": ["arn:aws:dms:eu-west-3:111122223333:task:tr-main-abcdefghijkl-k01"],
            "detail": {"eventType": "REPLICATION_TASK_FAILED", "type": "ReplicationTask"}
        });
        assert!(matches!(
            read(&body.to_string(), &deployment()),
            Ok(Message::Restore { .. })
        ));
    }

    #[test]
    fn what_is_not_ours_is_told_apart() {
        for body in [
            "not json",
            "{}",
            r#"{"command":"Dance","version":1,"restoreId":"abcdefghijkl","attempt":1}"#,
        ] {
            assert!(read(body, &deployment()).is_err(), "{body}");
        }
    }
}
