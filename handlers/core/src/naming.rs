//! What things are called. Every name is derived from the restore's id, so that each event names its restore
//! without a lookup, each call is idempotent, and rules can filter by prefix.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tenant_restore_events::Phase;

/// Longest identifier in PostgreSQL, in bytes (`NAMEDATALEN - 1`).
pub const MAX_IDENTIFIER_BYTES: usize = 63;

const ID_LENGTH: usize = 12;

/// The id of a restore: 12 lower-case base32 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RestoreId(String);

impl RestoreId {
    /// The id, if the text is one.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == ID_LENGTH
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RestoreId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
            .ok_or_else(|| format!("{text:?} is no restore id (12 characters of a-z and 2-7)"))
    }
}

impl From<RestoreId> for String {
    fn from(id: RestoreId) -> Self {
        id.0
    }
}

impl std::fmt::Display for RestoreId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of the restore that a request opens. The same request id always leads to the same restore.
pub fn restore_id(deployment: &str, request_id: &str) -> RestoreId {
    RestoreId(digest_text(&[deployment, request_id])[..ID_LENGTH].to_owned())
}

/// The id of the plan that a request asks for: never that of a restore of the same request id.
pub fn plan_id(deployment: &str, request_id: &str) -> RestoreId {
    RestoreId(digest_text(&["plan", deployment, request_id])[..ID_LENGTH].to_owned())
}

/// A digest of some texts in lower-case base32, 52 characters; the texts' borders count.
pub fn digest_text(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    BASE32_NOPAD.encode(&hash.finalize()).to_ascii_lowercase()
}

/// A deployment of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its name, also that of its bus and table.
    pub name: String,
    /// Its short tag in the names of temporary resources: a letter and up to five letters or digits.
    pub tag: String,
}

impl Deployment {
    /// The names of the resources of a restore's first attempt.
    pub fn names(&self, id: &RestoreId) -> Names {
        self.names_of(id, 1)
    }

    /// The names of the resources of one attempt of a restore. Those of the attempts differ, so that a call of an earlier
    /// one which comes late (a handler is at work as long as its time-out lets it, the sweeper even longer) finds nothing of
    /// a later one.
    pub fn names_of(&self, id: &RestoreId, attempt: u32) -> Names {
        Names {
            tag: self.tag.clone(),
            id: id.clone(),
            attempt,
            place: 0,
        }
    }

    /// The prefix of every temporary resource's name.
    pub fn prefix(&self) -> String {
        format!("tr-{}-", self.tag)
    }

    /// The restore that a temporary resource belongs to, by its name.
    pub fn restore_of(&self, resource: &str) -> Option<RestoreId> {
        let rest = resource.strip_prefix(&self.prefix())?;
        let (id, tail) = rest.split_at_checked(ID_LENGTH)?;
        (tail.is_empty() || tail.starts_with('-'))
            .then(|| RestoreId::parse(id))
            .flatten()
    }
}

/// The names of one attempt's resources. All stay within 31 characters, the limit of DMS `ResourceIdentifier`, up to the
/// 999th attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    tag: String,
    id: RestoreId,
    attempt: u32,
    place: u32,
}

impl Names {
    /// The same, for a temporary DB instance that is tried from this place on ([`crate::restore::Placing`]).
    pub fn at_place(self, place: u32) -> Self {
        Self { place, ..self }
    }

    /// The prefix of all names.
    fn prefix(&self) -> String {
        format!("tr-{}-{}", self.tag, self.stem())
    }

    /// The id, and the attempt if it isn't the first.
    fn stem(&self) -> String {
        match self.attempt {
            0 | 1 => self.id.to_string(),
            attempt => format!("{}-{attempt}", self.id),
        }
    }

    /// The temporary DB instance; after one without capacity, another.
    pub fn temporary_database(&self) -> String {
        match self.place {
            0 => self.prefix(),
            place => format!("{}-n{place}", self.prefix()),
        }
    }

    /// The temporary Aurora cluster, whose writer is the temporary DB instance.
    pub fn temporary_cluster(&self) -> String {
        format!("{}-c", self.prefix())
    }

    /// The parameter group of the temporary DB instance.
    pub fn parameter_group(&self) -> String {
        format!("{}-p", self.prefix())
    }

    /// The parameter group of the temporary cluster.
    pub fn cluster_parameter_group(&self) -> String {
        format!("{}-cp", self.prefix())
    }

    /// The secret with the temporary database's master credentials; also the DMS source endpoint.
    pub fn source(&self) -> String {
        format!("{}-s", self.prefix())
    }

    /// The secret with the login role on production; also the DMS target endpoint.
    pub fn target(&self) -> String {
        format!("{}-t", self.prefix())
    }

    /// The DMS replication instance.
    pub fn replication_instance(&self) -> String {
        format!("{}-i", self.prefix())
    }

    /// The DMS task of the schema at this position of the request, from 0.
    pub fn replication_task(&self, position: usize) -> String {
        format!("{}-k{:02}", self.prefix(), position + 1)
    }

    /// The login role on production.
    pub fn loader_role(&self) -> String {
        format!("tr_{}_{}", self.tag, self.id)
    }

    /// The value of the tag `tenant-restore:restore`. It names the resource too, because restored databases
    /// inherit the tags of their source.
    pub fn tag_value(&self, resource: &str) -> String {
        format!("{}/{resource}", self.id)
    }

    /// `startedBy` of an ECS task.
    pub fn started_by(&self, phase: Phase, attempt: u32, job: &str) -> String {
        format!("tr-{}/{phase}/{}/{attempt}/{job}", self.tag, self.id)
    }

    /// S3 prefix of what the cleanup deletes.
    pub fn work_prefix(&self) -> String {
        format!("work/{}/", self.stem())
    }

    /// S3 prefix of what stays.
    pub fn audit_prefix(&self) -> String {
        format!("audit/{}/", self.id)
    }

    /// S3 key of what a DMS task told of its tables: DMS forgets it with the task.
    pub fn replicated_tables(&self, task: &str) -> String {
        format!("{}{task}.json", self.audit_prefix())
    }
}

/// Whose task an ECS event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedBy {
    /// The phase that started it.
    pub phase: Phase,
    /// The restore.
    pub id: RestoreId,
    /// Its attempt.
    pub attempt: u32,
    /// The job.
    pub job: String,
}

impl Deployment {
    /// Reads `startedBy`; none if it isn't this deployment's.
    pub fn started_by(&self, text: &str) -> Option<StartedBy> {
        let rest = text
            .strip_prefix("tr-")?
            .strip_prefix(self.tag.as_str())?
            .strip_prefix('/')?;
        let mut parts = rest.splitn(4, '/');
        Some(StartedBy {
            phase: Phase::parse(parts.next()?)?,
            id: RestoreId::parse(parts.next()?)?,
            attempt: parts.next()?.parse().ok()?,
            job: parts.next()?.to_owned(),
        })
    }
}

/// The name of a restored schema: `schema_suffix`. A name that would exceed PostgreSQL's limit keeps its head, a
/// digest and the whole suffix, so that two long names never meet in one.
pub fn restored_name(schema: &str, suffix: &str) -> String {
    let full = format!("{schema}_{suffix}");
    if full.len() <= MAX_IDENTIFIER_BYTES {
        return full;
    }
    let digest = &digest_text(&[schema])[..6];
    let room = MAX_IDENTIFIER_BYTES.saturating_sub(suffix.len() + digest.len() + 2);
    let head = &schema[..schema.floor_char_boundary(room)];
    format!("{head}_{digest}_{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Deployment {
        Deployment {
            name: "tenant-restore".into(),
            tag: "abcdef".into(),
        }
    }

    #[test]
    fn the_same_request_id_is_the_same_restore_and_another_deployment_another_one() {
        let id = restore_id("tenant-restore", "ticket-1");
        assert_eq!(id, restore_id("tenant-restore", "ticket-1"));
        assert_ne!(id, restore_id("tenant-restore", "ticket-2"));
        assert_ne!(id, restore_id("tenant-restor", "eticket-1"));
        assert_ne!(id, plan_id("tenant-restore", "ticket-1"));
        assert!(RestoreId::parse(id.as_str()).is_some());
    }

    #[test]
    fn every_name_stays_within_the_limit_of_dms_and_names_its_restore() {
        let deployment = deployment();
        let id = restore_id("tenant-restore", "ticket-1");
        for attempt in [1, 999] {
            for name in all(&deployment.names_of(&id, attempt)) {
                assert!(name.len() <= 31, "{name}");
                assert_eq!(deployment.restore_of(&name), Some(id.clone()), "{name}");
            }
        }
    }

    fn all(names: &Names) -> [String; 8] {
        [
            names.temporary_database(),
            names.temporary_cluster(),
            names.parameter_group(),
            names.cluster_parameter_group(),
            names.source(),
            names.target(),
            names.replication_instance(),
            names.replication_task(89),
        ]
    }

    #[test]
    fn only_the_instance_is_named_by_its_place() {
        let id = restore_id("tenant-restore", "ticket-1");
        let names = |place| all(&deployment().names_of(&id, 999).at_place(place));
        let (first, moved) = (names(0), names(99));
        assert_eq!(first[1..], moved[1..]);
        assert!(!first.contains(&moved[0]));
        assert!(moved[0].len() <= 31, "{}", moved[0]);
        assert_eq!(deployment().restore_of(&moved[0]), Some(id));
    }

    #[test]
    fn a_late_call_of_an_earlier_attempt_finds_nothing_of_a_later_one() {
        let id = restore_id("tenant-restore", "ticket-1");
        let names = |attempt| {
            let names = deployment().names_of(&id, attempt);
            let objects = names.work_prefix();
            all(&names).into_iter().chain([objects]).collect::<Vec<_>>()
        };
        for later in names(2) {
            assert!(!names(1).contains(&later), "{later}");
            assert!(!names(12).contains(&later), "{later}");
        }
        // Deletions of objects go by prefix.
        let key = format!("{}2/ddl.json", names(2)[8]);
        assert!(!key.starts_with(&names(1)[8]), "{key}");
    }

    #[test]
    fn names_of_others_are_not_ours() {
        let other = Deployment {
            name: "b".into(),
            tag: "abc".into(),
        };
        let name = deployment()
            .names(&restore_id("x", "y"))
            .temporary_database();
        assert_eq!(other.restore_of(&name), None);
        assert_eq!(deployment().restore_of("production"), None);
        assert_eq!(deployment().restore_of("tr-abcdef-short"), None);
        assert_eq!(deployment().restore_of("tr-abcdef-abcdefghijklm"), None);
    }

    #[test]
    fn started_by_names_phase_restore_attempt_and_job() {
        let deployment = deployment();
        let id = restore_id("x", "y");
        let text = deployment.names(&id).started_by(Phase::Ddl, 2, "extract");
        assert!(text.len() <= 128);
        let expected = StartedBy {
            phase: Phase::Ddl,
            id,
            attempt: 2,
            job: "extract".into(),
        };
        assert_eq!(deployment.started_by(&text), Some(expected));
        assert_eq!(deployment.started_by("ecs-svc/123"), None);
    }

    #[test]
    fn a_restored_name_never_exceeds_63_bytes_and_keeps_the_suffix_whole() {
        let suffix = "20240128143000";
        assert_eq!(
            restored_name("customer_a1", suffix),
            "customer_a1_20240128143000"
        );
        let long = "x".repeat(63);
        let other = format!("{}y", "x".repeat(62));
        let (first, second) = (restored_name(&long, suffix), restored_name(&other, suffix));
        assert_ne!(first, second);
        for name in [first, second, restored_name(&"日".repeat(21), suffix)] {
            assert!(name.len() <= MAX_IDENTIFIER_BYTES, "{name}");
            assert!(name.ends_with("_20240128143000"), "{name}");
        }
    }
}
