//! The record with a print of all that its future depends on.

use std::hash::{DefaultHasher, Hash, Hasher};

use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::{Password, Resource, Restore};
use tenant_restore_core::wait::{Wait, WaitFor};
use tenant_restore_events::Phase;

use crate::names::{HANDLER_TIMEOUT, NOW, before};

/// A record. Two of the same print behave alike, up to the numbers of their generations.
#[derive(Debug, Clone)]
pub struct Record {
    /// The core's record.
    pub restore: Restore,
    /// Hash of what matters, without generations.
    pub print: u64,
}

impl Record {
    /// A record with its print.
    pub fn new(restore: Restore) -> Self {
        let print = print(&restore);
        Self { restore, print }
    }

    /// Whether nothing more will happen to it.
    pub fn is_closed(&self) -> bool {
        let over = |it: &Restore| it.phases.last().is_some_and(|time| time.ended.is_some());
        self.restore.announced && over(&self.restore)
    }

    /// Whether the cleanup may no longer meet a late creator.
    pub fn is_past_late_creators(&self) -> bool {
        let began = self.restore.phases.last().map(|time| time.began);
        let mut creators = self.restore.resources.iter();
        began.is_some_and(|began| began <= before(HANDLER_TIMEOUT))
            && creators.all(|it| {
                it.creators_until(HANDLER_TIMEOUT)
                    .is_none_or(|at| at <= NOW)
            })
    }
}

/// What follows "not deleted:" in the cause of a cleanup that gave up.
pub fn left_behind(restore: &Restore) -> impl Iterator<Item = &str> {
    let causes = restore.causes.iter();
    causes
        .filter(|cause| cause.kind == ErrorKind::DeleteFailed)
        .filter_map(|cause| Some(cause.message.split_once("not deleted: ")?.1))
}

/// The order of ticks within one wait matters to nobody, their number only to the wait for a password.
const TICKS_THAT_COUNT: u32 = 6;

fn print(restore: &Restore) -> u64 {
    let mut hash = DefaultHasher::new();
    let it = &mut hash;
    (restore.phase, restore.attempt).hash(it);
    if let Some(hold) = &restore.held {
        (hold.phase, hold.until, hold.told).hash(it);
    }
    let resumed = &restore.resumed;
    (resumed.count, &resumed.reload, &resumed.retest).hash(it);
    if let Some(time) = restore
        .phases
        .last()
        .filter(|_| restore.phase >= Phase::Cleanup)
    {
        (time.began, time.ended.is_some()).hash(it);
    }
    restore.source.is_some().hash(it);
    restore.temporary.is_some().hash(it);
    (restore.placing.from, restore.placing.at).hash(it);
    restore.database_announced.hash(it);
    match restore.password {
        Password::Old => 0_u8.hash(it),
        Password::Resetting { announced, shown } => (1_u8, announced, shown).hash(it),
        Password::Reset => 2_u8.hash(it),
        Password::Refused => 3_u8.hash(it),
    }
    for task in &restore.tasks {
        (&task.job, &task.arn, task.state as u8, task.again).hash(it);
    }
    restore.strays_gone.hash(it);
    if let Some(branch) = &restore.replication {
        (&branch.schemas, branch.announced, branch.settled).hash(it);
    }
    restore.copy_tables.hash(it);
    restore
        .resources
        .iter()
        .for_each(|thing| resource(thing, it));
    for (phase, wait) in &restore.waits {
        phase.hash(it);
        hash_wait(wait, it);
    }
    for (phase, refusal) in &restore.refusals {
        (phase, refusal.since).hash(it);
        if let Some(wait) = &refusal.interrupted {
            hash_wait(wait, it);
        }
    }
    for command in &restore.outbox.commands {
        command.instruction.hash(it);
    }
    restore.outbox.events.is_empty().hash(it);
    restore.opened.hash(it);
    for cause in &restore.causes {
        (cause.kind as u8).hash(it);
    }
    left_behind(restore).for_each(|left| left.hash(it));
    restore.failed_in.hash(it);
    restore
        .ended
        .as_ref()
        .map(|ended| ended.outcome as u8)
        .hash(it);
    restore.announced.hash(it);
    hash.finish()
}

fn resource(resource: &Resource, hash: &mut DefaultHasher) {
    (resource.kind as u8, &resource.name).hash(hash);
    (resource.owned, resource.confirmed).hash(hash);
    (resource.deletion_announced, resource.gone_at).hash(hash);
    let creating = resource.creating.map(|it| (it.count, it.since));
    creating.hash(hash);
}

fn hash_wait(wait: &Wait, hash: &mut DefaultHasher) {
    let counted = matches!(wait.what, WaitFor::Password | WaitFor::PasswordUsable);
    let ticks = if counted {
        wait.ticks.min(TICKS_THAT_COUNT)
    } else {
        0
    };
    (wait.what as u8, NOW > wait.deadline, ticks).hash(hash);
}
