//! What is brought back: the database as it was at an instant, or as a snapshot holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::source_kind::Storage;

/// A restore point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RestorePoint {
    /// An instant, whole seconds.
    RestoreTime(Timestamp),
    /// A snapshot.
    Snapshot(Snapshot),
}

impl RestorePoint {
    /// The instant that is brought back; of a snapshot, when it was taken.
    pub fn instant(&self) -> Timestamp {
        match self {
            Self::RestoreTime(at) => *at,
            Self::Snapshot(snapshot) => snapshot.taken_at,
        }
    }

    /// The snapshot's name or ARN, if it is one.
    pub fn snapshot(&self) -> Option<&str> {
        match self {
            Self::RestoreTime(_) => None,
            Self::Snapshot(snapshot) => Some(&snapshot.id),
        }
    }
}

/// A snapshot, as the request was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Its name or ARN, as RDS takes it.
    pub id: String,
    /// Of what.
    pub kind: SnapshotKind,
    /// `SnapshotCreateTime`.
    pub taken_at: Timestamp,
}

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SnapshotKind {
    /// A DB instance.
    Instance,
    /// A DB cluster.
    Cluster,
}

/// A snapshot as a request names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotName {
    /// Name or ARN, in the lower case in which RDS keeps both.
    pub id: String,
    /// What its ARN says it is of; a name may be of either.
    pub kind: Option<SnapshotKind>,
}

impl SnapshotName {
    /// Reads a name or an ARN: `arn:aws:rds:<region>:<account>:snapshot:<name>`, or `cluster-snapshot`.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow the field's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let id = text.to_ascii_lowercase();
        let arn = id.starts_with("arn:");
        let mut parts = id.splitn(7, ':').skip(2);
        let (kind, name) = if arn {
            let service = parts.next();
            let kind = match parts.nth(2) {
                Some("snapshot") if service == Some("rds") => SnapshotKind::Instance,
                Some("cluster-snapshot") if service == Some("rds") => SnapshotKind::Cluster,
                _ => return Err(format!("{text:?} is no ARN of an RDS snapshot")),
            };
            (Some(kind), parts.next().unwrap_or_default())
        } else {
            (None, id.as_str())
        };
        // Automated snapshots and those of AWS Backup have a prefix (RDS API reference, DescribeDBSnapshots).
        let bare = ["rds:", "awsbackup:"]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(name);
        let is_name = bare.starts_with(|first: char| first.is_ascii_alphabetic())
            && bare.len() <= 255
            && bare
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':'));
        if !is_name {
            return Err(format!("{text:?} is no name or ARN of a snapshot"));
        }
        Ok(Self { id, kind })
    }

    /// Whether RDS made it by itself; such a snapshot is found only by its type (RDS API reference,
    /// DescribeDBSnapshots).
    pub fn is_automated(&self) -> bool {
        self.id.starts_with("rds:") || self.id.contains("snapshot:rds:")
    }
}

/// What RDS shows of a snapshot's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotSight {
    /// Nothing has this name.
    Unknown,
    /// A snapshot of an instance and one of a cluster have this name.
    Ambiguous,
    /// A snapshot.
    Found(Box<FoundSnapshot>),
}

/// A snapshot as RDS shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSnapshot {
    /// Of what.
    pub kind: SnapshotKind,
    /// `Status`, lower case.
    pub status: String,
    /// `SnapshotCreateTime`; none while it has just begun.
    pub taken_at: Option<Timestamp>,
    /// The instance or cluster that it was taken of, by the name that this had then.
    pub source: String,
    /// That instance's or cluster's resource id, which outlives a change of name.
    pub resource_id: Option<String>,
    /// The engine.
    pub engine: String,
    /// Its version.
    pub engine_version: String,
    /// Whether another account shares it.
    pub shared: bool,
    /// Whether it is encrypted: then a shared one can't be restored from before it is copied (RDS user guide, "Sharing
    /// encrypted snapshots").
    pub encrypted: bool,
    /// Master user of what it was taken of.
    pub master_username: String,
    /// The storage of what it was taken of.
    pub storage: Storage,
    /// `AllocatedStorage`; none of a cluster's.
    pub gigabytes: Option<u32>,
    /// The secret with the master credentials of what it was taken of, should that be deleted.
    pub secret: DeletedSecret,
}

/// The secret of a source that was deleted, if it is there still; or why the deployment may not restore that source.
pub type DeletedSecret = Result<Option<String>, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_of_either_kind_and_an_arn_says_which() {
        let kind = |text: &str| SnapshotName::parse(text).map(|name| name.kind);
        assert_eq!(kind("before-release"), Ok(None));
        assert_eq!(kind("rds:production-2026-03-04-03-10"), Ok(None));
        let arn = "arn:aws:rds:eu-west-3:111122223333";
        assert_eq!(
            kind(&format!("{arn}:snapshot:rds:production-2026")),
            Ok(Some(SnapshotKind::Instance))
        );
        assert_eq!(
            kind(&format!("{arn}:cluster-snapshot:nightly")),
            Ok(Some(SnapshotKind::Cluster))
        );
    }

    #[test]
    fn what_names_no_snapshot_is_refused() {
        for text in [
            "arn:aws:rds:eu-west-3:111122223333:db:production",
            "arn:aws:ec2:eu-west-3:111122223333:snapshot:snap-1",
            "arn:aws:rds:eu-west-3:111122223333:snapshot:",
            "arn:aws:rds",
            "1st",
            "a b",
            "rds:",
        ] {
            assert!(SnapshotName::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_automated_snapshot_is_known_by_its_prefix() {
        let automated = |text: &str| SnapshotName::parse(text).unwrap().is_automated();
        assert!(automated("rds:production-2026-03-04"));
        assert!(automated(
            "arn:aws:rds:eu-west-3:111122223333:cluster-snapshot:rds:production-2026"
        ));
        assert!(!automated("before-release"));
    }

    #[test]
    fn a_restore_point_of_an_earlier_version_stays_readable() {
        #[derive(Serialize, Deserialize)]
        struct Request {
            #[serde(flatten)]
            point: RestorePoint,
        }
        let text = r#"{"restoreTime":"2024-01-28T14:30:00Z"}"#;
        let request: Request = serde_json::from_str(text).unwrap();
        let at = "2024-01-28T14:30:00Z".parse().unwrap();
        assert_eq!(request.point, RestorePoint::RestoreTime(at));
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
    }
}
