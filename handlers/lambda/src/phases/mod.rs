//! What each phase sees in AWS and does there.

pub mod cleanup;
pub mod clusters;
pub mod complete;
mod copied;
pub mod ddl;
pub mod intake;
pub mod migrate;
pub mod parameter_groups;
pub mod provision;
mod quotas;
pub mod replication;
pub mod room;

use tenant_restore_core::effect::{Effect, Learned};
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::restore::Restore;

use crate::engine::Engine;
use crate::fault::Fault;
use clusters::{WantedCluster, WantedWriter};
use provision::Wanted;

/// Tag with the deployment's name.
pub const TAG_DEPLOYMENT: &str = "tenant-restore:deployment";
/// Tag with the restore's id and the resource's name.
pub const TAG_RESTORE: &str = "tenant-restore:restore";

impl Engine {
    /// The tags of a temporary resource.
    pub fn tags(&self, id: &RestoreId, resource: &str) -> [(&'static str, String); 2] {
        let deployment = &self.config.setting.deployment;
        let value = deployment.names(id).tag_value(resource);
        [
            (TAG_DEPLOYMENT, deployment.name.clone()),
            (TAG_RESTORE, value),
        ]
    }

    /// Whether tags say that a resource is this restore's.
    pub fn is_ours<'a>(
        &self,
        id: &RestoreId,
        resource: &str,
        tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> bool {
        let wanted = self.tags(id, resource);
        let tags: Vec<_> = tags.into_iter().collect();
        wanted
            .iter()
            .all(|(key, value)| tags.contains(&(*key, value.as_str())))
    }

    /// Does one thing.
    pub async fn perform(&self, effect: &Effect, restore: &Restore) -> Result<Vec<Learned>, Fault> {
        let nothing = |()| Vec::new();
        let id = &restore.id;
        if let Some((_, name)) = effect.deletes()
            && restore.request.is_about(name)
        {
            return Err(cleanup::foreign(name));
        }
        match effect {
            Effect::DeriveParameterGroup {
                name,
                scope,
                family,
                source_group,
            } => self
                .derive_parameter_group(restore, name, *scope, family, source_group.as_deref())
                .await
                .map(nothing),
            Effect::RestoreDatabase {
                name,
                origin,
                parameter_group,
                storage,
                first_place,
            } => {
                let wanted = Wanted {
                    name,
                    origin,
                    parameter_group: parameter_group.as_deref(),
                    storage: storage.as_ref(),
                    first_place: *first_place,
                };
                self.restore_database(restore, wanted).await
            }
            Effect::RestoreCluster {
                name,
                origin,
                engine_version,
                parameter_group,
                storage_type,
                scaling,
            } => {
                let wanted = WantedCluster {
                    name,
                    origin,
                    engine_version,
                    parameter_group,
                    storage_type: storage_type.as_deref(),
                    scaling: *scaling,
                };
                self.restore_cluster(restore, wanted).await
            }
            Effect::CreateWriter {
                name,
                cluster,
                class,
                parameter_group,
                first_place,
            } => {
                let wanted = WantedWriter {
                    name,
                    cluster,
                    class,
                    parameter_group,
                    first_place: *first_place,
                };
                self.create_writer(restore, wanted).await
            }
            Effect::CreateSecret {
                name,
                username,
                host,
                port,
            } => {
                self.create_secret(restore, name, username, host, *port)
                    .await
            }
            Effect::ResetPassword { database, secret } => {
                self.reset_password(database, secret).await
            }
            Effect::RunTask {
                name,
                key,
                started_by,
                token,
                job,
            } => {
                self.run_task(restore, name, key, started_by, token, job)
                    .await
            }
            Effect::StopTask { arn } => self.stop_task(arn).await.map(nothing),
            Effect::CreateReplicationInstance { name } => {
                self.create_replication_instance(restore, name).await
            }
            Effect::CreateEndpoint {
                name,
                source,
                secret,
                database,
            } => {
                self.create_endpoint(restore, name, *source, secret, database)
                    .await
            }
            Effect::TestConnection { instance, endpoint } => {
                self.test_connection(restore, instance, endpoint).await
            }
            Effect::CreateReplicationTask {
                name,
                instance,
                source,
                target,
                schema,
                tables,
            } => {
                self.create_replication_task(
                    restore,
                    name,
                    instance,
                    [source, target],
                    schema,
                    tables,
                )
                .await
            }
            Effect::StartReplicationTask { name, reload } => {
                self.start_replication_task(restore, name, *reload).await
            }
            Effect::StopReplicationTask { name } => {
                self.stop_replication_task(name).await.map(nothing)
            }
            Effect::DeleteReplicationTask { name } => {
                self.delete_replication_task(id, name).await.map(nothing)
            }
            Effect::DeleteEndpoint { name } => self.delete_endpoint(id, name).await.map(nothing),
            Effect::DeleteReplicationInstance { name } => self
                .delete_replication_instance(id, name)
                .await
                .map(nothing),
            Effect::DeleteDatabase { name } => self.delete_database(id, name).await.map(nothing),
            Effect::DeleteCluster { name } => self.delete_cluster(id, name).await.map(nothing),
            Effect::DeleteParameterGroup { name, scope } => self
                .delete_parameter_group(id, name, *scope)
                .await
                .map(nothing),
            Effect::DeleteSecret { name } => self.delete_secret(id, name).await.map(nothing),
            Effect::DeleteObjects { prefix } => self.delete_objects(prefix).await.map(nothing),
            Effect::Announce {
                ended,
                report_key,
                page_key,
                results,
            } => {
                self.tell_outcome(restore, ended, [report_key, page_key], results)
                    .await
            }
            Effect::TellPlan { planned } => self.tell_plan(restore, planned).await,
            Effect::TellHeld { phase, until } => self.tell_held(restore, *phase, *until).await,
            Effect::ReleaseClaims => self.release_claims(restore).await.map(nothing),
            Effect::ReleaseAdmission => self.release_admission(restore).await.map(nothing),
        }
    }
}
