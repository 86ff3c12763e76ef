//! What the choreography promises.

use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::{ResourceKind, Restore};
use tenant_restore_events::outgoing::Outcome;

use crate::aws::{Aws, Database, Endpoint, Load, Production};
use crate::names::Names;
use crate::record::left_behind;

/// A promise that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// One outcome per attempt.
    OneOutcome,
    /// Every resource is deleted at the end, or named as left behind.
    NothingLeft,
    /// No step before what it needs.
    InOrder,
    /// Nothing but this restore's names and schemas.
    OnlyOurs,
    /// Production has all of a completed restore, and nothing of another that isn't named.
    Production,
    /// It always ends: never does it rest on an event that may be lost.
    Ends,
    /// Ticks don't multiply.
    FewTicks,
}

impl Promise {
    /// Every promise.
    pub const ALL: [Self; 7] = [
        Self::OneOutcome,
        Self::NothingLeft,
        Self::InOrder,
        Self::OnlyOurs,
        Self::Production,
        Self::Ends,
        Self::FewTicks,
    ];

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::OneOutcome => "exactly one outcome",
            Self::NothingLeft => "nothing left behind unnamed",
            Self::InOrder => "no step before what it needs",
            Self::OnlyOurs => "nothing but this restore's",
            Self::Production => "production as the outcome says",
            Self::Ends => "it always ends",
            Self::FewTicks => "ticks don't multiply",
        }
    }
}

/// Whether everything temporary is gone, or named in the outcome.
pub fn is_nothing_left(restore: &Restore, aws: &Aws, names: &Names) -> bool {
    let named = |kind: ResourceKind, name: &str| {
        left_behind(restore).any(|left| left.contains(&format!("{kind:?} {name}")))
    };
    let sides = (0..2).all(|at| {
        let name = &names.sides[at];
        let secret = !aws.secrets[at] || named(ResourceKind::Secret, name);
        let endpoint = aws.endpoints[at] == Endpoint::Absent || named(ResourceKind::Endpoint, name);
        secret && endpoint
    });
    let loads = (0..2).all(|at| {
        aws.loads[at] == Load::Absent || named(ResourceKind::ReplicationTask, &names.loads[at])
    });
    let databases = (0..2).all(|at| {
        aws.databases[at] == Database::Absent || named(ResourceKind::Database, &names.databases[at])
    });
    let group = !aws.group || named(ResourceKind::ParameterGroup, &names.group);
    let instance = aws.instance == Database::Absent
        || named(ResourceKind::ReplicationInstance, &names.instance);
    let objects = !aws.objects || named(ResourceKind::Objects, &names.work);
    let gave_up = left_behind(restore).next().is_some();
    let workers = gave_up || !aws.workers.iter().any(|worker| worker.is_alive());
    sides && loads && databases && group && instance && objects && workers
}

/// Whether production is as the outcome says.
pub fn is_production_right(restore: &Restore, aws: &Aws) -> bool {
    let Some(ended) = &restore.ended else {
        return false;
    };
    let named = restore
        .causes
        .iter()
        .any(|cause| cause.kind == ErrorKind::DropFailed);
    match ended.outcome {
        Outcome::Completed => aws.production == Production::Opened,
        Outcome::Rejected => aws.production == Production::Untouched,
        Outcome::Failed => aws.production != Production::Applied || named,
    }
}
