//! Time, which passes by moving what a record remembers into the past, in every copy of it.

use std::sync::Arc;

use jiff::Timestamp;
use tenant_restore_core::restore::Restore;
use tenant_restore_events::Phase;

use crate::hand::Stage;
use crate::names::{HANDLER_TIMEOUT, before};
use crate::record::Record;
use crate::world::World;

/// Before every deadline that the core sets.
const LONG_AGO: i64 = 7 * 24 * 3600;

impl World {
    /// As long as a handler can run.
    pub(crate) fn pass_late_creators(&mut self) {
        self.rewrite(|restore| move_begin(restore, HANDLER_TIMEOUT));
    }

    /// Until a hold is over.
    pub(crate) fn pass_hold(&mut self) {
        self.rewrite(|restore| {
            if let Some(hold) = restore.held.as_mut() {
                hold.until = Some(before(1));
            }
            move_begin(restore, HANDLER_TIMEOUT);
        });
    }

    /// Until a wait of this phase is overdue.
    pub(crate) fn pass_deadline(&mut self, phase: Phase) {
        self.rewrite(|restore| pass_deadline(restore, phase));
    }

    fn rewrite(&mut self, change: impl Fn(&mut Restore)) {
        let renew = |record: &Arc<Record>| {
            let mut restore = record.restore.clone();
            change(&mut restore);
            Arc::new(Record::new(restore))
        };
        self.record = renew(&self.record);
        for hand in &mut self.hands {
            match &mut hand.stage {
                Stage::Load => {}
                Stage::Look(record) => *record = renew(record),
                Stage::Do(plan, _) => {
                    let next = renew(&plan.next);
                    Arc::make_mut(plan).next = next;
                }
            }
        }
    }
}

fn move_begin(restore: &mut Restore, seconds: i64) {
    let cleaning = restore.phase == Phase::Cleanup;
    if let Some(time) = restore.phases.last_mut().filter(|_| cleaning) {
        time.began = before(seconds);
    }
    for resource in &mut restore.resources {
        resource.gone_at = resource.gone_at.map(|_| before(1));
        if let Some(creating) = &mut resource.creating {
            creating.since = before(HANDLER_TIMEOUT);
        }
    }
}

fn pass_deadline(restore: &mut Restore, phase: Phase) {
    let past: Timestamp = before(1);
    if let Some(wait) = restore.waits.get_mut(&phase) {
        wait.deadline = past;
    }
    if let Some(refusal) = restore.refusals.get_mut(&phase) {
        refusal.since = before(LONG_AGO);
        if let Some(wait) = refusal.interrupted.as_mut() {
            wait.deadline = past;
        }
    }
    if phase == Phase::Cleanup {
        move_begin(restore, LONG_AGO);
    }
}
