//! Resources without a live restore: told from the others, and stopped or deleted by the same calls as the cleanup's,
//! which prove once more that they are ours.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tenant_restore_core::effect::GroupScope;
use tenant_restore_core::error::Class;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::price::{Cost, Hourly};
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sweep::{Found, Kind, Life, Owner, Verdict, judge, life};
use tracing::error;

use super::Sweep;
use super::listing::Listed;
use super::report::{Action, Foreign, Orphan, Report};
use crate::fault::Fault;
use crate::store::Stored;

/// Lists of parameter groups show no tags.
fn is_parameter_group(kind: Kind) -> bool {
    matches!(kind, Kind::ParameterGroup | Kind::ClusterParameterGroup)
}

impl Sweep<'_> {
    /// Stops and deletes what has no live restore.
    pub(super) async fn remove_orphans(
        &self,
        unfinished: &[Restore],
        report: &mut Report,
    ) -> Result<(), Fault> {
        let requests = unfinished.iter().map(|restore| &restore.request);
        let kept: BTreeSet<_> = requests
            .flat_map(|request| [request.source.as_str(), request.destination()])
            .collect();
        let listed = self.engine.list_temporary().await?;
        let lives = self.lives(&listed).await?;
        let (mut found, mut costs) = (Vec::new(), Vec::new());
        for resource in listed {
            if let Some(owner) = self.owner(&resource, &lives, &kept).await? {
                let prices = &self.engine.config.prices;
                costs.push(resource.size.map(|size| prices.cost(&size)));
                found.push(Found {
                    kind: resource.kind,
                    name: resource.name,
                    status: resource.status,
                    owner,
                });
            }
        }
        for ((resource, cost), verdict) in found.iter().zip(costs).zip(judge(&found)) {
            match &resource.owner {
                Owner::Live => report.in_use += 1,
                Owner::Foreign => report.add_foreign(Foreign {
                    kind: resource.kind,
                    name: resource.name.clone(),
                }),
                Owner::Gone(id) => self.remove((resource, cost), id, verdict, report).await?,
            }
        }
        Ok(())
    }

    /// What the table says of the restores that are named; read after the resources were listed.
    async fn lives(&self, listed: &[Listed]) -> Result<BTreeMap<RestoreId, Life>, Fault> {
        let ids: BTreeSet<_> = listed
            .iter()
            .filter_map(|resource| resource.id.clone())
            .collect();
        let mut lives = BTreeMap::new();
        for id in ids {
            let (life, _) = self.life(&id).await?;
            lives.insert(id, life);
        }
        Ok(lives)
    }

    async fn life(&self, id: &RestoreId) -> Result<(Life, Option<Stored>), Fault> {
        let stored = self.engine.load(id).await?;
        let record = stored.as_ref().map(|stored| &stored.restore);
        let life = life(record, &self.engine.config.setting, Timestamp::now());
        Ok((life, stored))
    }

    /// Whose a resource is; none if it went meanwhile. Sources and targets are nobody's to delete. Tags that no list shows are read for orphans only.
    async fn owner(
        &self,
        resource: &Listed,
        lives: &BTreeMap<RestoreId, Life>,
        kept: &BTreeSet<&str>,
    ) -> Result<Option<Owner>, Fault> {
        let is_kept = kept.contains(resource.name.as_str());
        let Some(id) = resource.id.as_ref().filter(|_| !is_kept) else {
            return Ok(Some(Owner::Foreign));
        };
        if lives.get(id) == Some(&Life::Live) {
            return Ok(Some(Owner::Live));
        }
        let ours = match &resource.tags {
            Some(tags) => {
                let tags = tags
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str()));
                self.engine.is_ours(id, &resource.label, tags)
            }
            None if is_parameter_group(resource.kind) => {
                match self.engine.tags_of(&resource.arn).await {
                    Err(fault) if fault.is(&["DBParameterGroupNotFound"]) => return Ok(None),
                    tags => {
                        let tags = tags?;
                        let tags = tags.iter().filter_map(|it| Some((it.key()?, it.value()?)));
                        self.engine.is_ours(id, &resource.label, tags)
                    }
                }
            }
            None => {
                let engine = self.engine;
                match engine
                    .dms_resource_is_ours(id, &resource.name, &resource.arn)
                    .await
                {
                    Err(fault) if fault.is(&["ResourceNotFound"]) => return Ok(None),
                    answer => answer?,
                }
            }
        };
        Ok(Some(if ours {
            Owner::Gone(id.clone())
        } else {
            Owner::Foreign
        }))
    }

    async fn remove(
        &self,
        (resource, cost): (&Found, Option<Cost>),
        id: &RestoreId,
        verdict: Verdict,
        report: &mut Report,
    ) -> Result<(), Fault> {
        // Another attempt may have begun since.
        let (life, stored) = self.life(id).await?;
        if life == Life::Live {
            report.in_use += 1;
            return Ok(());
        }
        let (action, reason) = match verdict {
            Verdict::Stop => (Action::Stop, None),
            Verdict::Delete => (Action::Delete, None),
            Verdict::Later(reason) => (Action::Later, Some(reason.to_owned())),
            Verdict::Leave | Verdict::Report => return Ok(()),
        };
        let mut orphan = Orphan {
            kind: resource.kind,
            name: resource.name.clone(),
            restore_id: id.clone(),
            status: resource.status.clone(),
            size: cost.as_ref().map(|cost| cost.size.clone()),
            usd_per_hour: cost.and_then(|cost| cost.hourly).map(Hourly::usd),
            recorded: stored.is_some(),
            action,
            reason,
        };
        if !self.dry_run && action != Action::Later {
            if let Some(stored) = &stored {
                let doing = if action == Action::Stop {
                    "stop"
                } else {
                    "delete"
                };
                let effect = format!("{doing} the orphan {}", orphan.name);
                self.log(stored, "something is left over", vec![effect])
                    .await?;
            }
            if let Err(fault) = self.act(resource, id, action).await {
                if fault.cause.kind.class() == Class::Terminal {
                    error!(restore = %id, kind = %fault.cause.kind, error = %fault.cause.message, "an orphan can't be removed");
                }
                orphan.action = Action::Refused;
                orphan.reason = Some(fault.to_string());
            }
        }
        report.add_orphan(orphan);
        Ok(())
    }

    async fn act(&self, resource: &Found, id: &RestoreId, action: Action) -> Result<(), Fault> {
        let (engine, name) = (self.engine, resource.name.as_str());
        match (resource.kind, action) {
            (Kind::WorkerTask, _) => engine.stop_task(name).await,
            (Kind::ReplicationTask, Action::Stop) => engine.stop_replication_task(name).await,
            (Kind::ReplicationTask, _) => engine.delete_replication_task(id, name).await,
            (Kind::Endpoint, _) => engine.delete_endpoint(id, name).await,
            (Kind::ReplicationInstance, _) => engine.delete_replication_instance(id, name).await,
            (Kind::Database, _) => engine.delete_database(id, name).await,
            (Kind::Cluster, _) => engine.delete_cluster(id, name).await,
            (Kind::ParameterGroup, _) => {
                let scope = GroupScope::Instance;
                engine.delete_parameter_group(id, name, scope).await
            }
            (Kind::ClusterParameterGroup, _) => {
                let scope = GroupScope::Cluster;
                engine.delete_parameter_group(id, name, scope).await
            }
            (Kind::Secret, _) => engine.delete_secret(id, name).await,
        }
    }
}
