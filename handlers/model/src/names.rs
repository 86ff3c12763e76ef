//! What the one restore of the model is called, and what is asked of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tenant_restore_core::decision::Setting;
use tenant_restore_core::naming::{Deployment, RestoreId, restore_id};
use tenant_restore_core::request::{Arrival, read};
use tenant_restore_core::restore::{ResourceKind, Restore};
use tenant_restore_core::wait::Pace;

/// The one instant of the model; see [`crate`] on time.
pub const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Longest run of a handler, in seconds.
pub const HANDLER_TIMEOUT: i64 = 60;

/// More runs of a job than one attempt can have.
pub const RUNS: u8 = 8;

/// Before the model's instant by so many seconds.
pub fn before(seconds: i64) -> Timestamp {
    NOW - SignedDuration::from_secs(seconds)
}

/// Names of temporary resources, as the core derives them.
#[derive(Debug, Clone)]
pub struct Names {
    /// The temporary database, and the one after it if that has no capacity.
    pub databases: [String; 2],
    /// Its parameter group.
    pub group: String,
    /// The replication instance.
    pub instance: String,
    /// Secrets and endpoints, source and target.
    pub sides: [String; 2],
    /// The DMS tasks.
    pub loads: [String; 2],
    /// The S3 prefix of what the cleanup deletes.
    pub work: String,
}

impl Names {
    /// The names of this restore's resources.
    pub fn of(setting: &Setting, id: &RestoreId) -> Self {
        let names = setting.deployment.names(id);
        Self {
            databases: [0, 1].map(|place| names.clone().at_place(place).temporary_database()),
            group: names.parameter_group(),
            instance: names.replication_instance(),
            sides: [names.source(), names.target()],
            loads: [names.replication_task(0), names.replication_task(1)],
            work: names.work_prefix(),
        }
    }

    /// What an event calls a run of a job.
    pub fn run(&self, job: &str, run: u8) -> String {
        match run % RUNS {
            0 => job.to_owned(),
            count => format!("{job}-{}", count + 1),
        }
    }

    /// Which run of a job `startedBy` names: attempts and, within them, resumptions count.
    pub fn run_of(&self, started_by: &str) -> u8 {
        let mut parts = started_by.rsplit('/');
        let resumed = parts.next().and_then(|job| job.rsplit_once('-'));
        let resumed = resumed.and_then(|(_, count)| count.parse::<u8>().ok());
        let attempt = parts.next().and_then(|text| text.parse::<u8>().ok());
        (attempt.unwrap_or(1) - 1) * RUNS + resumed.map_or(0, |count| count - 1)
    }

    /// Which of the temporary databases has this name.
    pub fn database(&self, name: &str) -> usize {
        usize::from(name == self.databases[1])
    }

    /// Which side a secret or endpoint belongs to.
    pub fn side(&self, name: &str) -> usize {
        usize::from(name == self.sides[1])
    }

    /// Which DMS task has this name.
    pub fn load(&self, name: &str) -> usize {
        usize::from(name == self.loads[1])
    }

    /// Whether a name is that of a resource of this kind.
    pub fn is_ours(&self, kind: ResourceKind, name: &str) -> bool {
        match kind {
            ResourceKind::Database => self.databases.iter().any(|it| it == name),
            ResourceKind::ParameterGroup => name == self.group,
            // The source of the model is no cluster.
            ResourceKind::Cluster | ResourceKind::ClusterParameterGroup => false,
            ResourceKind::ReplicationInstance => name == self.instance,
            ResourceKind::Secret | ResourceKind::Endpoint => self.sides.iter().any(|it| it == name),
            ResourceKind::ReplicationTask => self.loads.iter().any(|it| it == name),
            ResourceKind::Objects => name == self.work,
        }
    }
}

/// What decisions are made with.
pub fn setting() -> Setting {
    Setting {
        deployment: Deployment {
            name: "tenant-restore".to_owned(),
            tag: "main".to_owned(),
        },
        pace: Pace::default(),
        handler_timeout: HANDLER_TIMEOUT,
        bucket: "bucket".to_owned(),
        loads_of_class: 10,
        writer_class: None,
    }
}

/// A restore of so many schemas, just opened; after a failure it may be held.
pub fn restore(schemas: usize, hold: bool) -> Restore {
    let schemas: Vec<_> = ["customer_a1", "customer_b2"]
        .into_iter()
        .take(schemas)
        .collect();
    let time = before(3600).to_string();
    let on_failure = if hold { "hold" } else { "cleanup" };
    let detail = json!({
        "database": "shop", "schemas": schemas, "restoreTime": time, "onFailure": on_failure
    });
    let arrival = Arrival {
        event_id: "event-1",
        time: NOW,
        replayed: false,
        now: NOW,
        default_source: "production",
        snapshot: None,
    };
    let request = read(&detail, &arrival).expect("the request above has only valid fields");
    Restore::open(restore_id("tenant-restore", "event-1"), request, NOW)
}
