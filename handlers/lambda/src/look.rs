//! Looking: each look of a decision, at the service that knows.

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
            Look::Admission {
                id,
                attempt,
                source,
            } => {
                let answer = Box::pin(self.ask_admission(id, *attempt, source)).await?;
                seen.admission = Some(answer);
            }
            Look::Database(name) => {
                let database = self.describe_database(name).await?;
                seen.databases.insert(
                    name.clone(),
                    database.as_ref().map(crate::phases::provision::sight),
                );
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
            Look::ReplicationInstance(name) => {
                seen.replication_instances
                    .insert(name.clone(), self.replication_instance(name).await?);
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
                seen.secrets
                    .insert(name.clone(), self.secret_exists(name).await?);
            }
            Look::Objects(prefix) => {
                seen.objects
                    .insert(prefix.clone(), self.count_objects(prefix).await?);
            }
        }
        Ok(())
    }
}

fn replication_task(look: &Look) -> Option<(&str, bool)> {
    match look {
        Look::ReplicationTask { name, tables } => Some((name, *tables)),
        _ => None,
    }
}
