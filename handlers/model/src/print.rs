//! Canonical form of a world: what can't matter any more goes, what has no order gets one, numbers that only count
//! relative to each other become small. The crate's documentation says why each of these is sound.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tenant_restore_core::decision::{self, Wake};
use tenant_restore_core::restore::{Password, ResourceKind, Restore, Task, TaskState};
use tenant_restore_events::Phase;

use crate::hand::{Hand, RefusedCall, Stage, Step};
use crate::message::{Content, Hint, Message};
use crate::promise::Promise;
use crate::shape::{Order, Shape};
use crate::world::World;

impl World {
    /// Brings the world into its canonical form and prints it.
    pub fn seal(&mut self, shape: &Shape) {
        let record = Arc::clone(&self.record);
        let replay = |message: &Message| message.content == Content::Replay;
        let may_return = self.left.replays > 0
            || self.queue.iter().any(replay)
            || self.hands.iter().any(|hand| replay(&hand.message));
        if record.is_closed() && !may_return {
            self.queue.clear();
        }
        self.queue
            .retain(|message| !is_idle(message, &record.restore, shape.hold && may_return));
        for message in &mut self.queue {
            if let Content::Hint(hint) = &mut message.content {
                *hint = without_news(*hint, &record.restore, shape);
            }
        }
        for hand in &mut self.hands {
            // It would find that others have saved, and begin again. One that would end then (`Plan::yields`) is taken to begin
            // again too: kept apart, such handlers make more states than can be searched.
            if hand.step() == Some(Step::Save) && !hand.fresh && shape.order == Order::Kept {
                hand.again();
            }
        }
        let ranks = Ranks::of(self);
        let most = self.most_ticks();
        if most > shape.ticks {
            self.broken = self.broken.or(Some(Promise::FewTicks));
        }
        self.queue
            .sort_unstable_by_key(|message| ranks.key(message));
        let mut hands: Vec<(u64, Hand)> = self
            .hands
            .drain(..)
            .map(|hand| (print_hand(&hand, &ranks), hand))
            .collect();
        hands.sort_by_key(|(print, _)| *print);
        let mut hash = DefaultHasher::new();
        self.record.print.hash(&mut hash);
        ranks.waits(&self.record.restore, &mut hash);
        for message in &self.queue {
            ranks.key(message).hash(&mut hash);
        }
        for (print, _) in &hands {
            print.hash(&mut hash);
        }
        (self.aws, self.left, self.told, self.broken).hash(&mut hash);
        self.print = hash.finish();
        self.hands = hands.into_iter().map(|(_, hand)| hand).collect();
    }

    /// The most ticks in flight for one handler.
    pub fn most_ticks(&self) -> usize {
        let ticks = |phase: Phase| {
            let of_phase = |message: &&Message| {
                message.to == phase && matches!(message.content, Content::Tick(..))
            };
            self.queue.iter().filter(of_phase).count()
        };
        Phase::ALL.into_iter().map(ticks).max().unwrap_or_default()
    }
}

/// Whether a message can cause nothing, now or later: its phase is over, or its wait was replaced. A held restore may
/// return to a phase.
fn is_idle(message: &Message, restore: &Restore, may_return: bool) -> bool {
    if message.again || matches!(message.content, Content::Letter(..)) {
        return false;
    }
    if let Content::Hint(Hint::Worker(job, run)) = message.content {
        let ends = |task: &Task| {
            task.state == TaskState::Running
                && task.job == job.name()
                && task.arn.as_ref().is_none_or(|arn| *arn == job.arn(run))
        };
        if restore.tasks.iter().any(ends) {
            return false;
        }
    }
    match message.content {
        Content::Cancel => return restore.phase >= Phase::Cleanup && restore.held.is_none(),
        Content::Replay => return restore.phase < Phase::Cleanup,
        _ => {}
    }
    if message.attempt != 0 && u32::from(message.attempt) < restore.attempt {
        return true;
    }
    let resumable = matches!(message.to, Phase::Ddl | Phase::Migrate | Phase::Finalize);
    let over = message.to < restore.phase && !decision::may_act(message.to, restore);
    if over && !(may_return && resumable) {
        return true;
    }
    matches!(message.content, Content::Tick(generation, gap)
        if decision::is_outdated(restore, message.to, &Wake::Tick { generation, gap }))
}

/// The same hint, or one that only says that there is something to look at, if all else in it is known.
fn without_news(hint: Hint, restore: &Restore, shape: &Shape) -> Hint {
    let names = &shape.names;
    let deleted = |kind: ResourceKind, name: &str| {
        let mut resources = restore.resources.iter();
        resources.any(|it| it.kind == kind && it.name == name && it.deletion_announced)
    };
    let announced = restore.replication.as_ref().is_some_and(|it| it.announced);
    match hint {
        Hint::DatabaseRestored(_) if restore.database_announced => Hint::OfRds,
        Hint::PasswordReset(_) => match restore.password {
            Password::Old
            | Password::Resetting {
                announced: false, ..
            } => hint,
            _ => Hint::OfRds,
        },
        Hint::DatabaseDeleted(at) if deleted(ResourceKind::Database, &names.databases[at]) => {
            Hint::OfRds
        }
        Hint::InstanceCreated if announced => Hint::OfDms,
        Hint::InstanceDeleted if deleted(ResourceKind::ReplicationInstance, &names.instance) => {
            Hint::OfDms
        }
        Hint::LoadDeleted(at) if deleted(ResourceKind::ReplicationTask, &names.loads[at]) => {
            Hint::OfDms
        }
        _ => hint,
    }
}

/// Generations, ranked: those up to the record's densely, those beyond by their distance.
struct Ranks {
    points: Vec<u32>,
    top: u32,
    waits: Vec<(Phase, u32)>,
}

impl Ranks {
    fn of(world: &World) -> Self {
        let top = world.record.restore.generation;
        let mut points = vec![top];
        let note = |restore: &Restore, points: &mut Vec<u32>| {
            points.extend([restore.generation, restore.generation + 1]);
            points.extend(restore.waits.values().map(|wait| wait.generation));
        };
        note(&world.record.restore, &mut points);
        for hand in &world.hands {
            match &hand.stage {
                Stage::Load => {}
                Stage::Look(record) => {
                    note(&record.restore, &mut points);
                    points.extend(next_of_stale(hand, &record.restore));
                }
                Stage::Do(plan, _) => note(&plan.next.restore, &mut points),
            }
        }
        points.retain(|point| *point <= top);
        points.sort_unstable();
        points.dedup();
        let waits = world.record.restore.waits.iter();
        let waits = waits
            .map(|(phase, wait)| (*phase, wait.generation))
            .collect();
        Self { points, top, waits }
    }

    fn rank(&self, generation: u32) -> usize {
        let below = self.points.partition_point(|point| *point < generation);
        if generation > self.top {
            return below + (generation - self.top) as usize;
        }
        below + 1
    }

    /// An old tick only counts relative to the wait of its own handler.
    fn tick(&self, to: Phase, generation: u32) -> usize {
        if generation > self.top {
            return self.rank(generation);
        }
        let wait = self.waits.iter().find(|(phase, _)| *phase == to);
        match wait {
            None => 0,
            Some((_, wait)) if generation < *wait => 0,
            Some((_, wait)) if generation == *wait => self.rank(*wait),
            Some(_) => self.rank(self.top),
        }
    }

    fn key(&self, message: &Message) -> (Message, usize) {
        match message.content {
            Content::Tick(generation, gap) => {
                let content = Content::Tick(0, gap);
                let rank = self.tick(message.to, generation);
                (
                    Message {
                        content,
                        ..*message
                    },
                    rank,
                )
            }
            _ => (*message, 0),
        }
    }

    fn waits(&self, restore: &Restore, hash: &mut DefaultHasher) {
        self.rank(restore.generation).hash(hash);
        for wait in restore.waits.values() {
            self.rank(wait.generation).hash(hash);
        }
    }
}

/// The generation that a handler would give to a wait, if others have saved since it loaded the record.
fn next_of_stale(hand: &Hand, loaded: &Restore) -> Option<u32> {
    let Content::Tick(tick, _) = hand.message.content else {
        return None;
    };
    (!hand.fresh).then(|| loaded.generation.max(tick) + 1)
}

fn print_hand(hand: &Hand, ranks: &Ranks) -> u64 {
    let mut hash = DefaultHasher::new();
    ranks.key(&hand.message).hash(&mut hash);
    (hand.first, hand.early, &hand.learned).hash(&mut hash);
    hand.trouble.map(|kind| kind as u8).hash(&mut hash);
    hand.refused.map(RefusedCall::print).hash(&mut hash);
    match &hand.stage {
        Stage::Load => 0_u8.hash(&mut hash),
        Stage::Look(record) => {
            (1_u8, hand.fresh, record.print).hash(&mut hash);
            ranks.waits(&record.restore, &mut hash);
            let next = next_of_stale(hand, &record.restore);
            next.map(|next| ranks.rank(next)).hash(&mut hash);
            let wait = record.restore.waits.get(&hand.message.to);
            if let (Some(wait), Content::Tick(tick, _)) = (wait, hand.message.content) {
                tick.cmp(&wait.generation).hash(&mut hash);
            }
        }
        Stage::Do(plan, at) => {
            (2_u8, hand.fresh, plan.again, plan.yields, plan.attempt).hash(&mut hash);
            let rest = &plan.steps[*at..];
            for step in rest {
                match step {
                    Step::Tick(phase, generation, gap) => {
                        (phase, ranks.tick(*phase, *generation), gap).hash(&mut hash);
                    }
                    other => other.hash(&mut hash),
                }
            }
            if rest.iter().any(|step| !matches!(step, Step::Send(_))) {
                plan.next.print.hash(&mut hash);
                ranks.waits(&plan.next.restore, &mut hash);
            }
        }
    }
    hash.finish()
}
