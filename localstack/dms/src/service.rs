//! The service: its state and its operations.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use local_cloud_wire::events::Event;
use local_cloud_wire::faults::Service;
use local_cloud_wire::store::Store;
use local_cloud_wire::{AwsError, Call, CallFuture, JsonService, World};
use serde_json::Value;
use tokio::sync::watch;

use crate::config::Config;
use crate::connection::Tested;
use crate::failure::internal;
use crate::fault;
use crate::instance::{Instance, Status as InstanceStatus};
use crate::state::State;
use crate::task::Status as TaskStatus;

/// AWS DMS. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Dms {
    pub(crate) world: World,
    pub(crate) config: Arc<Config>,
    state: Arc<Mutex<State>>,
    store: Arc<Store<State>>,
    stops: Arc<Mutex<HashMap<String, watch::Sender<bool>>>>,
}

impl Dms {
    /// Starts the service with the state of its last run. Must run inside a tokio runtime.
    ///
    /// What AWS was about to do goes on; tasks that were running have failed.
    ///
    /// # Errors
    /// The state can't be read.
    pub fn start(world: World, config: Config) -> io::Result<Self> {
        let store = Store::new(world.home.join("dms").join("state.json"));
        let state = Arc::new(Mutex::new(store.load()?));
        let dms = Self {
            world,
            config: Arc::new(config),
            state,
            store: Arc::new(store),
            stops: Arc::default(),
        };
        dms.go_on();
        Ok(dms)
    }

    fn go_on(&self) {
        self.go_on_with_instances();
        self.go_on_with_tasks();
        let deleting: Vec<String> = self
            .state()
            .endpoints
            .iter()
            .filter(|one| one.is_deleting())
            .map(|one| one.arn.clone())
            .collect();
        for arn in deleting {
            let dms = self.clone();
            tokio::spawn(async move { dms.remove_endpoint(&arn).await });
        }
        self.change(|state| {
            for connection in state
                .connections
                .iter_mut()
                .filter(|one| one.tested == Tested::Testing)
            {
                connection.tested = Tested::Failed("The local cloud was stopped".into());
            }
            None
        });
    }

    fn go_on_with_instances(&self) {
        let instances = self.state().instances.clone();
        for Instance {
            arn,
            identifier,
            status,
            ..
        } in instances
        {
            let dms = self.clone();
            tokio::spawn(async move {
                match status {
                    InstanceStatus::Creating => dms.provision(&arn, &identifier).await,
                    InstanceStatus::Deleting => dms.dismantle(&arn, &identifier).await,
                    InstanceStatus::Available
                    | InstanceStatus::Failed
                    | InstanceStatus::IncompatibleNetwork => {}
                }
            });
        }
    }

    fn go_on_with_tasks(&self) {
        let tasks = self.state().tasks.clone();
        for task in tasks {
            let dms = self.clone();
            tokio::spawn(async move {
                match task.status {
                    TaskStatus::Creating => dms.make_ready(&task.arn).await,
                    TaskStatus::Deleting => dms.remove_task(&task.arn).await,
                    TaskStatus::Starting | TaskStatus::Running | TaskStatus::Stopping => {
                        dms.interrupted(&task);
                    }
                    TaskStatus::Ready | TaskStatus::Stopped | TaskStatus::Failed => {}
                }
            });
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stops(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<bool>>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn save(&self, state: &State) -> Result<(), AwsError> {
        self.store.save(state).map_err(|error| internal(&error))
    }

    /// Changes the state, saves it, and publishes what happened.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State) -> Option<Event>) {
        let mut state = self.state();
        let event = change(&mut state);
        if let Err(error) = self.save(&state) {
            tracing::error!(%error, "a change of DMS's state is not on disk");
        }
        if let Some(event) = event {
            self.world.events.publish(event);
        }
    }

    /// Whether Describe operations know a resource already: by a fault, they take their time.
    fn shows(&self, identifier: &str, created_at: Timestamp) -> bool {
        let Some(fault) = self
            .world
            .faults
            .strikes(Service::Dms, fault::DESCRIBE_LAG, identifier)
        else {
            return true;
        };
        let age = Timestamp::now().duration_since(created_at).as_millis();
        age >= i128::from(fault.ms.unwrap_or(1000))
    }

    fn answer(&self, call: &Call, body: Value) -> Result<Value, AwsError> {
        match call.action.as_str() {
            "CreateReplicationInstance" => return self.create_instance(call, body),
            "DeleteReplicationInstance" => return self.delete_instance(body),
            "DeleteEndpoint" => return self.delete_endpoint(body),
            "TestConnection" => return self.test_connection(call, body),
            "CreateReplicationTask" => return self.create_task(call, body),
            "StartReplicationTask" => return self.start_task(call, body),
            "StopReplicationTask" => return self.stop_task(body),
            "DeleteReplicationTask" => return self.delete_task(body),
            _ => {}
        }
        let mut state = self.state();
        match call.action.as_str() {
            "DescribeReplicationSubnetGroups" => return state.describe_subnet_groups(body),
            "DescribeReplicationInstances" => {
                return state
                    .describe_instances(body, |one| self.shows(&one.identifier, one.created_at));
            }
            "DescribeAccountAttributes" => {
                return Ok(state.describe_account(call, &self.config.quotas));
            }
            "DescribeEndpoints" => return state.describe_endpoints(body),
            "DescribeCertificates" => return state.describe_certificates(body),
            "DescribeConnections" => return state.describe_connections(body),
            "DescribeReplicationTasks" => {
                return state
                    .describe_tasks(body, |one| self.shows(&one.identifier, one.created_at));
            }
            "DescribeTableStatistics" => return state.describe_statistics(body),
            "DescribeEvents" => return state.describe_events(body),
            "ListTagsForResource" => return state.list_tags(body),
            _ => {}
        }
        let answer = match call.action.as_str() {
            "CreateReplicationSubnetGroup" => state.create_subnet_group(call, body),
            "ModifyReplicationSubnetGroup" => state.modify_subnet_group(body),
            "DeleteReplicationSubnetGroup" => state.delete_subnet_group(body),
            "ModifyReplicationInstance" => state.modify_instance(body),
            "CreateEndpoint" => state.create_endpoint(call, body, &self.config.quotas),
            "ImportCertificate" => state.import_certificate(call, body),
            "DeleteCertificate" => state.delete_certificate(body),
            "DeleteConnection" => state.delete_connection(body),
            "AddTagsToResource" => state.add_tags(body),
            "RemoveTagsFromResource" => state.remove_tags(body),
            other => {
                let message = format!("The local cloud's DMS has no operation {other}.");
                return Err(AwsError::new("UnknownOperationException", message));
            }
        }?;
        self.save(&state)?;
        Ok(answer)
    }
}

impl JsonService for Dms {
    fn call<'a>(&'a self, call: &'a Call, body: Value) -> CallFuture<'a, Value> {
        Box::pin(std::future::ready(self.answer(call, body)))
    }
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
