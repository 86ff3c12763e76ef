//! What of the restores' course becomes a metric.

use tenant_restore_core::restore::Restore;
use tenant_restore_events::Phase;
use tenant_restore_events::outgoing::Outcome;

use crate::engine::Engine;
use crate::metric::{By, Unit, measure};
use crate::store::LogEntry;
use crate::sweeper::Report;

impl Engine {
    /// An outcome was told. Of restores that weren't rejected, `RestoresFailed` is 1 or 0, so that its average is their
    /// failure rate. A repetition counts again; it is rare.
    pub(crate) fn count_outcome(&self, outcome: Outcome) {
        for (name, value) in outcome_figures(outcome) {
            self.measure(By::Deployment, name, *value, Unit::Count);
        }
    }

    /// A step of a restore was saved: the time of a phase that ended, whether a tick moved it while an event was expected,
    /// and after the cleanup what its temporary resources cost.
    pub(crate) fn measure_step(&self, before: &Restore, after: &Restore, entry: &LogEntry) {
        if before.phase != after.phase
            && let Some(seconds) = phase_seconds(before, after)
        {
            self.measure(By::Phase, "PhaseSeconds", seconds, Unit::Seconds);
        }
        if is_moved_by_tick(entry) {
            self.measure(By::Phase, "MovedByTicks", 1.0, Unit::Count);
        }
        if let Some(usd) = spent(before, after) {
            self.measure(By::Deployment, "SpentUsd", usd, Unit::None);
        }
    }

    fn measure(&self, by: By, name: &str, value: f64, unit: Unit) {
        let deployment = &self.config.setting.deployment.name;
        let phase = self.config.handler.as_str();
        measure((deployment, phase), by, name, value, unit);
    }
}

/// What a sweep found.
pub(crate) fn measure_sweep(deployment: &str, report: &Report) {
    // Numbers of restores and resources are far below what a float holds exactly.
    #[expect(clippy::cast_precision_loss)]
    let found = [
        ("StuckRestores", report.stuck.len() as f64, Unit::Count),
        ("Orphans", report.orphans.len() as f64, Unit::Count),
        ("OrphansUsdPerHour", report.usd_per_hour, Unit::None),
    ];
    for (name, value, unit) in found {
        measure((deployment, "sweeper"), By::Deployment, name, value, unit);
    }
}

fn outcome_figures(outcome: Outcome) -> &'static [(&'static str, f64)] {
    match outcome {
        Outcome::Completed => &[("RestoresCompleted", 1.0), ("RestoresFailed", 0.0)],
        Outcome::Failed => &[("RestoresFailed", 1.0)],
        Outcome::Rejected => &[("RestoresRejected", 1.0)],
    }
}

/// How long the phase took that ended between these; nothing for a plan, whose phases aren't a restore's.
fn phase_seconds(before: &Restore, after: &Restore) -> Option<f64> {
    if before.is_plan() {
        return None;
    }
    let began = before.phases.last()?.began;
    let ended = after.phases.last()?.began;
    Some(ended.duration_since(began).as_secs_f64())
}

/// In a gap AWS sends no event, so that only a tick can move the restore there.
fn is_moved_by_tick(entry: &LogEntry) -> bool {
    entry.moved && entry.cause == "tick" && !entry.gap
}

/// What the temporary resources of a restore cost whose cleanup has just ended, as its report says: US dollars of all that
/// have a price; nothing if none has.
fn spent(before: &Restore, after: &Restore) -> Option<f64> {
    if before.phase == after.phase || after.phase != Phase::Complete {
        return None;
    }
    let end = after.phases.last()?.began;
    let charged = after
        .resources
        .iter()
        .filter(|resource| resource.was_charged());
    let spent: Vec<f64> = charged.filter_map(|resource| resource.spent(end)).collect();
    (!spent.is_empty()).then(|| spent.iter().sum())
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;
    use tenant_restore_core::request::{self, Arrival, Ask};
    use tenant_restore_core::restore::{PhaseTime, Resource, ResourceKind};

    use super::*;

    #[test]
    fn the_average_of_failures_is_the_rate_among_restores_that_were_not_rejected() {
        let outcomes = [
            Outcome::Completed,
            Outcome::Rejected,
            Outcome::Failed,
            Outcome::Completed,
            Outcome::Completed,
        ];
        let failures = outcomes.into_iter().flat_map(outcome_figures);
        let failures: Vec<_> = failures
            .filter(|(name, _)| *name == "RestoresFailed")
            .map(|(_, value)| *value)
            .collect();
        assert_eq!(failures, [0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_phase_took_until_the_next_began_and_a_plan_has_none() {
        let before = restore(Ask::Restore);
        let mut after = before.clone();
        after.phase = Phase::Provision;
        after.phases.push(PhaseTime {
            phase: Phase::Provision,
            began: now() + SignedDuration::from_millis(2500),
            ended: None,
        });
        assert_eq!(phase_seconds(&before, &after), Some(2.5));
        assert_eq!(phase_seconds(&restore(Ask::Plan), &after), None);
    }

    #[test]
    fn what_a_restore_cost_is_told_once_when_its_cleanup_ends() {
        let mut before = restore(Ask::Restore);
        before.phase = Phase::Cleanup;
        let mut after = before.clone();
        after.phase = Phase::Complete;
        after.phases.push(PhaseTime {
            phase: Phase::Complete,
            began: now() + SignedDuration::from_hours(2),
            ended: None,
        });
        assert_eq!(spent(&before, &after), None);
        let mut database = resource(ResourceKind::Database, Some(60_000));
        database.gone_at = Some(now() + SignedDuration::from_hours(1));
        let left = resource(ResourceKind::ReplicationInstance, Some(100_000));
        let unpriced = resource(ResourceKind::Secret, None);
        let free = resource(ResourceKind::Endpoint, Some(1));
        let mut never_made = database.clone();
        never_made.confirmed = false;
        after.resources = vec![database, left, unpriced, free, never_made];
        let usd = spent(&before, &after).unwrap();
        assert!((usd - 0.26).abs() < 1e-9, "{usd}");
        assert_eq!(spent(&after, &after), None);
        after.phase = Phase::Cleanup;
        assert_eq!(spent(&restore(Ask::Restore), &after), None);
    }

    #[test]
    fn a_tick_counts_where_it_moved_a_restore_whose_event_was_expected() {
        let entry = |cause: &str, moved: bool, gap: bool| LogEntry {
            at: now(),
            handler: "provision".into(),
            cause: cause.into(),
            name: String::new(),
            message_id: String::new(),
            sent_at: None,
            waited_for: None,
            gap,
            moved,
            phase: "provision".into(),
            next_phase: "ddl".into(),
            effects: Vec::new(),
            trouble: None,
            expires_at: None,
        };
        assert!(is_moved_by_tick(&entry("tick", true, false)));
        for other in [
            entry("event", true, false),
            entry("tick", false, false),
            entry("tick", true, true),
        ] {
            assert!(!is_moved_by_tick(&other), "{other:?}");
        }
    }

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    /// One that was seen, with its price an hour in millionths of a dollar.
    fn resource(kind: ResourceKind, hourly: Option<u64>) -> Resource {
        let mut resource = Resource::noted(kind, "tr-main-1", now());
        resource.confirmed = true;
        let cost = json!({ "size": "one", "hourly": hourly });
        resource.cost = Some(serde_json::from_value(cost).unwrap());
        resource
    }

    fn restore(ask: Ask) -> Restore {
        let detail = json!({
            "database": "shop", "schemas": ["a"], "restoreTime": "1970-01-01T00:00:00Z"
        });
        let arrival = Arrival {
            event_id: "event-1",
            time: now(),
            replayed: false,
            now: now(),
            default_source: "production",
            snapshot: None,
        };
        let request = request::read(&detail, &arrival).unwrap();
        ask.open("tenant-restore", request, now())
    }
}
