//! All instances of the local cloud: their records, their running clusters, and the tasks that change them.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use local_cloud_wire::World;
use local_cloud_wire::store::Store;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::config::Config;
use crate::event::{News, event};
use crate::postgres::{Cluster, Layout, Machine, Site};
use crate::record::{Instance, State};
use crate::status::Status;

/// Shared by the service and by the tasks of its instances.
#[derive(Debug)]
pub struct Fleet {
    /// The settings.
    pub config: Config,
    /// The surroundings.
    pub world: World,
    /// What all clusters share.
    pub machine: Arc<Machine>,
    /// Where the files are.
    pub site: Site,
    state: Mutex<State>,
    store: Arc<tokio::sync::Mutex<Store<State>>>,
    clusters: Mutex<BTreeMap<String, Arc<Cluster>>>,
    tasks: Mutex<BTreeMap<String, JoinHandle<()>>>,
}

/// A lock whose holder panicked still holds a whole value: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fleet {
    /// The fleet with the records of an earlier run.
    ///
    /// # Errors
    /// The records can't be read.
    pub fn open(
        config: Config,
        world: World,
        machine: Machine,
        site: Site,
    ) -> std::io::Result<Self> {
        let store = Store::new(site.records());
        let state = store.load()?;
        Ok(Self {
            config,
            world,
            machine: Arc::new(machine),
            site,
            state: Mutex::new(state),
            store: Arc::new(tokio::sync::Mutex::new(store)),
            clusters: Mutex::default(),
            tasks: Mutex::default(),
        })
    }

    /// The records. Not to be held across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Changes the records and saves them.
    pub async fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.state());
        self.save().await;
        result
    }

    /// Saves the records as they are now. The store's lock comes first, so the last save has the last state.
    async fn save(&self) {
        let store = Arc::clone(&self.store).lock_owned().await;
        let state = self.state().clone();
        let saved = spawn_blocking(move || store.save(&state)).await;
        if let Err(error) = saved.map_err(std::io::Error::other).flatten() {
            tracing::error!(%error, "the records aren't saved: a restart will not know the last changes");
        }
    }

    /// A copy of an instance's record.
    pub fn instance(&self, identifier: &str) -> Option<Instance> {
        self.state().instances.get(identifier).cloned()
    }

    /// Changes an instance's record, if it is still there.
    pub async fn change_instance(&self, identifier: &str, change: impl FnOnce(&mut Instance)) {
        self.change(|state| state.instances.get_mut(identifier).map(change))
            .await;
    }

    /// Puts an instance into another status, if that may follow the present one. Tells whether it did.
    pub async fn set_status(&self, identifier: &str, next: Status) -> bool {
        let set = |instance: &mut Instance| {
            let may = instance.status.may_become(next);
            if may {
                instance.status = next;
            }
            may
        };
        let done = self
            .change(|state| state.instances.get_mut(identifier).is_some_and(set))
            .await;
        tracing::info!(instance = identifier, status = %next, done, "status");
        done
    }

    /// Tells something about an instance, on the bus and in `DescribeEvents`.
    pub async fn tell(&self, identifier: &str, news: &News) {
        let Some(telling) = news.telling() else {
            return;
        };
        let (event, past) = event(&self.world.region, identifier, telling, Timestamp::now());
        self.change(|state| state.remember(past)).await;
        self.world.events.publish(event);
    }

    /// The files of an instance.
    pub fn layout(&self, identifier: &str) -> Layout {
        self.site.instance(identifier)
    }

    /// The running cluster of an instance.
    pub fn cluster(&self, identifier: &str) -> Option<Arc<Cluster>> {
        lock(&self.clusters).get(identifier).cloned()
    }

    /// Keeps a cluster that has just been started, and watches that it doesn't end by itself.
    pub fn keep_cluster(self: &Arc<Self>, identifier: &str, cluster: Cluster) -> Arc<Cluster> {
        let cluster = Arc::new(cluster);
        lock(&self.clusters).insert(identifier.to_owned(), Arc::clone(&cluster));
        let (fleet, watched, identifier) = (
            Arc::clone(self),
            Arc::clone(&cluster),
            identifier.to_owned(),
        );
        tokio::spawn(async move {
            watched.ended().await;
            if fleet
                .cluster(&identifier)
                .is_some_and(|kept| Arc::ptr_eq(&kept, &watched))
            {
                tracing::error!(
                    instance = identifier,
                    "the server ended by itself; its log says why"
                );
                fleet.set_status(&identifier, Status::Failed).await;
            }
        });
        cluster
    }

    /// Takes a cluster out, to stop it.
    pub fn take_cluster(&self, identifier: &str) -> Option<Arc<Cluster>> {
        lock(&self.clusters).remove(identifier)
    }

    /// The identifiers of all running clusters.
    pub fn running(&self) -> Vec<String> {
        lock(&self.clusters).keys().cloned().collect()
    }

    /// The latest time to which an instance can be restored.
    pub fn latest_restorable_time(&self, identifier: &str) -> Option<Timestamp> {
        self.cluster(identifier)?.latest_restorable_time()
    }

    /// Makes a task the one that changes the instance. An earlier one is ended first.
    pub fn start_task(&self, identifier: &str, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        if let Some(earlier) = tasks.insert(identifier.to_owned(), tokio::spawn(task)) {
            earlier.abort();
        }
    }

    /// Ends the task that changes the instance and waits until it has ended.
    pub async fn end_task(&self, identifier: &str) {
        let task = lock(&self.tasks).remove(identifier);
        if let Some(task) = task {
            task.abort();
            // An error is what an aborted task gives.
            let _ = task.await;
        }
    }

    /// Ends all tasks.
    pub async fn end_tasks(&self) {
        let identifiers: Vec<String> = lock(&self.tasks).keys().cloned().collect();
        for identifier in identifiers {
            self.end_task(&identifier).await;
        }
    }

    /// A port that none of the instances has and that nobody listens on; the wish first, if there is one.
    pub fn free_port(&self, state: &State, wish: Option<u16>) -> Option<u16> {
        let taken = |port: &u16| state.instances.values().any(|one| one.port == *port);
        let mut ports = wish.into_iter().chain(self.config.ports());
        ports.find(|port| !taken(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok())
    }
}
