//! What a handler sees when it looks at the model's AWS.

use std::cmp::Ordering;

use tenant_restore_core::admission::Admission;
use tenant_restore_core::credentials::SecretVersion;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{
    ExtractReport, Failure, JobResult, Mode, Mover, PreflightReport, ProbeReport, TablePlan,
    ValidateChoice, ValidateReport,
};
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sight::{
    DatabaseSight, Look, ReplicationTaskSight, RoomSight, Seen, SourceInstance, SourceSight,
    StorageSight, TaskSight, Window,
};
use tenant_restore_core::source_kind::Storage;

use crate::aws::{Aws, Connection, Database, Endpoint, Job, Load, Password, Worker};
use crate::names::{NOW, Names, before};

/// What the workers find, and so which movers the restore needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Whether the preflight expects DMS.
    pub dms_expected: bool,
    /// Whether a version of the source's secret logs in to the temporary database.
    pub logs_in: bool,
    /// Whether every schema has a table for DMS.
    pub dms: bool,
    /// Whether the first schema has a table for COPY.
    pub copy: bool,
}

/// The tables of a restore under this plan.
pub fn tables(plan: Plan, restore: &Restore) -> Vec<TablePlan> {
    let table = |schema: &str, table: &str, mover| TablePlan {
        schema: schema.to_owned(),
        table: table.to_owned(),
        mover,
        reason: String::new(),
        bytes: 0,
    };
    let schemas = &restore.request.schemas;
    let mut tables = Vec::new();
    if plan.copy {
        tables.push(table(&schemas[0].restored_as, "numbers", Mover::Copy));
    }
    if plan.dms {
        tables.extend(
            schemas
                .iter()
                .map(|pair| table(&pair.restored_as, "orders", Mover::Dms)),
        );
    }
    tables
}

/// Takes all looks at once.
pub fn look(aws: &Aws, looks: &[Look], plan: Plan, restore: &Restore, names: &Names) -> Seen {
    let mut seen = Seen::default();
    for look in looks {
        match look {
            Look::Source(_) => seen.source = Some(source()),
            Look::Admission { .. } => seen.admission = Some(Admission::Admitted),
            Look::Room { .. } => {
                seen.room = Some(RoomSight {
                    storage: Some(StorageSight::Grows),
                    quotas: Vec::new(),
                    makes: Vec::new(),
                });
            }
            Look::Database(name) => {
                let sight = database(aws, names.database(name));
                seen.databases.insert(name.clone(), sight);
            }
            Look::Task {
                job: name,
                arn,
                started_by,
                ..
            } => {
                let wanted = arn.as_deref().map_or_else(
                    || {
                        Job::ALL
                            .into_iter()
                            .find(|job| job.name() == name)
                            .map(|job| (job, names.run_of(started_by)))
                    },
                    Job::of_arn,
                );
                let sight = wanted.and_then(|(job, run)| {
                    let shown = match run.cmp(&aws.runs[job as usize]) {
                        Ordering::Equal => aws.worker(job),
                        Ordering::Less => Worker::Lost,
                        Ordering::Greater => Worker::Absent,
                    };
                    task(shown, job, run, plan, restore)
                });
                seen.tasks.insert(name.clone(), sight);
            }
            Look::Strays { started_by } => {
                seen.strays = Some(at_work(aws, started_by, names).collect());
            }
            Look::ReplicationInstance(name) => {
                let status = status(aws.instance).map(str::to_owned);
                seen.replication_instances.insert(name.clone(), status);
            }
            Look::Endpoint(name) => {
                let status = match aws.endpoints[names.side(name)] {
                    Endpoint::Absent => None,
                    Endpoint::Active => Some("active".to_owned()),
                    Endpoint::Deleting => Some("deleting".to_owned()),
                };
                seen.endpoints.insert(name.clone(), status);
            }
            Look::Connection { endpoint, .. } => {
                let status = match aws.connections[names.side(endpoint)] {
                    Connection::Untested => None,
                    Connection::Testing => Some("testing"),
                    Connection::Good => Some("successful"),
                    Connection::Bad => Some("failed"),
                };
                let sight = status.map(|status| (status.to_owned(), String::new()));
                seen.connections.insert(endpoint.clone(), sight);
            }
            Look::ReplicationTask { name, .. } => {
                let at = names.load(name);
                let sight = load(aws.loads[at], at, plan, restore);
                seen.replication_tasks.insert(name.clone(), sight);
            }
            Look::Plan(_) => {
                let job = if plan.logs_in {
                    Job::Ddl
                } else {
                    Job::DdlReset
                };
                let extracted = aws.worker(job) == Worker::Succeeded;
                seen.plan = extracted.then(|| tables(plan, restore));
            }
            // The source of the model is an instance, an instant is brought back, and the schemas go into the source.
            Look::Target(_) | Look::Snapshot(_) | Look::Cluster(_) => {}
            Look::ParameterGroup { name, .. } => {
                seen.parameter_groups.insert(name.clone(), aws.group);
            }
            Look::Secret(name) => {
                seen.secrets
                    .insert(name.clone(), aws.secrets[names.side(name)]);
            }
            Look::SecretVersions(name) => {
                let version = SecretVersion {
                    id: "version-1".to_owned(),
                    created: before(24 * 3600),
                };
                seen.secret_versions.insert(name.clone(), vec![version]);
            }
            Look::Objects(prefix) => {
                seen.objects
                    .insert(prefix.clone(), usize::from(aws.objects));
            }
        }
    }
    seen
}

fn status(database: Database) -> Option<&'static str> {
    match database {
        Database::Absent | Database::Hidden => None,
        Database::Creating | Database::Made => Some("creating"),
        Database::Available => Some("available"),
        Database::Failed => Some("failed"),
        Database::Short => Some("insufficient-capacity"),
        Database::Deleting | Database::Ending => Some("deleting"),
    }
}

fn database(aws: &Aws, at: usize) -> Option<DatabaseSight> {
    let available = aws.databases[at] == Database::Available;
    Some(DatabaseSight {
        status: status(aws.databases[at])?.to_owned(),
        endpoint: available.then(|| ("temporary".to_owned(), 5432)),
        password_pending: available && aws.password == Password::Pending,
        unapplied: None,
    })
}

fn load(load: Load, at: usize, plan: Plan, restore: &Restore) -> Option<ReplicationTaskSight> {
    let status = match load {
        Load::Absent => return None,
        Load::Creating => "creating",
        Load::Ready => "ready",
        Load::Running => "running",
        Load::Finished | Load::Erred | Load::Stopped => "stopped",
        Load::Failed => "failed",
        Load::Stopping => "stopping",
        Load::Deleting => "deleting",
    };
    let finished = matches!(load, Load::Finished | Load::Erred);
    let schema = &restore.request.schemas[at].restored_as;
    let tables = tables(plan, restore);
    let tables = tables
        .iter()
        .filter(|table| table.mover == Mover::Dms && table.schema == *schema && finished)
        .map(|table| {
            (
                format!("{schema}.{}", table.table),
                "Table completed".to_owned(),
            )
        });
    Some(ReplicationTaskSight {
        status: status.to_owned(),
        stop_reason: if finished {
            "Stop Reason FULL_LOAD_ONLY_FINISHED".to_owned()
        } else {
            String::new()
        },
        failure: String::new(),
        tables_errored: i32::from(load == Load::Erred),
        tables: tables.collect(),
    })
}

fn source() -> SourceSight {
    let database = DatabaseSight {
        status: "available".to_owned(),
        endpoint: Some(("live".to_owned(), 5432)),
        password_pending: false,
        unapplied: None,
    };
    SourceSight::Instance(Box::new(SourceInstance {
        database,
        engine: "postgres".to_owned(),
        engine_version: "15.4".to_owned(),
        resource_id: "db-SOURCE".to_owned(),
        multi_az: false,
        storage: Storage {
            storage_type: "gp3".to_owned(),
            iops: None,
        },
        master_username: "master".to_owned(),
        parameter_group: None,
        secret: Ok("live".to_owned()),
        window: Window {
            earliest: Some(before(7 * 24 * 3600)),
            latest: Some(NOW),
        },
    }))
}

/// What ECS lists of those who started a task.
fn at_work(
    aws: &Aws,
    started_by: &[String],
    names: &Names,
) -> impl Iterator<Item = (String, String)> {
    Job::ALL.into_iter().filter_map(move |job| {
        let status = match aws.worker(job) {
            Worker::Running => "RUNNING",
            Worker::Stopping => "STOPPING",
            _ => return None,
        };
        let run = aws.runs[job as usize];
        let wanted = names.run(job.name(), run);
        let is_its =
            |by: &String| by.rsplit('/').next() == Some(&wanted) && names.run_of(by) == run;
        let shown = (job.arn(run), status.to_owned());
        started_by.iter().any(is_its).then_some(shown)
    })
}

fn task(worker: Worker, job: Job, run: u8, plan: Plan, restore: &Restore) -> Option<TaskSight> {
    let status = match worker {
        Worker::Absent | Worker::Hidden => return None,
        Worker::Running => "RUNNING",
        Worker::Stopping => "STOPPING",
        Worker::Succeeded | Worker::Failed | Worker::NeverRan | Worker::Killed | Worker::Lost => {
            "STOPPED"
        }
    };
    let exit_code = match worker {
        Worker::Succeeded => Some(0),
        Worker::Failed => Some(1),
        Worker::Killed | Worker::Lost => Some(137),
        _ => None,
    };
    let told = matches!(worker, Worker::Succeeded | Worker::Failed);
    Some(TaskSight {
        arn: job.arn(run),
        status: status.to_owned(),
        exit_code,
        reason: String::new(),
        result: told.then(|| Box::new(result(job, worker == Worker::Failed, plan, restore))),
    })
}

fn result(job: Job, failed: bool, plan: Plan, restore: &Restore) -> JobResult {
    let kind = if job == Job::Drop {
        ErrorKind::DropFailed
    } else {
        ErrorKind::ApplyFailed
    };
    let mode = if job == Job::Drop {
        Mode::Drop
    } else {
        Mode::ApplyPreData
    };
    let causes = vec![Cause::new(kind, "as the model wants it")];
    let extracts = job == Job::DdlReset || job == Job::Ddl && plan.logs_in;
    JobResult {
        version: 1,
        restore_id: restore.id.to_string(),
        attempt: restore.attempt,
        started_at: NOW,
        ended_at: NOW,
        failure: failed.then_some(Failure { mode, causes }),
        preflight: (job == Job::Preflight).then(|| PreflightReport {
            server_version: 150_000,
            dms_expected: plan.dms_expected,
            ..PreflightReport::default()
        }),
        probe: (job == Job::Ddl).then(|| ProbeReport {
            version: plan.logs_in.then(|| "version-1".to_owned()),
            tried: Vec::new(),
        }),
        extract: extracts.then(|| ExtractReport {
            tables: tables(plan, restore),
            original_ddl: String::new(),
            mended: Vec::new(),
        }),
        copy: None,
        validate: (job == Job::Finalize).then(|| ValidateReport {
            level: ValidateChoice::Full,
            tables: Vec::new(),
            differences: Vec::new(),
        }),
        drop: None,
        remarks: Vec::new(),
        timings: Vec::new(),
    }
}
