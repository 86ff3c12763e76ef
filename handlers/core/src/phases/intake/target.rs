//! What RDS says of the database that the schemas go into, if it isn't the source.

use super::database::{self, Part};
use crate::error::{Cause, ErrorKind};
use crate::job::Server;
use crate::request::Request;
use crate::restore::internal;
use crate::sight::{Seen, SourceSight};

/// A target that can be restored into.
pub(super) struct Target {
    pub(super) server: Server,
    /// The engine's version.
    version: String,
}

/// Judges the target, if the request names one.
pub(super) fn judge(request: &Request, seen: &Seen) -> Result<Option<Target>, Cause> {
    let Some(name) = &request.target else {
        return Ok(None);
    };
    let (server, version) = match &seen.target {
        None => return Err(internal("the target was not looked at")),
        Some(SourceSight::Unknown | SourceSight::Retained(_)) => {
            return Err(Part::Target.unknown(name));
        }
        Some(SourceSight::Elsewhere { vpc, home }) => {
            return Err(Part::Target.elsewhere(name, vpc, home));
        }
        Some(SourceSight::Instance(found)) => (
            database::instance(Part::Target, name, found)?,
            found.engine_version.clone(),
        ),
        Some(SourceSight::Cluster(found)) => {
            let (server, _) = database::cluster(Part::Target, found)?;
            (server, found.engine_version.clone())
        }
    };
    Ok(Some(Target { server, version }))
}

impl Target {
    /// What a newer major version dumps, an older one may not understand (PostgreSQL documentation, pg_dump, "Notes").
    /// Minor versions share catalogs and grammar.
    pub(super) fn refuse_newer(&self, name: &str, copy: &str) -> Result<(), Cause> {
        if major(&self.version) >= major(copy) {
            return Ok(());
        }
        let message = format!(
            "{name:?} has version {}; what is restored has version {copy}, which it may not understand",
            self.version
        );
        Err(Cause::new(ErrorKind::TargetOlder, message).at("target"))
    }
}

/// An unreadable version counts as the oldest, on either side.
fn major(version: &str) -> u32 {
    let digits = version.split('.').next();
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}
