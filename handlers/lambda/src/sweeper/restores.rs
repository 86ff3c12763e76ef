//! Restores that haven't ended: found by the table's index, and set going again when nothing moves them any more.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::naming::RestoreId;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::sweep::{Nudge, nudges};

use super::Sweep;
use super::report::{Report, Stuck};
use crate::engine::Engine;
use crate::fault::{Fault, fault};
use crate::store::{LogEntry, Stored};

/// A restore lives for days at most, since every wait has a deadline: what began before that was swept long ago.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Engine {
    /// Restores that haven't told their outcome. The index may be late: it only says which records to look at.
    pub(super) async fn unfinished(&self) -> Result<Vec<Restore>, Fault> {
        let since = Timestamp::now() - LONGEST_LIFE;
        let mut items = self
            .clients
            .dynamodb
            .query()
            .table_name(&self.config.table)
            .index_name("byStarted")
            .key_condition_expression("#kind = :restore and startedAt >= :since")
            // Records of the version before have the attribute inside alone.
            .filter_expression("attribute_not_exists(announced) or announced = :no")
            .expression_attribute_names("#kind", "kind")
            .expression_attribute_values(":restore", AttributeValue::S("RESTORE".to_owned()))
            .expression_attribute_values(":since", AttributeValue::S(since.to_string()))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .into_paginator()
            .items()
            .send();
        let mut unfinished = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(fault("list the restores that haven't ended"))?;
            if let Some(stored) = self.load(&restore_of(&item)?).await?
                && !stored.restore.announced
            {
                unfinished.push(stored.restore);
            }
        }
        Ok(unfinished)
    }
}

/// Which restore an item of the index is.
fn restore_of(item: &HashMap<String, AttributeValue>) -> Result<RestoreId, Fault> {
    let key = item.get("pk").and_then(|key| key.as_s().ok());
    key.and_then(|key| RestoreId::parse(key.strip_prefix("RESTORE#")?))
        .ok_or_else(|| {
            let unreadable = format!("an entry of the index has the key {key:?}, no restore's");
            Fault::new(ErrorKind::Internal, unreadable)
        })
}

impl Sweep<'_> {
    /// Sets going again what nothing moves any more.
    pub(super) async fn nudge(
        &self,
        unfinished: &[Restore],
        report: &mut Report,
    ) -> Result<(), Fault> {
        let setting = &self.engine.config.setting;
        for seen in unfinished {
            if nudges(seen, setting, Timestamp::now()).is_empty() {
                continue;
            }
            // The index may be late: the record itself decides.
            let Some(stored) = self.engine.load(&seen.id).await? else {
                continue;
            };
            let nudges = nudges(&stored.restore, setting, Timestamp::now());
            if nudges.is_empty() {
                continue;
            }
            let described: Vec<_> = nudges
                .iter()
                .flat_map(|nudge| describe(nudge, &stored.restore))
                .collect();
            report.add_stuck(Stuck {
                restore_id: stored.restore.id.clone(),
                attempt: stored.restore.attempt,
                phase: stored.restore.phase,
                nudges: described.clone(),
            });
            if self.dry_run {
                continue;
            }
            self.log(&stored, "nothing moves it", described).await?;
            for nudge in &nudges {
                match nudge {
                    Nudge::Tick(command) => {
                        let trace = stored.restore.trace.as_ref();
                        self.engine.send(command, 0, trace).await?;
                    }
                    Nudge::Outbox => self.engine.send_outbox(&stored.restore).await?,
                }
            }
        }
        Ok(())
    }

    /// Writes into a restore's log what the sweeper found about it and does.
    pub(super) async fn log(
        &self,
        stored: &Stored,
        finding: &str,
        effects: Vec<String>,
    ) -> Result<(), Fault> {
        let phase = stored.restore.phase.to_string();
        let entry = LogEntry {
            at: Timestamp::now(),
            handler: "sweeper".to_owned(),
            cause: "sweep".to_owned(),
            name: finding.to_owned(),
            message_id: self.invocation.to_owned(),
            sent_at: None,
            waited_for: None,
            gap: false,
            moved: false,
            phase: phase.clone(),
            next_phase: phase,
            effects,
            trouble: None,
            expires_at: stored.restore.expires_at(),
        };
        self.engine
            .log(&stored.restore.id, stored.version, &entry)
            .await
    }
}

fn describe(nudge: &Nudge, restore: &Restore) -> Vec<String> {
    let sent = |command: &tenant_restore_events::Command| {
        let instruction = command.instruction;
        format!("send {} to {}", instruction.name(), instruction.recipient())
    };
    match nudge {
        Nudge::Tick(command) => vec![sent(command)],
        Nudge::Outbox => restore.outbox.commands.iter().map(sent).collect(),
    }
}
