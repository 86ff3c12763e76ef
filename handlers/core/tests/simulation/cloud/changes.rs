//! The steps that resources take by themselves, and what AWS tells of them.

use super::{After, Change, Cloud, Told};
use crate::fate::Fate;

impl Cloud {
    /// Lets a resource take a step; none if it is in no state to.
    pub fn change(&mut self, change: &Change) -> After {
        let mut after = After::default();
        match change {
            Change::DatabaseMade => self.database_made(&mut after),
            Change::DatabaseAvailable => self.database_goes("creating", "available"),
            Change::PasswordSet => {
                if let Some(database) = &mut self.database {
                    database.what.password_pending = false;
                    let name = database.name.clone();
                    after.told.push(Told::Rds("RDS-EVENT-0016", name));
                }
                self.database_goes("resetting-master-credentials", "available");
            }
            Change::DatabaseGone => {
                if let Some(database) = self.database.take() {
                    after.told.push(Told::Rds("RDS-EVENT-0003", database.name));
                }
            }
            Change::InstanceMade => self.instance_made(&mut after),
            Change::InstanceGone => {
                if let Some(instance) = self.instance.take() {
                    after.told.push(Told::Dms("DMS-EVENT-0003", instance.name));
                }
            }
            Change::ConnectionTested(name) => {
                let failed = self.fate == Fate::ConnectionFails && name.ends_with("-t");
                let status = if failed { "failed" } else { "successful" };
                self.connections
                    .insert(name.clone(), (status.to_owned(), String::new()));
            }
            Change::EndpointGone(name) => drop(self.endpoints.remove(name)),
            Change::DmsTaskReady(name) => self.dms_task_steps(name, "creating", "ready"),
            Change::DmsTaskRuns(name) => {
                self.dms_task_steps(name, "starting", "running");
                let seconds = self.luck.between(5, 900);
                let stops = Change::DmsTaskStops(name.clone());
                after.changes.push((seconds, stops));
            }
            Change::DmsTaskStops(name) => self.dms_task_stops(name, &mut after),
            Change::DmsTaskGone(name) => {
                self.dms_tasks.remove(name);
                after.told.push(Told::Dms("DMS-EVENT-0073", name.clone()));
            }
            Change::WorkerStops(started_by) => self.worker_stops(started_by, &mut after),
        }
        after
    }

    fn database_goes(&mut self, from: &str, to: &str) {
        let database = self.database.as_mut().map(|it| &mut it.what);
        if let Some(database) = database.filter(|it| it.status == from) {
            database.status = to.to_owned();
        }
    }

    fn database_made(&mut self, after: &mut After) {
        if self.fate == Fate::DatabaseFails {
            return self.database_goes("creating", "restore-error");
        }
        let name = self.database.as_ref().map(|it| it.name.as_str());
        let third = name.is_none_or(|name| name.ends_with("-n2"));
        if self.fate == Fate::NoCapacityTwice && !third {
            return self.database_goes("creating", "insufficient-capacity");
        }
        if self.fate == Fate::DatabaseNeverAvailable {
            return self.database_goes("creating", "backing-up");
        }
        if let Some(database) = &mut self.database {
            database.what.endpoint = Some(("temporary".to_owned(), 5432));
            let name = database.name.clone();
            after.told.push(Told::Rds("RDS-EVENT-0019", name));
        }
        let seconds = self.luck.between(0, 120);
        after.changes.push((seconds, Change::DatabaseAvailable));
    }

    fn instance_made(&mut self, after: &mut After) {
        let fails = self.fate == Fate::InstanceFails;
        if let Some(instance) = &mut self.instance {
            instance.what = if fails { "failed" } else { "available" }.to_owned();
            let name = instance.name.clone();
            after.told.push(Told::Dms("DMS-EVENT-0005", name));
        }
    }

    fn dms_task_steps(&mut self, name: &str, from: &str, to: &str) {
        if let Some(task) = self.dms_tasks.get_mut(name).filter(|it| it.status == from) {
            task.status = to.to_owned();
        }
    }

    fn dms_task_stops(&mut self, name: &str, after: &mut After) {
        let Some(task) = self.dms_tasks.get_mut(name) else {
            return;
        };
        if !matches!(task.status.as_str(), "running" | "stopping") {
            return;
        }
        let asked = task.status == "stopping";
        task.status = "stopped".to_owned();
        task.stop_reason = match (asked, self.fate) {
            (true, _) => "Stop Reason NORMAL",
            (_, Fate::DmsTaskFails) => "Stop Reason FATAL_ERROR",
            _ => "Stop Reason FULL_LOAD_ONLY_FINISHED",
        }
        .to_owned();
        let state = match self.fate {
            Fate::DmsTableErrs => "Table error",
            _ => "Table completed",
        };
        for (_, table) in self.dms_tables.get_mut(name).into_iter().flatten() {
            *table = state.to_owned();
        }
        after
            .told
            .push(Told::Dms("DMS-EVENT-0079", name.to_owned()));
    }

    fn worker_stops(&mut self, started_by: &str, after: &mut After) {
        let Some(worker) = self.workers.get_mut(started_by).filter(|it| !it.stopped) else {
            return;
        };
        worker.stopped = true;
        let told = Told::Ecs {
            started_by: started_by.to_owned(),
        };
        after.told.push(told);
        if worker.exit_code.is_some() {
            return;
        }
        let Some(result) = self.fate.result(&worker.job) else {
            return;
        };
        let failed = result.failure.is_some();
        worker.exit_code = Some(i32::from(failed));
        match worker.name.as_str() {
            "ddl" | "ddl-reset" => self.schemas |= result.extract.is_some(),
            "drop" if !failed => self.schemas = false,
            _ => {}
        }
        self.results.insert(worker.job.result_key.clone(), result);
    }
}
