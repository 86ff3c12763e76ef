//! The record of a restore: everything that a handler must know besides what AWS shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_restore_events::outgoing::{Ended, Progressed, RestoredSchema, Subject};
use tenant_restore_events::{Command, Instruction, Phase};

use crate::error::{Cause, ErrorKind};
use crate::hold::{Hold, Resumed};
use crate::job::Server;
use crate::naming::RestoreId;
use crate::plan::Purpose;
use crate::request::Request;
use crate::source_kind::SourceKind;
use crate::trace::Trace;
use crate::wait::Wait;

mod creating;
mod outcome;
mod placing;
mod rejection;
mod resource;
mod task;

pub use creating::Creating;
pub use outcome::{
    MOST_CAUSES, REPORT_FILE, REPORT_PAGE_FILE, outcome_id, outgoing_cause, shortened,
};
pub use placing::Placing;
pub use rejection::{given_up, rejection};
pub use resource::{Resource, ResourceKind};
pub use task::{DDL, DDL_AFTER_RESET, Task, TaskState};

/// The version of the record that this code writes.
pub const FORMAT: u32 = 1;

/// A restore.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restore {
    /// Version of the record; 1.
    pub format: u32,
    /// Its id.
    pub id: RestoreId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What was asked for.
    pub request: Request,
    /// Whether schemas are to be brought back, or only a plan is wanted.
    #[serde(default)]
    pub purpose: Purpose,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it is.
    pub phase: Phase,
    /// Where it was, and when.
    pub phases: Vec<PhaseTime>,
    /// The source, once intake has seen it.
    pub source: Option<Source>,
    /// The server that the schemas go into, if it isn't the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Server>,
    /// Address and port of the temporary database, once it is available.
    pub temporary: Option<(String, u16)>,
    /// Where the temporary instance is tried, if RDS is short of capacity.
    #[serde(default)]
    pub placing: Placing,
    /// Whether the last event of the temporary database's creation has come.
    pub database_announced: bool,
    /// Whether the event of the temporary cluster's creation has come.
    #[serde(default)]
    pub cluster_announced: bool,
    /// Whose password its master has.
    pub password: Password,
    /// The version of the source's secret that logs in to it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_version: Option<String>,
    /// The revision of the task definition that its tasks run since the first of them, whatever is deployed meanwhile, or
    /// since that one was found to be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Worker tasks, in the order in which they were started.
    pub tasks: Vec<Task>,
    /// Whether the cleanup has seen that no other task of theirs is at work either, and none can be started any more.
    #[serde(default)]
    pub strays_gone: bool,
    /// The DMS branch; none if DMS isn't used.
    pub replication: Option<Replication>,
    /// Connections that production had left at the preflight; none in a record of before they were counted.
    #[serde(default)]
    pub free_connections: Option<u32>,
    /// How many tables COPY moves; known after the extraction.
    pub copy_tables: usize,
    /// Temporary resources, each written down before it is created.
    pub resources: Vec<Resource>,
    /// Waits, by the phase whose handler waits.
    pub waits: BTreeMap<Phase, Wait>,
    /// The last generation given to a wait.
    pub generation: u32,
    /// Calls that AWS refuses for a time, by the phase whose handler made them; until it takes them.
    #[serde(default)]
    pub refusals: BTreeMap<Phase, Refusal>,
    /// What the last change of phase causes; sent after the save, again by whoever finds it here.
    pub outbox: Outbox,
    /// What doesn't forbid the restore.
    pub warnings: Vec<Cause>,
    /// Whether the restored schemas were opened to their users.
    pub opened: bool,
    /// Why it fails, if it does.
    pub causes: Vec<Cause>,
    /// The phase in which it failed.
    pub failed_in: Option<Phase>,
    /// How it ended.
    pub ended: Option<Ended>,
    /// Whether that was told.
    pub announced: bool,
    /// Whether it failed and is kept for a replay.
    #[serde(default)]
    pub held: Option<Hold>,
    /// What a resumed restore does over again.
    #[serde(default)]
    pub resumed: Resumed,
    /// How earlier attempts ended, oldest first.
    #[serde(default)]
    pub earlier: Vec<Ended>,
    /// Ids of the events whose orders were followed: to cancel it, to replay it.
    #[serde(default)]
    pub orders: Vec<String>,
    /// Whether the names of its resources tell the attempt; false in a record of before they did.
    #[serde(default)]
    pub named_by_attempt: bool,
    /// The X-Ray trace of this attempt; none in a record of before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// A phase and its times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseTime {
    /// The phase.
    pub phase: Phase,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// The source: a DB instance or an Aurora cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Where it is; none if it was deleted.
    #[serde(flatten)]
    pub endpoint: Option<Endpoint>,
    /// ARN or name of the secret with its master credentials; none if it was deleted and its secret with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Master user.
    pub master_username: String,
    /// Parameter group of the instance; of an Aurora cluster, of its writer.
    pub parameter_group: Option<String>,
    /// What it is.
    #[serde(default)]
    pub kind: SourceKind,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Source {
    /// The server with its secret, unless it was deleted.
    pub fn server(&self) -> Option<Server> {
        let Endpoint { host, port } = self.endpoint.clone()?;
        let secret = self.secret.clone()?;
        Some(Server { host, port, secret })
    }
}

/// Whose password the temporary database's master has, and how far its reset is, if it needs one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Password {
    /// The one of the restore point.
    Old,
    /// The one of the restore point, but no version of the source's secret can be used: it is to be reset.
    Refused,
    /// The reset was asked for.
    Resetting {
        /// Whether its event has come.
        announced: bool,
        /// Whether Describe has shown it as pending.
        shown: bool,
    },
    /// Reset.
    Reset,
}

/// The DMS branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replication {
    /// Positions, in the request, of the schemas with tables for DMS; known after the extraction.
    pub schemas: Option<Vec<usize>>,
    /// Whether the last event of the instance's creation has come.
    pub announced: bool,
    /// Whether its rows are moved, or it turned out unneeded.
    pub settled: bool,
}

/// Calls that AWS refused for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Since when.
    pub since: Timestamp,
    /// How often.
    pub count: u32,
    /// The wait that was under way; it goes on when the call is taken, with the deadline that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Wait>,
}

/// What is to be sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outbox {
    /// Events for the bus; sent before the commands, so that whoever acts on a command may clear both.
    pub events: Vec<OutgoingEvent>,
    /// Commands for the phases' queues.
    pub commands: Vec<Command>,
}

impl Outbox {
    /// Whether nothing is to be sent.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.commands.is_empty()
    }
}

/// An event for the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutgoingEvent {
    /// Its detail-type.
    pub detail_type: String,
    /// Its detail.
    pub detail: Value,
}

impl Restore {
    /// A new restore, in its first phase.
    pub fn open(id: RestoreId, request: Request, now: Timestamp) -> Self {
        Self {
            format: FORMAT,
            id,
            attempt: 1,
            request,
            purpose: Purpose::Restore,
            opened_at: now,
            phase: Phase::Intake,
            phases: vec![PhaseTime {
                phase: Phase::Intake,
                began: now,
                ended: None,
            }],
            source: None,
            target: None,
            temporary: None,
            placing: Placing::default(),
            database_announced: false,
            cluster_announced: false,
            password: Password::Old,
            secret_version: None,
            worker: None,
            tasks: Vec::new(),
            strays_gone: false,
            replication: None,
            free_connections: None,
            copy_tables: 0,
            resources: Vec::new(),
            waits: BTreeMap::new(),
            generation: 0,
            refusals: BTreeMap::new(),
            outbox: Outbox::default(),
            warnings: Vec::new(),
            opened: false,
            causes: Vec::new(),
            failed_in: None,
            ended: None,
            announced: false,
            held: None,
            resumed: Resumed::default(),
            earlier: Vec::new(),
            orders: Vec::new(),
            named_by_attempt: true,
            trace: None,
        }
    }

    /// The server that the schemas go into: the target, or the source itself. None before intake has seen them.
    pub fn production(&self) -> Option<Server> {
        let source = || self.source.as_ref().and_then(Source::server);
        self.target.clone().or_else(source)
    }

    /// What every outgoing event says of this restore.
    pub fn subject(&self) -> Subject {
        let schemas = self.request.schemas.iter().map(|pair| RestoredSchema {
            schema: pair.schema.clone(),
            restored_as: Some(pair.restored_as.clone()),
        });
        Subject {
            restore_id: Some(self.id.to_string()),
            request_id: self.request.request_id.clone(),
            source: Some(self.request.source.clone()),
            target: self.request.target.clone(),
            database: Some(self.request.database.clone()),
            schemas: schemas.collect(),
            snapshot_id: self.request.restore_point.snapshot().map(str::to_owned),
        }
    }

    /// Goes on to the next phase: the outbox then holds its command and the events that tell of it.
    pub fn enter(&mut self, next: Phase, commands: &[Instruction], now: Timestamp) {
        let previous = self.phase;
        self.waits.remove(&previous);
        if let Some(time) = self.phases.last_mut() {
            time.ended = Some(now);
        }
        self.phases.push(PhaseTime {
            phase: next,
            began: now,
            ended: None,
        });
        self.phase = next;
        let progressed = Progressed {
            subject: self.subject(),
            attempt: self.attempt,
            phase: next,
            previous,
            at: now,
        };
        let commands = commands
            .iter()
            .map(|instruction| Command::new(self.id.as_str(), self.attempt, *instruction));
        self.outbox.commands = commands.collect();
        // Who wants a plan is told the plan.
        if !self.is_plan() {
            self.outbox
                .events
                .push(event("RestoreProgressed", &progressed));
        }
    }

    /// Gives up: whatever was made is cleaned up next.
    pub fn fail(&mut self, causes: Vec<Cause>, now: Timestamp) {
        self.failed_in.get_or_insert(self.phase);
        self.blame(causes);
        if self.causes.is_empty() {
            self.causes
                .push(internal("the restore failed, but nothing says why"));
        }
        self.waits.clear();
        if self.is_to_be_held() {
            self.held = Some(Hold {
                phase: self.phase,
                until: None,
                told: false,
            });
        }
        self.enter(Phase::Cleanup, &[Instruction::CleanUp], now);
    }

    /// Adds an event to the outbox.
    pub fn announce<T: Serialize>(&mut self, detail_type: &str, detail: &T) {
        self.outbox.events.insert(0, event(detail_type, detail));
    }
}

fn event<T: Serialize>(detail_type: &str, detail: &T) -> OutgoingEvent {
    let detail = serde_json::to_value(detail)
        .expect("an event of strings, numbers and lists always serializes");
    OutgoingEvent {
        detail_type: detail_type.to_owned(),
        detail,
    }
}

/// An error that the program should have made impossible.
pub fn internal(message: impl Into<String>) -> Cause {
    Cause::new(ErrorKind::Internal, message)
}
