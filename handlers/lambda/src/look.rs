//! Looking: each look of a decision, at the service that knows.

use tenant_restore_core::price::Size;
use tenant_restore_core::restore::ResourceKind;
use tenant_restore_core::sight::{Look, Seen};

use crate::engine::Engine;
use crate::fault::Fault;

impl Engine {
    /// Takes all looks, one after the other; those at DMS tasks together.
    ///
    /// # Errors
    /// The first that failed for another reason than that nothing is there.
    pub async fn look(&self, looks: &[Look]) -> Result<Seen, Fault> {
        let mut seen = Seen::default();
        for look in looks {
            self.take(look, &mut seen).await?;
        }
        let tasks: Vec<_> = looks.iter().filter_map(replication_task).collect();
        seen.replication_tasks = self.replication_tasks(&tasks).await?;
        Ok(seen)
    }

    async fn take(&self, look: &Look, seen: &mut Seen) -> Result<(), Fault> {
        match look {
            Look::Source(name) => seen.source = Some(Box::pin(self.source(name)).await?),
            Look::Target(name) => seen.target = Some(Box::pin(self.source(name)).await?),
            Look::Admission {
                id,
                attempt,
                databases,
            } => {
                let answer = Box::pin(self.ask_admission(id, *attempt, databases)).await?;
                seen.admission = Some(answer);
            }
            Look::Room {
                source,
                remains,
                target,
            } => {
                let room = self.room(source, remains.as_ref(), target);
                seen.room = Some(Box::pin(room).await?);
            }
            Look::Database(name) => {
                let database = self.describe_database(name).await?;
                let size = match &database {
                    Some(database) => self.size_of(database).await?,
                    None => None,
                };
                self.add_cost(seen, ResourceKind::Database, name, size);
                let sight = match database {
                    Some(database) => Some(self.database_sight(&database).await?),
                    None => None,
                };
                seen.databases.insert(name.clone(), sight);
            }
            Look::Snapshot(name) => seen.snapshot = Some(self.snapshot(name).await?),
            Look::Cluster(name) => {
                let cluster = self.describe_cluster(name).await?;
                let sight = cluster.as_ref().map(crate::phases::clusters::cluster_sight);
                seen.clusters.insert(name.clone(), sight);
            }
            Look::ParameterGroup { name, scope } => {
                seen.parameter_groups
                    .insert(name.clone(), self.group_exists(*scope, name).await?);
            }
            Look::Task {
                job,
                arn,
                started_by,
                result_key,
            } => {
                let task = self
                    .worker_task(arn.as_deref(), started_by, result_key)
                    .await?;
                seen.tasks.insert(job.clone(), task);
            }
            Look::Strays { started_by } => {
                seen.strays = Some(self.tasks_at_work(started_by).await?);
            }
            Look::ReplicationInstance(name) => {
                let instance = self.replication_instance(name).await?;
                if let Some(instance) = &instance {
                    let class = instance.class.clone();
                    let size = Some(Size::ReplicationInstance { class });
                    self.add_cost(seen, ResourceKind::ReplicationInstance, name, size);
                }
                seen.replication_instances
                    .insert(name.clone(), instance.map(|instance| instance.status));
            }
            Look::Endpoint(name) => {
                seen.endpoints.insert(
                    name.clone(),
                    self.endpoint(name).await?.map(|(_, status)| status),
                );
            }
            Look::Connection { instance, endpoint } => {
                seen.connections
                    .insert(endpoint.clone(), self.connection(instance, endpoint).await?);
            }
            // All at once, afterwards.
            Look::ReplicationTask { .. } => {}
            Look::Plan(key) => {
                let result = self.job_result(key).await?;
                seen.plan = result
                    .and_then(|result| result.extract)
                    .map(|report| report.tables);
            }
            Look::Secret(name) => {
                let exists = self.secret_exists(name).await?;
                let size = exists.then_some(Size::Secret);
                self.add_cost(seen, ResourceKind::Secret, name, size);
                seen.secrets.insert(name.clone(), exists);
            }
            Look::SecretVersions(secret) => {
                seen.secret_versions
                    .insert(secret.clone(), self.secret_versions(secret).await?);
            }
            Look::Objects(prefix) => {
                seen.objects
                    .insert(prefix.clone(), self.count_objects(prefix).await?);
            }
        }
        Ok(())
    }

    fn add_cost(&self, seen: &mut Seen, kind: ResourceKind, name: &str, size: Option<Size>) {
        if let Some(size) = size {
            let cost = self.config.prices.cost(&size);
            seen.costs.insert((kind, name.to_owned()), cost);
        }
    }
}

fn replication_task(look: &Look) -> Option<(&str, bool)> {
    match look {
        Look::ReplicationTask { name, tables } => Some((name, *tables)),
        _ => None,
    }
}
