//! Whether a database that RDS shows is one that schemas can be restored from, or into.

use crate::error::{Cause, ErrorKind};
use crate::job::Server;
use crate::sight::{SourceCluster, SourceInstance, SourceWriter};
use crate::status;

pub(super) const POSTGRES: &str = "postgres";
pub(super) const AURORA: &str = "aurora-postgresql";

/// What a database is judged as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What is restored.
    Source,
    /// Where it goes.
    Target,
}

impl Part {
    fn field(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }

    pub(super) fn unsupported(self, message: String) -> Cause {
        Cause::new(ErrorKind::NotSupported, message).at(self.field())
    }

    pub(super) fn not_allowed(self, reason: &str) -> Cause {
        let kind = match self {
            Self::Source => ErrorKind::SourceNotAllowed,
            Self::Target => ErrorKind::TargetNotAllowed,
        };
        Cause::new(kind, reason).at(self.field())
    }

    pub(super) fn unknown(self, name: &str) -> Cause {
        let kind = match self {
            Self::Source => ErrorKind::SourceUnknown,
            Self::Target => ErrorKind::TargetUnknown,
        };
        let message = format!("no DB instance or cluster is called {name:?}");
        Cause::new(kind, message).at(self.field())
    }

    /// Nothing of ours reaches a database in another VPC.
    pub(super) fn elsewhere(self, name: &str, vpc: &str, home: &str) -> Cause {
        let message = format!(
            "{name:?} lies in the VPC {vpc}, not in the deployment's {home}: no task of it gets there"
        );
        Cause::new(ErrorKind::OtherNetwork, message).at(self.field())
    }

    fn unusable(self, message: String) -> Cause {
        let kind = match self {
            Self::Source => ErrorKind::SourceState,
            Self::Target => ErrorKind::TargetState,
        };
        Cause::new(kind, message).at(self.field())
    }

    fn in_state(self, what: &str, status: &str) -> Cause {
        let message = format!("{what} is in status {status:?}");
        if status::lacks_key(status) {
            return Cause::new(ErrorKind::KeyUnusable, message).at(self.field());
        }
        self.unusable(message)
    }
}

/// The server of an instance that can be used.
pub(super) fn instance(part: Part, name: &str, found: &SourceInstance) -> Result<Server, Cause> {
    if found.engine != POSTGRES {
        return Err(part.unsupported(other_engine(name, &found.engine)));
    }
    let state = &found.database.status;
    let endpoint = found.database.endpoint.clone();
    let endpoint = endpoint
        .filter(|_| status::source_is_usable(state))
        .ok_or_else(|| part.in_state(&format!("{name:?}"), state))?;
    server(part, endpoint, &found.secret)
}

/// The server of a cluster that can be used, and its writer.
pub(super) fn cluster(part: Part, found: &SourceCluster) -> Result<(Server, &SourceWriter), Cause> {
    let name = &found.name;
    refuse_other_clusters(part, name, &found.engine, &found.engine_mode)?;
    let state = &found.status;
    let endpoint = found.endpoint.clone();
    let endpoint = endpoint
        .filter(|_| status::source_cluster_is_usable(state))
        .ok_or_else(|| part.in_state(&format!("the cluster {name:?}"), state))?;
    let writer = found
        .writer
        .as_ref()
        .ok_or_else(|| part.unusable(format!("the cluster {name:?} has no writer")))?;
    if !status::source_is_usable(&writer.status) {
        let what = format!("the writer of the cluster {name:?}");
        return Err(part.in_state(&what, &writer.status));
    }
    Ok((server(part, endpoint, &found.secret)?, writer))
}

/// Tells apart the clusters that aren't Aurora PostgreSQL with instances of its own.
pub(super) fn refuse_other_clusters(
    part: Part,
    name: &str,
    engine: &str,
    engine_mode: &str,
) -> Result<(), Cause> {
    match (engine, engine_mode) {
        (AURORA, "serverless") => Err(part.unsupported(format!(
            "{name:?} is an Aurora Serverless v1 cluster; only provisioned and Serverless v2 are supported"
        ))),
        (AURORA, _) => Ok(()),
        (POSTGRES, _) => Err(part.unsupported(format!(
            "{name:?} is a Multi-AZ DB cluster; only instances and Aurora clusters are supported"
        ))),
        _ => Err(part.unsupported(other_engine(name, engine))),
    }
}

pub(super) fn other_engine(name: &str, engine: &str) -> String {
    format!("{name:?} runs the engine {engine:?}; only PostgreSQL is supported")
}

fn server(
    part: Part,
    (host, port): (String, u16),
    secret: &Result<String, String>,
) -> Result<Server, Cause> {
    match secret {
        Ok(secret) => Ok(Server {
            host,
            port,
            secret: secret.clone(),
        }),
        Err(reason) => Err(part.not_allowed(reason)),
    }
}
