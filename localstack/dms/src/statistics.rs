//! What becomes of a task's tables.

use jiff::Timestamp;
use local_cloud_wire::AwsError;
use local_cloud_wire::time::epoch_seconds;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Field, page, select};
use crate::request::{Describe, read};
use crate::state::State;

/// `TableState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TableState {
    BeforeLoad,
    FullLoad,
    Completed,
    Cancelled,
    Error,
}

/// A table of a task, under its name at the source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TableStatistics {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) state: TableState,
    pub(crate) rows: u64,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    updated_at: Timestamp,
}

const FILTERS: [Field<TableStatistics>; 3] = [
    ("schema-name", |one| &one.schema),
    ("table-name", |one| &one.table),
    ("table-state", |one| one.state.name()),
];

impl TableState {
    fn name(self) -> &'static str {
        match self {
            Self::BeforeLoad => "Before load",
            Self::FullLoad => "Full load",
            Self::Completed => "Table completed",
            Self::Cancelled => "Table cancelled",
            Self::Error => "Table error",
        }
    }
}

impl TableStatistics {
    pub(crate) fn new(schema: String, table: String) -> Self {
        let updated_at = Timestamp::now();
        Self {
            schema,
            table,
            state: TableState::BeforeLoad,
            rows: 0,
            started_at: None,
            ended_at: None,
            updated_at,
        }
    }

    pub(crate) fn step(&mut self, state: TableState) {
        let now = Timestamp::now();
        self.updated_at = now;
        self.state = state;
        match state {
            TableState::FullLoad => self.started_at = Some(now),
            TableState::BeforeLoad => {}
            TableState::Completed | TableState::Cancelled | TableState::Error => {
                self.ended_at = Some(now);
            }
        }
    }

    fn view(&self) -> Value {
        let mut view = json!({
            "SchemaName": self.schema,
            "TableName": self.table,
            "Inserts": 0, "Deletes": 0, "Updates": 0, "Ddls": 0,
            "AppliedInserts": 0, "AppliedDeletes": 0, "AppliedUpdates": 0, "AppliedDdls": 0,
            "FullLoadRows": self.rows,
            "FullLoadCondtnlChkFailedRows": 0,
            "FullLoadErrorRows": 0,
            "FullLoadReloaded": false,
            "LastUpdateTime": epoch_seconds(self.updated_at),
            "TableState": self.state.name(),
            "ValidationPendingRecords": 0,
            "ValidationFailedRecords": 0,
            "ValidationSuspendedRecords": 0,
            "ValidationState": "Not enabled",
        });
        for (name, at) in [
            ("FullLoadStartTime", self.started_at),
            ("FullLoadEndTime", self.ended_at),
        ] {
            if let Some(at) = at {
                view[name] = epoch_seconds(at);
            }
        }
        view
    }
}

impl State {
    /// DescribeTableStatistics. A filter without a hit answers an empty list.
    pub(crate) fn describe_statistics(&mut self, body: Value) -> Result<Value, AwsError> {
        let input: Describe = read(body)?;
        let arn = input.replication_task_arn.clone().unwrap_or_default();
        let tables = &self.task(&arn)?.tables;
        let selected = match select(tables, &input.filters, &FILTERS) {
            Err(error) if error.code == "ResourceNotFoundFault" => Vec::new(),
            other => other?,
        };
        let mut answer = page(
            "TableStatistics",
            selected.into_iter().map(TableStatistics::view).collect(),
            &input,
        )?;
        answer["ReplicationTaskArn"] = json!(arn);
        Ok(answer)
    }
}
