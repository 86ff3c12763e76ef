//! All instances of the local cloud: their records, their running servers, and the tasks that change them.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use local_cloud_wire::World;
use local_cloud_wire::faults::Service;
use local_cloud_wire::store::Store;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::sleep;

use crate::cluster_status::ClusterStatus;
use crate::config::{Config, DeletionEvent};
use crate::event::{ClusterNews, News, Subject, Telling, event};
use crate::faults::BACKUPS_LAG;
use crate::postgres::{Layout, Machine, Server, ServerError, Site, Stop};
use crate::record::{DbCluster, Holder, Instance, ParameterGroup, State};
use crate::status::Status;

/// How often the records are looked at for a condition.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Shared by the service and by the tasks of its instances.
#[derive(Debug)]
pub struct Fleet {
    /// The settings.
    pub config: Config,
    /// The surroundings.
    pub world: World,
    /// What all servers share.
    pub machine: Arc<Machine>,
    /// Where the files are.
    pub site: Site,
    state: Mutex<State>,
    store: Arc<tokio::sync::Mutex<Store<State>>>,
    servers: Mutex<BTreeMap<Holder, Arc<Server>>>,
    tasks: Mutex<BTreeMap<Holder, JoinHandle<()>>>,
    work: Mutex<JoinSet<()>>,
    stopping: Mutex<JoinSet<()>>,
}

/// A lock whose holder panicked still holds a whole value: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spawns a task and lets go of those that have ended.
fn spawn_on(set: &Mutex<JoinSet<()>>, task: impl Future<Output = ()> + Send + 'static) {
    let mut set = lock(set);
    while set.try_join_next().is_some() {}
    set.spawn(task);
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
            servers: Mutex::default(),
            tasks: Mutex::default(),
            work: Mutex::default(),
            stopping: Mutex::default(),
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

    /// Notes what of its parameter group an instance's server was just started with and can't take later.
    pub async fn note_start(&self, identifier: &str) {
        self.change(|state| {
            let one = state.instances.get_mut(identifier)?;
            let group = state.parameter_groups.get(&one.choices.parameter_group);
            one.started_with = group
                .map(ParameterGroup::values_at_start)
                .unwrap_or_default();
            Some(())
        })
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

    /// A copy of a cluster's record.
    pub fn db_cluster(&self, identifier: &str) -> Option<DbCluster> {
        self.state().clusters.get(identifier).cloned()
    }

    /// Changes a cluster's record, if it is still there.
    pub async fn change_cluster(&self, identifier: &str, change: impl FnOnce(&mut DbCluster)) {
        self.change(|state| state.clusters.get_mut(identifier).map(change))
            .await;
    }

    /// Puts a cluster into another status, if that may follow the present one. Tells whether it did.
    pub async fn set_cluster_status(&self, identifier: &str, next: ClusterStatus) -> bool {
        let set = |cluster: &mut DbCluster| {
            let may = cluster.status.may_become(next);
            if may {
                cluster.status = next;
            }
            may
        };
        let done = self
            .change(|state| state.clusters.get_mut(identifier).is_some_and(set))
            .await;
        tracing::info!(cluster = identifier, status = %next, done, "status");
        done
    }

    /// Tells something about a cluster, on the bus and in `DescribeEvents`.
    pub async fn tell_of_cluster(&self, identifier: &str, news: ClusterNews) {
        let subject = Subject::cluster(identifier);
        self.announce(&subject, news.telling()).await;
    }

    /// Tells something about an instance, on the bus and in `DescribeEvents`.
    pub async fn tell(&self, identifier: &str, news: &News) {
        if let Some(telling) = news.telling() {
            self.announce(&Subject::instance(identifier), telling).await;
        }
    }

    /// Tells something about anything, on the bus and in `DescribeEvents`.
    pub async fn announce(&self, subject: &Subject, telling: Telling) {
        let (event, past) = event(&self.world.region, subject, telling, Timestamp::now());
        self.change(|state| state.remember(past)).await;
        self.world.events.publish(event);
    }

    /// The files of a holder that has that resource id.
    pub fn layout(&self, holder: &Holder, resource_id: &str) -> Layout {
        match holder {
            // An instance of a cluster has no files but its cluster's.
            Holder::Instance(identifier) | Holder::Member(identifier) => {
                self.site.instance(identifier, resource_id)
            }
            Holder::Cluster(identifier) => self.site.cluster(identifier, resource_id),
        }
    }

    /// The running server of a holder.
    pub fn server(&self, holder: &Holder) -> Option<Arc<Server>> {
        lock(&self.servers).get(holder).cloned()
    }

    /// Keeps a server that has just been started, and watches that it doesn't end by itself.
    pub fn keep_server(self: &Arc<Self>, holder: &Holder, server: Server) -> Arc<Server> {
        let server = Arc::new(server);
        lock(&self.servers).insert(holder.clone(), Arc::clone(&server));
        self.start_work(Arc::clone(self).watch(holder.clone(), Arc::clone(&server)));
        server
    }

    async fn watch(self: Arc<Self>, holder: Holder, server: Arc<Server>) {
        server.ended().await;
        let ours = |kept| Arc::ptr_eq(&kept, &server);
        if !self.server(&holder).is_some_and(ours) {
            return;
        }
        tracing::error!(%holder, "the server ended by itself; its log says why");
        let failed = match &holder {
            Holder::Instance(identifier) | Holder::Member(identifier) => Some(identifier.clone()),
            Holder::Cluster(identifier) => self.db_cluster(identifier).and_then(|one| one.writer),
        };
        if let Some(identifier) = failed {
            self.set_status(&identifier, Status::Failed).await;
        }
    }

    /// Takes a holder's server out and stops it. It is stopped to the end even if the caller is ended meanwhile.
    ///
    /// # Errors
    /// It can't be signalled, or doesn't end.
    pub async fn stop_server(&self, holder: &Holder, how: Stop) -> Result<(), ServerError> {
        let Some(server) = lock(&self.servers).remove(holder) else {
            return Ok(());
        };
        let (tell, told) = oneshot::channel();
        spawn_on(&self.stopping, async move {
            // Nobody listens if the caller was ended.
            let _ = tell.send(server.stop(how).await);
        });
        // Without an answer the stop panicked, which the panic itself tells.
        told.await.unwrap_or(Ok(()))
    }

    /// The holders of all running servers.
    pub fn running(&self) -> Vec<Holder> {
        lock(&self.servers).keys().cloned().collect()
    }

    /// The latest time to which the data of a holder can be restored.
    pub fn latest_restorable_time(&self, holder: &Holder) -> Option<Timestamp> {
        let latest = self.server(holder)?.latest_restorable_time()?;
        let faults = &self.world.faults;
        let fault = faults.strikes(Service::Rds, BACKUPS_LAG, holder.identifier());
        let lag = Duration::from_millis(fault.and_then(|fault| fault.ms).unwrap_or_default());
        latest.checked_sub(lag).ok()
    }

    /// Makes a task the one that changes the holder. An earlier one is ended first.
    pub fn start_task(&self, holder: &Holder, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        if let Some(earlier) = tasks.insert(holder.clone(), tokio::spawn(task)) {
            earlier.abort();
        }
    }

    /// Ends the task that changes the holder and waits until it has ended.
    pub async fn end_task(&self, holder: &Holder) {
        let task = lock(&self.tasks).remove(holder);
        if let Some(task) = task {
            task.abort();
            // An error is what an aborted task gives.
            let _ = task.await;
        }
    }

    /// Starts work beside the holders' tasks: what a call leaves to be done after its answer.
    pub fn start_work(&self, work: impl Future<Output = ()> + Send + 'static) {
        spawn_on(&self.work, work);
    }

    /// Ends all tasks and all work, and waits until they have ended and the last records are written.
    pub async fn end_all(&self) {
        let holders: Vec<Holder> = lock(&self.tasks).keys().cloned().collect();
        for holder in holders {
            self.end_task(&holder).await;
        }
        let mut work = std::mem::take(&mut *lock(&self.work));
        work.shutdown().await;
        let mut stopping = std::mem::take(&mut *lock(&self.stopping));
        while stopping.join_next().await.is_some() {}
        // A save that had begun goes on after its task is ended, under this lock.
        drop(self.store.lock().await);
    }

    /// Whether the next deletion is told while what is deleted is still described.
    pub fn tells_deletions_before(&self) -> bool {
        match self.config.deletion_event {
            DeletionEvent::Before => true,
            DeletionEvent::After => false,
            DeletionEvent::Either => self.world.faults.below(2) == 0,
        }
    }

    /// Waits until no restore copies from the backups under that resource id.
    pub async fn until_unread(&self, resource_id: &str) {
        let read = || {
            self.state()
                .is_restoring(|origin| origin.reads_backups_of(resource_id))
        };
        while read() {
            sleep(LOOK_EVERY).await;
        }
    }

    /// A port that none of the instances has and that nobody listens on; the wish first, if there is one.
    pub fn free_port(&self, state: &State, wish: Option<u16>) -> Option<u16> {
        let taken = |port: &u16| {
            let instances = state.instances.values().map(|one| one.port);
            let clusters = state.clusters.values().map(|one| one.port);
            instances.chain(clusters).any(|one| one == *port)
        };
        let mut ports = wish.into_iter().chain(self.config.ports());
        ports.find(|port| !taken(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok())
    }
}
