//! The service: its state, its tasks, its operations.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::store::Store;
use local_cloud_wire::{AwsError, Call, CallFuture, JsonService, World};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::failure::server;
use crate::state::State;
use crate::task::{Status, Stop, StopCode, Task};

/// What a task's life is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Live,
    Stop,
    Shutdown,
}

/// A task's life: how to ask it to end, and how to see that it has.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) ask: watch::Sender<Ask>,
    pub(crate) life: JoinHandle<()>,
}

/// Amazon ECS. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Ecs {
    pub(crate) world: World,
    pub(crate) config: Arc<Config>,
    state: Arc<Mutex<State>>,
    store: Arc<Store<State>>,
    running: Arc<Mutex<HashMap<String, Running>>>,
}

/// The time that tasks get to end when the server shuts down.
const SHUTDOWN: Duration = Duration::from_secs(5);

impl Ecs {
    /// Starts the service with the state of its last run. Tasks that ran then have ended, and an event says so.
    ///
    /// # Errors
    /// The state can't be read.
    pub fn start(world: World, config: Config) -> io::Result<Self> {
        let store = Store::new(world.home.join("ecs").join("state.json"));
        let state = Arc::new(Mutex::new(store.load()?));
        let ecs = Self {
            world,
            config: Arc::new(config),
            state,
            store: Arc::new(store),
            running: Arc::default(),
        };
        ecs.bury_the_dead();
        Ok(ecs)
    }

    /// Ends all tasks, for the server's own end.
    pub async fn shutdown(&self) {
        let running: Vec<Running> = self.running().drain().map(|(_, running)| running).collect();
        for one in &running {
            one.ask.send_replace(Ask::Shutdown);
        }
        let all = async {
            for one in running {
                if let Err(error) = one.life.await {
                    tracing::error!(%error, "a task's life ended badly");
                }
            }
        };
        if tokio::time::timeout(SHUTDOWN, all).await.is_err() {
            tracing::error!("some tasks did not end in time; their processes die with the server");
        }
    }

    fn bury_the_dead(&self) {
        let left: Vec<String> = self
            .state()
            .tasks
            .values()
            .filter(|task| task.stopped_at.is_none())
            .map(|task| task.id.clone())
            .collect();
        for id in left {
            self.change(&id, |task, now| {
                let stop = Stop::new(StopCode::TerminationNotice, "The local cloud was stopped");
                if task.status != Status::Deprovisioning {
                    task.deprovision(now, stop);
                }
                task.end(now);
            });
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn running(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn save(&self, state: &State) -> Result<(), AwsError> {
        self.store.save(state).map_err(|error| server(&error))
    }

    /// Changes a task, saves it, and publishes how it is then.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Task, Timestamp)) {
        let now = Timestamp::now();
        let mut state = self.state();
        let Some(task) = state.tasks.get_mut(id) else {
            return;
        };
        change(task, now);
        let event = task.event(now);
        if let Err(error) = self.save(&state) {
            tracing::error!(%error, task = id, "a task's change is not on disk");
        }
        self.world.events.publish(event);
    }

    fn answer(&self, call: &Call, body: Value) -> Result<Value, AwsError> {
        self.state()
            .forget(Timestamp::now(), self.config.stopped_visible_seconds);
        match call.action.as_str() {
            "RunTask" => return self.run_task(call, body),
            "StopTask" => return self.stop_task(body),
            "DescribeTasks" => return self.describe_tasks(body),
            _ => {}
        }
        let mut state = self.state();
        let answer = match call.action.as_str() {
            "CreateCluster" => state.create_cluster(call, body),
            "DescribeClusters" => return state.describe_clusters(body),
            "ListClusters" => return Ok(state.list_clusters()),
            "DeleteCluster" => state.delete_cluster(body),
            "RegisterTaskDefinition" => state.register(call, body),
            "DescribeTaskDefinition" => return state.describe_definition(body),
            "DeregisterTaskDefinition" => state.deregister(body),
            "ListTaskDefinitions" => return state.list_definitions(body),
            "ListTasks" => return state.list_tasks(body),
            "TagResource" => state.tag(body),
            "UntagResource" => state.untag(body),
            "ListTagsForResource" => return state.list_tags(body),
            other => {
                let message = format!("The local cloud's ECS has no operation {other}.");
                return Err(AwsError::new("UnknownOperationException", message));
            }
        }?;
        self.save(&state)?;
        Ok(answer)
    }
}

impl JsonService for Ecs {
    fn call<'a>(&'a self, call: &'a Call, body: Value) -> CallFuture<'a, Value> {
        Box::pin(std::future::ready(self.answer(call, body)))
    }
}
