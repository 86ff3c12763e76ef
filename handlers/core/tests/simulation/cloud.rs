//! A tiny AWS: resources that go their way step by step and send events on it. It refuses what AWS refuses, and panics
//! where a handler would do harm.

use std::collections::{BTreeMap, BTreeSet};

use tenant_restore_core::credentials::SecretVersion;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{Job, JobResult, Mode};
use tenant_restore_core::sight::{
    DatabaseSight, Look, ReplicationTaskSight, RoomSight, Seen, SourceInstance, SourceSight,
    StorageSight, TaskSight, Window,
};
use tenant_restore_core::source_kind::Storage;

mod changes;

use crate::fate::Fate;
use crate::luck::Luck;

/// A step that a resource takes by itself.
#[derive(Debug, Clone)]
pub enum Change {
    DatabaseMade,
    DatabaseAvailable,
    PasswordSet,
    DatabaseGone,
    InstanceMade,
    InstanceGone,
    ConnectionTested(String),
    EndpointGone(String),
    DmsTaskReady(String),
    DmsTaskRuns(String),
    DmsTaskStops(String),
    DmsTaskGone(String),
    WorkerStops(String),
}

/// What a change is told as: the event's id and the resource, or the end of a worker task.
pub enum Told {
    Rds(&'static str, String),
    Dms(&'static str, String),
    Ecs { started_by: String },
}

/// What follows a change or a call: more changes after so many seconds, and events.
#[derive(Default)]
pub struct After {
    pub changes: Vec<(i64, Change)>,
    pub told: Vec<Told>,
}

pub struct Worker {
    pub job: Job,
    name: String,
    arn: String,
    stopped: bool,
    exit_code: Option<i32>,
}

/// The one thing of its kind that there is at a time.
pub struct Named<T> {
    pub name: String,
    pub what: T,
}

pub struct Cloud {
    pub fate: Fate,
    pub luck: Luck,
    pub database: Option<Named<DatabaseSight>>,
    pub parameter_groups: BTreeSet<String>,
    pub instance: Option<Named<String>>,
    pub endpoints: BTreeMap<String, String>,
    pub connections: BTreeMap<String, (String, String)>,
    pub dms_tasks: BTreeMap<String, ReplicationTaskSight>,
    dms_tables: BTreeMap<String, Vec<(String, String)>>,
    pub workers: BTreeMap<String, Worker>,
    pub secrets: BTreeSet<String>,
    pub objects: BTreeSet<String>,
    results: BTreeMap<String, JobResult>,
    /// Whether restored schemas are in production.
    pub schemas: bool,
}

fn busy<T>(what: &str) -> Result<T, Cause> {
    Err(Cause::new(ErrorKind::Busy, what))
}

impl Cloud {
    pub fn new(fate: Fate, luck: Luck) -> Self {
        Self {
            fate,
            luck,
            database: None,
            parameter_groups: BTreeSet::new(),
            instance: None,
            endpoints: BTreeMap::new(),
            connections: BTreeMap::new(),
            dms_tasks: BTreeMap::new(),
            dms_tables: BTreeMap::new(),
            workers: BTreeMap::new(),
            secrets: BTreeSet::new(),
            objects: BTreeSet::new(),
            results: BTreeMap::new(),
            schemas: false,
        }
    }

    pub fn look(&self, looks: &[Look]) -> Seen {
        let mut seen = Seen::default();
        for look in looks {
            match look {
                Look::Source(_) => seen.source = Some(source()),
                // Not of AWS.
                Look::Admission { .. } => {}
                Look::Room { .. } => {
                    seen.room = Some(RoomSight {
                        storage: Some(StorageSight::Grows),
                        quotas: Vec::new(),
                        makes: Vec::new(),
                    });
                }
                Look::Target(_) | Look::Snapshot(_) | Look::Cluster(_) => {
                    panic!("no such thing here: {look:?}")
                }
                Look::ParameterGroup { name, .. } => {
                    let there = self.parameter_groups.contains(name);
                    seen.parameter_groups.insert(name.clone(), there);
                }
                Look::Database(name) => {
                    let database = named(self.database.as_ref(), name).cloned();
                    seen.databases.insert(name.clone(), database);
                }
                Look::Task {
                    job, started_by, ..
                } => {
                    seen.tasks.insert(job.clone(), self.worker(started_by));
                }
                Look::Strays { started_by } => {
                    let at_work =
                        |by: &&String| self.workers.get(*by).is_some_and(|it| !it.stopped);
                    let task = |by: &String| (self.workers[by].arn.clone(), "RUNNING".to_owned());
                    seen.strays = Some(started_by.iter().filter(at_work).map(task).collect());
                }
                Look::ReplicationInstance(name) => {
                    let instance = named(self.instance.as_ref(), name).cloned();
                    seen.replication_instances.insert(name.clone(), instance);
                }
                Look::Endpoint(name) => {
                    seen.endpoints
                        .insert(name.clone(), self.endpoints.get(name).cloned());
                }
                Look::Connection { endpoint, .. } => {
                    seen.connections
                        .insert(endpoint.clone(), self.connections.get(endpoint).cloned());
                }
                Look::ReplicationTask { name, tables } => {
                    let mut sight = self.dms_tasks.get(name).cloned();
                    if let Some(sight) = sight.as_mut().filter(|_| *tables) {
                        sight.tables = self.dms_tables[name].clone();
                    }
                    seen.replication_tasks.insert(name.clone(), sight);
                }
                Look::Plan(key) => {
                    let report = self.results.get(key).and_then(|it| it.extract.clone());
                    seen.plan = report.map(|report| report.tables);
                }
                Look::Secret(name) => {
                    seen.secrets
                        .insert(name.clone(), self.secrets.contains(name));
                }
                Look::SecretVersions(name) => {
                    seen.secret_versions.insert(name.clone(), vec![version()]);
                }
                Look::Objects(prefix) => {
                    let count = self.objects.iter().filter(|key| key.starts_with(prefix));
                    seen.objects.insert(prefix.clone(), count.count());
                }
            }
        }
        seen
    }

    fn worker(&self, started_by: &str) -> Option<TaskSight> {
        let worker = self.workers.get(started_by)?;
        let status = if worker.stopped { "STOPPED" } else { "RUNNING" };
        let result = self.results.get(&worker.job.result_key).cloned();
        Some(TaskSight {
            arn: worker.arn.clone(),
            status: status.to_owned(),
            exit_code: worker.exit_code,
            reason: String::new(),
            result: result.filter(|_| worker.stopped).map(Box::new),
        })
    }

    pub fn is_at_work(&self) -> bool {
        self.workers.values().any(|worker| !worker.stopped)
    }

    pub fn restore_database(&mut self, name: &str, after: &mut After) {
        if let Some(database) = &self.database {
            assert_eq!(database.name, name, "two databases at once");
            return;
        }
        self.database = Some(Named {
            name: name.to_owned(),
            what: DatabaseSight {
                status: "creating".to_owned(),
                endpoint: None,
                password_pending: false,
                unapplied: None,
            },
        });
        let seconds = self.luck.between(60, 900);
        after.changes.push((seconds, Change::DatabaseMade));
    }

    pub fn reset_password(&mut self, name: &str, after: &mut After) -> Result<(), Cause> {
        let Some(database) = named_mut(self.database.as_mut(), name) else {
            return busy("no database");
        };
        if !matches!(
            database.status.as_str(),
            "available" | "resetting-master-credentials"
        ) {
            return busy("database");
        }
        database.status = "resetting-master-credentials".to_owned();
        database.password_pending = true;
        let seconds = self.luck.between(1, 40);
        after.changes.push((seconds, Change::PasswordSet));
        Ok(())
    }

    pub fn run_task(
        &mut self,
        name: &str,
        key: &str,
        started_by: &str,
        job: &Job,
        after: &mut After,
    ) -> String {
        self.objects.insert(key.to_owned());
        if let Some(worker) = self.workers.get(started_by) {
            return worker.arn.clone();
        }
        if job.modes == [Mode::Drop] {
            assert!(!self.is_at_work(), "drop while another worker is at work");
            let moving = |task: &ReplicationTaskSight| task.status == "running";
            assert!(!self.dms_tasks.values().any(moving), "drop while DMS moves");
        }
        let arn = format!("arn:{started_by}");
        self.workers.insert(
            started_by.to_owned(),
            Worker {
                job: job.clone(),
                name: name.to_owned(),
                arn: arn.clone(),
                stopped: false,
                exit_code: None,
            },
        );
        let seconds = self.luck.between(5, 600);
        after
            .changes
            .push((seconds, Change::WorkerStops(started_by.to_owned())));
        arn
    }

    pub fn stop_task(&mut self, arn: &str, after: &mut After) {
        let found = self.workers.iter_mut().find(|(_, it)| it.arn == arn);
        if let Some((started_by, worker)) = found.filter(|(_, it)| !it.stopped) {
            // What it was at is not done; it may have begun.
            self.schemas |= worker.name.starts_with("ddl");
            worker.exit_code = Some(143);
            let seconds = self.luck.between(1, 30);
            after
                .changes
                .push((seconds, Change::WorkerStops(started_by.clone())));
        }
    }

    pub fn create_instance(&mut self, name: &str, after: &mut After) {
        if let Some(instance) = &self.instance {
            assert_eq!(instance.name, name, "two replication instances at once");
            return;
        }
        self.instance = Some(Named {
            name: name.to_owned(),
            what: "creating".to_owned(),
        });
        let seconds = self.luck.between(60, 900);
        after.changes.push((seconds, Change::InstanceMade));
    }

    fn has_instance(&self) -> bool {
        let instance = self.instance.as_ref();
        instance.is_some_and(|instance| instance.what == "available")
    }

    pub fn test_connection(&mut self, endpoint: &str, after: &mut After) -> Result<(), Cause> {
        if !self.has_instance() || !self.endpoints.contains_key(endpoint) {
            return busy("connection");
        }
        let testing = ("testing".to_owned(), String::new());
        self.connections.insert(endpoint.to_owned(), testing);
        let seconds = self.luck.between(1, 60);
        after
            .changes
            .push((seconds, Change::ConnectionTested(endpoint.to_owned())));
        Ok(())
    }

    pub fn create_dms_task(
        &mut self,
        name: &str,
        schema: &str,
        tables: &[String],
        after: &mut After,
    ) -> Result<(), Cause> {
        if self.dms_tasks.contains_key(name) {
            return Ok(());
        }
        if !self.has_instance() {
            return busy("instance");
        }
        let sight = ReplicationTaskSight {
            status: "creating".to_owned(),
            stop_reason: String::new(),
            failure: String::new(),
            tables_errored: 0,
            tables: Vec::new(),
        };
        self.dms_tasks.insert(name.to_owned(), sight);
        let state = |table: &String| (format!("{schema}.{table}"), "Table completed".to_owned());
        self.dms_tables
            .insert(name.to_owned(), tables.iter().map(state).collect());
        let seconds = self.luck.between(1, 30);
        after
            .changes
            .push((seconds, Change::DmsTaskReady(name.to_owned())));
        Ok(())
    }

    pub fn start_dms_task(
        &mut self,
        name: &str,
        reload: bool,
        after: &mut After,
    ) -> Result<(), Cause> {
        let next = Change::DmsTaskRuns(name.to_owned());
        let from: &[&str] = if reload {
            &["stopped", "failed"]
        } else {
            &["ready"]
        };
        self.dms_task_goes(name, from, "starting", next, after)
    }

    pub fn stop_dms_task(&mut self, name: &str, after: &mut After) -> Result<(), Cause> {
        let next = Change::DmsTaskStops(name.to_owned());
        self.dms_task_goes(name, &["running"], "stopping", next, after)
    }

    pub fn delete_dms_task(&mut self, name: &str, after: &mut After) -> Result<(), Cause> {
        if !self.dms_tasks.contains_key(name) {
            return Ok(());
        }
        let next = Change::DmsTaskGone(name.to_owned());
        let from = ["ready", "stopped", "failed"];
        self.dms_task_goes(name, &from, "deleting", next, after)
    }

    fn dms_task_goes(
        &mut self,
        name: &str,
        from: &[&str],
        to: &str,
        next: Change,
        after: &mut After,
    ) -> Result<(), Cause> {
        match self.dms_tasks.get_mut(name) {
            Some(task) if from.contains(&task.status.as_str()) => task.status = to.to_owned(),
            _ => return busy(name),
        }
        after.changes.push((self.luck.between(1, 30), next));
        Ok(())
    }

    pub fn delete_endpoint(&mut self, name: &str, after: &mut After) {
        if let Some(status) = self.endpoints.get_mut(name) {
            assert!(self.dms_tasks.is_empty(), "endpoint deleted before tasks");
            *status = "deleting".to_owned();
            let seconds = self.luck.between(1, 30);
            after
                .changes
                .push((seconds, Change::EndpointGone(name.to_owned())));
        }
    }

    pub fn delete_instance(&mut self, name: &str, after: &mut After) -> Result<(), Cause> {
        let Some(instance) = named_mut(self.instance.as_mut(), name) else {
            return Ok(());
        };
        assert!(self.dms_tasks.is_empty(), "instance deleted before tasks");
        match instance.as_str() {
            "creating" | "deleting" => busy("instance"),
            _ => {
                *instance = "deleting".to_owned();
                let seconds = self.luck.between(10, 300);
                after.changes.push((seconds, Change::InstanceGone));
                Ok(())
            }
        }
    }

    pub fn delete_database(&mut self, name: &str, after: &mut After) -> Result<(), Cause> {
        match named_mut(self.database.as_mut(), name) {
            None => Ok(()),
            Some(database) if matches!(database.status.as_str(), "creating" | "deleting") => {
                busy("database")
            }
            Some(database) => {
                database.status = "deleting".to_owned();
                let seconds = self.luck.between(10, 300);
                after.changes.push((seconds, Change::DatabaseGone));
                Ok(())
            }
        }
    }

    pub fn delete_parameter_group(&mut self, name: &str) {
        let there = self.parameter_groups.remove(name);
        assert!(
            !there || self.database.is_none(),
            "parameter group deleted under its database"
        );
    }

    pub fn delete_secret(&mut self, name: &str) {
        let there = self.secrets.remove(name);
        let used = there && self.is_at_work();
        assert!(!used, "secret deleted under a worker");
    }

    pub fn delete_objects(&mut self, prefix: &str) {
        let before = self.objects.len();
        self.objects.retain(|key| !key.starts_with(prefix));
        let used = self.objects.len() < before && self.is_at_work();
        assert!(!used, "objects deleted under a worker");
    }
}

fn named<'a, T>(there: Option<&'a Named<T>>, name: &str) -> Option<&'a T> {
    there.filter(|it| it.name == name).map(|it| &it.what)
}

fn named_mut<'a, T>(there: Option<&'a mut Named<T>>, name: &str) -> Option<&'a mut T> {
    there.filter(|it| it.name == name).map(|it| &mut it.what)
}

fn version() -> SecretVersion {
    SecretVersion {
        id: "version-1".to_owned(),
        created: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn source() -> SourceSight {
    SourceSight::Instance(Box::new(SourceInstance {
        database: DatabaseSight {
            status: "available".to_owned(),
            endpoint: Some(("production".to_owned(), 5432)),
            password_pending: false,
            unapplied: None,
        },
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
        secret: Ok("arn:secret".to_owned()),
        window: Window {
            earliest: "2024-01-01T00:00:00Z".parse().ok(),
            latest: "2024-02-01T00:00:00Z".parse().ok(),
        },
    }))
}
