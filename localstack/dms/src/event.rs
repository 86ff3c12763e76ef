//! What happens to instances and tasks: on the bus, and in DescribeEvents.

use jiff::{SignedDuration, Timestamp};
use local_cloud_wire::AwsError;
use local_cloud_wire::events::Event;
use local_cloud_wire::faults::Service;
use local_cloud_wire::time::epoch_seconds;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::page;
use crate::request::{Describe, read};
use crate::state::State;

/// What it is that something happened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    Instance,
    Task,
}

/// A kind of event (DMS user guide, event categories and messages).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    source: Source,
    /// Absent from captured failures of tasks.
    id: Option<&'static str>,
    event_type: &'static str,
    category: &'static str,
}

const fn kind(
    source: Source,
    id: Option<&'static str>,
    event_type: &'static str,
    category: &'static str,
) -> Kind {
    Kind {
        source,
        id,
        event_type,
        category,
    }
}

// The event types of instances are documented nowhere; their ids are.
pub(crate) const INSTANCE_CREATING: Kind = kind(
    Source::Instance,
    Some("DMS-EVENT-0067"),
    "REPLICATION_INSTANCE_CREATING",
    "Creation",
);
pub(crate) const INSTANCE_CREATED: Kind = kind(
    Source::Instance,
    Some("DMS-EVENT-0005"),
    "REPLICATION_INSTANCE_CREATED",
    "Creation",
);
pub(crate) const INSTANCE_DELETING: Kind = kind(
    Source::Instance,
    Some("DMS-EVENT-0066"),
    "REPLICATION_INSTANCE_DELETING",
    "Deletion",
);
pub(crate) const INSTANCE_DELETED: Kind = kind(
    Source::Instance,
    Some("DMS-EVENT-0003"),
    "REPLICATION_INSTANCE_DELETED",
    "Deletion",
);
pub(crate) const INSTANCE_FAILED: Kind = kind(
    Source::Instance,
    Some("DMS-EVENT-0031"),
    "REPLICATION_INSTANCE_FAILED",
    "Failure",
);
pub(crate) const INSTANCE_NETWORK: Kind = kind(
    Source::Instance,
    Some("DMS-EVENT-0036"),
    "REPLICATION_INSTANCE_INCOMPATIBLE_NETWORK",
    "Failure",
);
pub(crate) const TASK_CREATED: Kind = kind(
    Source::Task,
    Some("DMS-EVENT-0074"),
    "REPLICATION_TASK_CREATED",
    "Creation",
);
pub(crate) const TASK_STARTED: Kind = kind(
    Source::Task,
    Some("DMS-EVENT-0069"),
    "REPLICATION_TASK_STARTED",
    "StateChange",
);
pub(crate) const TASK_STOPPED: Kind = kind(
    Source::Task,
    Some("DMS-EVENT-0079"),
    "REPLICATION_TASK_STOPPED",
    "StateChange",
);
pub(crate) const TASK_FAILED: Kind = kind(Source::Task, None, "REPLICATION_TASK_FAILED", "Failure");
pub(crate) const TASK_DELETED: Kind = kind(
    Source::Task,
    Some("DMS-EVENT-0073"),
    "REPLICATION_TASK_DELETED",
    "Deletion",
);

/// Something that happened, as DescribeEvents tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Happening {
    source: Source,
    identifier: String,
    category: String,
    message: String,
    at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    source_identifier: Option<String>,
    source_type: Option<String>,
    duration: Option<i64>,
    #[serde(default)]
    event_categories: Vec<String>,
}

/// Events are kept for 14 days and told for 60 minutes unless asked otherwise (DMS API reference, DescribeEvents).
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
const TOLD_MINUTES: i64 = 60;

impl State {
    /// Notes an event and makes the form in which it goes to the bus.
    pub(crate) fn happen(
        &mut self,
        kind: Kind,
        arn: &str,
        identifier: &str,
        message: &str,
    ) -> Event {
        let now = Timestamp::now();
        self.happenings
            .retain(|one| now.duration_since(one.at) < KEPT);
        self.happenings.push(Happening {
            source: kind.source,
            identifier: identifier.to_owned(),
            category: kind.category.to_owned(),
            message: message.to_owned(),
            at: now,
        });
        let (detail_type, resource_type) = match kind.source {
            Source::Instance => (
                "DMS Replication Instance State Change",
                "REPLICATION_INSTANCE",
            ),
            Source::Task => ("DMS Replication Task State Change", "REPLICATION_TASK"),
        };
        let mut detail = json!({
            "eventType": kind.event_type,
            "type": resource_type,
            "category": kind.category,
            "detailMessage": message,
        });
        if let Some(id) = kind.id {
            detail["eventId"] = json!(id);
        }
        Event {
            id: None,
            service: Service::Dms,
            detail_type: detail_type.into(),
            resources: vec![arn.to_owned()],
            time: now,
            detail,
        }
    }

    /// DescribeEvents.
    pub(crate) fn describe_events(&self, body: Value) -> Result<Value, AwsError> {
        let paging: Describe = read(body.clone())?;
        let input: Input = read(body)?;
        let window = SignedDuration::from_mins(input.duration.unwrap_or(TOLD_MINUTES));
        let now = Timestamp::now();
        let wanted = |one: &&Happening| {
            now.duration_since(one.at) <= window
                && input
                    .source_identifier
                    .as_ref()
                    .is_none_or(|wanted| *wanted == one.identifier)
                && input
                    .source_type
                    .as_ref()
                    .is_none_or(|wanted| wanted == source_type(one.source))
                && (input.event_categories.is_empty()
                    || input.event_categories.contains(&one.category))
        };
        let view = |one: &Happening| {
            json!({
                "SourceIdentifier": one.identifier,
                "SourceType": source_type(one.source),
                "Message": one.message,
                "EventCategories": [one.category],
                "Date": epoch_seconds(one.at),
            })
        };
        page(
            "Events",
            self.happenings.iter().filter(wanted).map(view).collect(),
            &paging,
        )
    }
}

fn source_type(source: Source) -> &'static str {
    match source {
        Source::Instance => "replication-instance",
        Source::Task => "replication-task",
    }
}
