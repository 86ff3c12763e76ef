//! Restores arranged for tests: in a phase, with what its handler sees.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tenant_restore_events::Phase;

use crate::credentials::SecretVersion;
use crate::decision::{Decision, Setting};
use crate::effect::Effect;
use crate::error::{Cause, ErrorKind};
use crate::job::{
    ExtractReport, Failure, JobResult, LoginVerdict, Mode, Mover, PreflightReport, ProbeReport,
    TablePlan, TriedVersion, ValidateReport,
};
use crate::naming::{Deployment, Names, restore_id};
use crate::phases;
use crate::request::{Arrival, read};
use crate::restore::{Endpoint, Replication, ResourceKind, Restore, Source, Task, TaskState};
use crate::sight::{
    ClusterSight, DatabaseSight, ReplicationTaskSight, RoomSight, Seen, StorageSight, TaskSight,
};
use crate::source_kind::{ClusterSource, InstanceSource, SourceKind};
use crate::wait::Pace;

/// When all scenes begin.
pub fn begin() -> Timestamp {
    "2024-02-01T00:00:00Z".parse().unwrap()
}

pub fn setting() -> Setting {
    Setting {
        deployment: Deployment {
            name: "tenant-restore".into(),
            tag: "main".into(),
        },
        pace: Pace::default(),
        handler_timeout: 60,
        bucket: "bucket".into(),
        loads_of_class: 10,
        writer_class: None,
    }
}

/// A restore, what is seen of it, and the time.
#[derive(Clone)]
pub struct Scene {
    pub restore: Restore,
    pub seen: Seen,
    pub now: Timestamp,
}

impl Scene {
    /// A restore of `a` and `b` as it is in the phase, nothing seen yet. From `Cleanup` on it is a success.
    pub fn at(phase: Phase) -> Self {
        let detail = json!({
            "database": "shop", "schemas": ["a", "b"], "suffix": "x", "restoreTime": "2024-01-28T14:30:00Z"
        });
        let arrival = Arrival {
            event_id: "event-1",
            time: begin(),
            replayed: false,
            now: begin(),
            default_source: "production",
            snapshot: None,
        };
        let request = read(&detail, &arrival).unwrap();
        let id = restore_id("tenant-restore", "event-1");
        let mut scene = Self {
            restore: Restore::open(id, request, begin()),
            seen: Seen::default(),
            now: begin(),
        };
        for next in Phase::ALL.into_iter().filter(|next| *next <= phase).skip(1) {
            scene.leave(next);
        }
        scene
    }

    fn leave(&mut self, next: Phase) {
        let names = self.names();
        let (restore, now) = (&mut self.restore, self.now);
        match restore.phase {
            Phase::Intake => {
                restore.source = Some(Source {
                    endpoint: Some(Endpoint {
                        host: "production".into(),
                        port: 5432,
                    }),
                    secret: Some("arn:secret".into()),
                    master_username: "master".into(),
                    parameter_group: Some("group".into()),
                    kind: SourceKind::SingleAz(InstanceSource {
                        family: Some("postgres15".into()),
                        ..InstanceSource::default()
                    }),
                });
                restore.note(ResourceKind::Objects, &names.work_prefix(), now);
                self.job("preflight", TaskState::Succeeded);
            }
            Phase::Provision => {
                restore.temporary = Some(("temporary".into(), 5433));
                restore.note(ResourceKind::ParameterGroup, &names.parameter_group(), now);
                restore.confirm(&names.parameter_group());
                restore.note(ResourceKind::Database, &names.temporary_database(), now);
                restore.own(&names.temporary_database());
                restore.confirm(&names.temporary_database());
            }
            Phase::Ddl => {
                for secret in [names.source(), names.target()] {
                    restore.note(ResourceKind::Secret, &secret, now);
                    restore.own(&secret);
                    restore.confirm(&secret);
                }
                restore.secret_version = Some("v1".into());
                self.job("ddl", TaskState::Succeeded);
            }
            Phase::Finalize => restore.opened = true,
            _ => {}
        }
        self.restore.enter(next, &[], now);
        self.restore.outbox.events.clear();
    }

    /// A failed restore in its cleanup; it failed in that phase.
    pub fn failed_in(phase: Phase) -> Self {
        let mut scene = Self::at(phase);
        let cause = Cause::new(ErrorKind::CopyFailed, "a table could not be copied");
        scene.restore.fail(vec![cause], scene.now);
        scene
    }

    pub fn names(&self) -> Names {
        self.restore.names(&setting().deployment)
    }

    /// Lets seconds go by.
    pub fn later(mut self, seconds: i64) -> Self {
        self.now += SignedDuration::from_secs(seconds);
        self
    }

    /// What the handler of the restore's phase decides.
    pub fn decide(&self) -> Decision {
        self.decide_as(self.restore.phase)
    }

    /// What that handler decides.
    pub fn decide_as(&self, handler: Phase) -> Decision {
        let restore = self.restore.clone();
        phases::of(handler).decide(restore, &self.seen, &setting(), self.now)
    }

    /// Notes a worker task.
    pub fn job(&mut self, job: &str, state: TaskState) {
        let phase = self.restore.phase;
        self.restore.tasks.push(Task {
            job: job.into(),
            started_by: self.names().started_by(phase, 1, job),
            result_key: format!("{}1/{job}.json", self.names().audit_prefix()),
            arn: Some(format!("arn:{job}")),
            state,
            again: 0,
            unseen_since: None,
        });
    }

    /// A worker task that runs and is seen in that status.
    pub fn with_task(mut self, job: &str, status: &str) -> Self {
        if self.restore.task(job).is_none() {
            self.job(job, TaskState::Running);
        }
        self.seen.tasks.insert(job.into(), Some(sight(job, status)));
        self
    }

    /// A worker task that is seen stopped, with that result and exit code.
    pub fn with_result(self, job: &str, result: JobResult) -> Self {
        let mut scene = self.with_task(job, "STOPPED");
        let sight = TaskSight {
            exit_code: Some(i32::from(result.failure.is_some())),
            result: Some(Box::new(result)),
            ..sight(job, "STOPPED")
        };
        scene.seen.tasks.insert(job.into(), Some(sight));
        scene.seen.room = Some(RoomSight {
            storage: Some(StorageSight::Grows),
            quotas: Vec::new(),
            makes: Vec::new(),
        });
        scene
    }

    /// Both secrets are there, and these versions of the source's secret, one a day from the first of January on.
    pub fn with_secrets(mut self, versions: usize) -> Self {
        for name in [self.names().source(), self.names().target()] {
            self.restore.note(ResourceKind::Secret, &name, self.now);
            self.restore.own(&name);
            self.seen.secrets.insert(name, true);
        }
        let versions = (1..=versions).map(|day| SecretVersion {
            id: format!("v{day}"),
            created: format!("2024-01-{day:02}T00:00:00Z").parse().unwrap(),
        });
        self.seen
            .secret_versions
            .insert("arn:secret".into(), versions.collect());
        self
    }

    pub fn with_database(mut self, status: &str) -> Self {
        let name = self.names().temporary_database();
        let sight = DatabaseSight {
            status: status.into(),
            endpoint: Some(("temporary".into(), 5433)),
            password_pending: false,
            unapplied: None,
        };
        self.restore.note(ResourceKind::Database, &name, self.now);
        self.restore.own(&name);
        self.seen.databases.insert(name, Some(sight));
        self
    }

    /// DMS is used for the schemas at these positions; none: not known yet.
    pub fn with_dms(mut self, schemas: Option<Vec<usize>>) -> Self {
        self.restore.replication = Some(Replication {
            schemas,
            ..Replication::default()
        });
        self.seen.plan = Some(vec![
            plan("a_x", "t", Mover::Dms),
            plan("b_x", "t", Mover::Dms),
        ]);
        self
    }

    pub fn with_instance(mut self, status: &str) -> Self {
        let name = self.names().replication_instance();
        self.restore
            .note(ResourceKind::ReplicationInstance, &name, self.now);
        self.restore.own(&name);
        self.seen
            .replication_instances
            .insert(name, Some(status.into()));
        self
    }

    /// Both endpoints, their connections in that status.
    pub fn with_connections(mut self, status: &str) -> Self {
        for name in [self.names().source(), self.names().target()] {
            self.restore.note(ResourceKind::Endpoint, &name, self.now);
            self.restore.own(&name);
            self.seen
                .endpoints
                .insert(name.clone(), Some("active".into()));
            let connection = (status.to_owned(), "no route".to_owned());
            self.seen.connections.insert(name, Some(connection));
        }
        self
    }

    /// The DMS task of a schema; its table in that state.
    pub fn with_dms_task(mut self, position: usize, status: &str, table: &str) -> Self {
        let name = self.names().replication_task(position);
        self.restore
            .note(ResourceKind::ReplicationTask, &name, self.now);
        self.restore.own(&name);
        let schema = &self.restore.request.schemas[position].restored_as;
        let over = status == "stopped";
        let sight = ReplicationTaskSight {
            status: status.into(),
            stop_reason: if over {
                "Stop Reason FULL_LOAD_ONLY_FINISHED"
            } else {
                ""
            }
            .into(),
            failure: String::new(),
            tables_errored: 0,
            tables: vec![(format!("{schema}.t"), table.into())],
        };
        self.seen.replication_tasks.insert(name, Some(sight));
        self
    }

    /// The source is an Aurora cluster.
    pub fn of_cluster(mut self, cluster: ClusterSource) -> Self {
        let class = "db.r6g.large".to_owned();
        let source = self.restore.source.as_mut().unwrap();
        source.kind = SourceKind::AuroraProvisioned { cluster, class };
        self
    }

    /// The temporary cluster, in that status, with the temporary database as its writer.
    pub fn with_cluster(mut self, status: &str) -> Self {
        let sight = ClusterSight {
            status: status.into(),
            writer: Some(self.names().temporary_database()),
            password_pending: false,
        };
        let name = self.names().temporary_cluster();
        self.restore.note(ResourceKind::Cluster, &name, self.now);
        self.restore.own(&name);
        self.seen.clusters.insert(name, Some(sight));
        self
    }

    /// Every resource that was noted is seen, in a status that allows to delete it.
    pub fn with_everything_there(mut self) -> Self {
        for resource in self.restore.resources.clone() {
            let name = resource.name;
            match resource.kind {
                ResourceKind::Database => self = self.with_database("available"),
                ResourceKind::Cluster => self = self.with_cluster("available"),
                ResourceKind::ParameterGroup | ResourceKind::ClusterParameterGroup => {
                    self.seen.parameter_groups.insert(name, true);
                }
                ResourceKind::Secret => drop(self.seen.secrets.insert(name, true)),
                ResourceKind::ReplicationInstance => self = self.with_instance("available"),
                ResourceKind::Endpoint => self = self.with_connections("successful"),
                ResourceKind::ReplicationTask => {
                    let position = usize::from(name.ends_with("02"));
                    self = self.with_dms_task(position, "stopped", "Table completed");
                }
                ResourceKind::Objects => drop(self.seen.objects.insert(name, 3)),
            }
        }
        self
    }

    /// Every resource that was noted is seen to be gone.
    pub fn with_nothing_there(mut self) -> Self {
        self.seen = Seen::default();
        for resource in &self.restore.resources {
            let name = resource.name.clone();
            match resource.kind {
                ResourceKind::Database => drop(self.seen.databases.insert(name, None)),
                ResourceKind::Cluster => drop(self.seen.clusters.insert(name, None)),
                ResourceKind::ParameterGroup | ResourceKind::ClusterParameterGroup => {
                    self.seen.parameter_groups.insert(name, false);
                }
                ResourceKind::Secret => drop(self.seen.secrets.insert(name, false)),
                ResourceKind::ReplicationInstance => {
                    drop(self.seen.replication_instances.insert(name, None));
                }
                ResourceKind::Endpoint => drop(self.seen.endpoints.insert(name, None)),
                ResourceKind::ReplicationTask => {
                    drop(self.seen.replication_tasks.insert(name, None));
                }
                ResourceKind::Objects => drop(self.seen.objects.insert(name, 0)),
            }
        }
        self
    }
}

fn sight(job: &str, status: &str) -> TaskSight {
    TaskSight {
        arn: format!("arn:{job}"),
        status: status.into(),
        exit_code: None,
        reason: "OutOfMemory".into(),
        result: None,
    }
}

pub fn plan(schema: &str, table: &str, mover: Mover) -> TablePlan {
    TablePlan {
        schema: schema.into(),
        table: table.into(),
        mover,
        reason: String::new(),
        bytes: 0,
    }
}

/// A result in which every mode succeeded.
pub fn result() -> JobResult {
    JobResult {
        version: 1,
        restore_id: String::new(),
        attempt: 1,
        started_at: begin(),
        ended_at: begin(),
        failure: None,
        preflight: Some(PreflightReport {
            server_version: 150_000,
            ..PreflightReport::default()
        }),
        probe: None,
        extract: Some(ExtractReport {
            tables: Vec::new(),
            original_ddl: String::new(),
            mended: Vec::new(),
        }),
        copy: None,
        validate: Some(ValidateReport {
            level: crate::job::ValidateChoice::Full,
            tables: Vec::new(),
            differences: Vec::new(),
        }),
        drop: None,
        remarks: Vec::new(),
        timings: Vec::new(),
    }
}

/// A result of a probe: the version that logged in, with what followed; or none, and nothing followed.
pub fn probed(version: Option<&str>) -> JobResult {
    let verdict = match version {
        Some(_) => LoginVerdict::Accepted,
        None => LoginVerdict::Refused,
    };
    let tried = vec![TriedVersion {
        version: version.unwrap_or("v9").into(),
        verdict,
    }];
    let version = version.map(str::to_owned);
    JobResult {
        extract: result().extract.filter(|_| version.is_some()),
        probe: Some(ProbeReport { version, tried }),
        ..result()
    }
}

/// A result whose mode failed for a cause of that kind.
pub fn failure(mode: Mode, kind: ErrorKind) -> JobResult {
    let causes = vec![Cause::new(kind, "the worker says why")];
    JobResult {
        failure: Some(Failure { mode, causes }),
        ..result()
    }
}

/// What a decision does, in words.
pub fn done(decision: &Decision) -> Vec<String> {
    decision.effects.iter().map(Effect::describe).collect()
}

/// The kinds of the causes for which a restore fails.
pub fn kinds(restore: &Restore) -> Vec<ErrorKind> {
    kinds_of(&restore.causes)
}

/// The kinds of causes.
pub fn kinds_of(causes: &[Cause]) -> Vec<ErrorKind> {
    causes.iter().map(|cause| cause.kind).collect()
}
