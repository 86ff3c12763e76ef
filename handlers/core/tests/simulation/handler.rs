//! The loop of a handler, as the Lambda shell has it, but in steps between which others act and after which it may
//! crash: look and decide; save; each effect; send.

use jiff::Timestamp;
use tenant_restore_core::decision::{self, Decision, Then};
use tenant_restore_core::effect::{Effect, Learned};
use tenant_restore_core::error::{Cause, Class, ErrorKind};
use tenant_restore_core::phases;
use tenant_restore_core::restore::{Outbox, Restore};
use tenant_restore_events::{Command, Instruction, Phase};

use crate::cloud::After;
use crate::fate::Fate;
use crate::person::News;
use crate::way::Way;
use crate::world::{Message, World};

pub struct Run {
    pub message: Message,
    pub started: Timestamp,
    /// Of the message, or else the one in which the run began.
    attempt: Option<u32>,
    round: usize,
    unsaved: Option<Restore>,
    learned: Vec<Learned>,
    /// A call that AWS refused, how often the restore had been resumed then, and why.
    refused: Option<(Effect, u32, Cause)>,
    stage: Stage,
}

enum Stage {
    Look,
    Save(Decided),
    Act(Decided, usize, Option<Cause>),
    PutOff(Decided, Cause),
    Taken(Decided),
    Send(Decided),
}

#[derive(Clone)]
struct Decided {
    before: Restore,
    version: u64,
    next: Restore,
    effects: Vec<Effect>,
    then: Then,
}

impl Run {
    pub fn new(message: Message, started: Timestamp) -> Self {
        Self {
            attempt: message.attempt,
            message,
            started,
            round: 0,
            unsaved: None,
            learned: Vec::new(),
            refused: None,
            stage: Stage::Look,
        }
    }

    /// Takes the next step.
    pub fn go_on(mut self: Box<Self>, world: &mut World) {
        let next = match std::mem::replace(&mut self.stage, Stage::Look) {
            Stage::Look => self.look(world),
            Stage::Save(decided) => self.save(decided, world),
            Stage::Act(decided, position, trouble) => self.act(decided, position, trouble, world),
            Stage::PutOff(decided, cause) => self.put_off(decided, &cause, world),
            Stage::Taken(decided) => self.taken(decided, world),
            Stage::Send(decided) => self.send(&decided, world),
        };
        if let Some(stage) = next {
            self.stage = stage;
            world.go_on_later(self);
        }
    }

    fn again(&mut self) -> Option<Stage> {
        self.round += 1;
        assert!(self.round < 24, "it goes in circles: {:?}", self.message);
        Some(Stage::Look)
    }

    fn look(&mut self, world: &mut World) -> Option<Stage> {
        let (version, before) = world.stored.clone();
        let (handler, wake) = (self.message.handler, self.message.wake.clone());
        let stale = *self.attempt.get_or_insert(before.attempt) != before.attempt;
        if stale && self.round > 0 {
            world.walked(Way::RunMeetsNextAttempt);
        }
        if stale || !decision::may_act(handler, &before) {
            self.step_aside(&before, world);
            return None;
        }
        if self.round == 0 && decision::is_outdated(&before, handler, &wake) {
            return None;
        }
        let mut restore = before.clone();
        decision::heed(&mut restore, &world.setting.deployment, &wake);
        decision::learn(&mut restore, &self.learned, world.now);
        if decision::is_next_command(&restore, &wake) {
            restore.outbox = Outbox::default();
        }
        let mut decided = Decided {
            before,
            version,
            next: restore.clone(),
            effects: Vec::new(),
            then: Then::Rest,
        };
        if world.cloud.luck.refuses() {
            let cause = Cause::new(ErrorKind::Throttled, "look");
            return Some(Stage::PutOff(decided, cause));
        }
        let phase = phases::of(handler);
        let looks = phase.looks(&restore, &world.setting);
        let mut seen = world.cloud.look(&looks);
        seen.admission = world.place.look(&looks, world.now);
        let Decision {
            restore: mut next,
            mut effects,
            then,
        } = phase.decide(restore, &seen, &world.setting, world.now);
        if let Some((effect, resumed, cause)) = &self.refused
            && *resumed == next.resumed.count
            && effects.contains(effect)
        {
            decided.next = next;
            return Some(Stage::PutOff(decided, cause.clone()));
        }
        let pace = world.setting.pace.clone();
        match decision::settle(&mut next, handler, &then, &wake, &pace, world.now) {
            Ok(Some(tick)) => world.send_tick(&tick),
            Ok(None) => {}
            Err(cause) => {
                decision::give_up(&mut next, handler, cause, world.now);
                effects.clear();
            }
        }
        if effects.is_empty() {
            next.refusals.remove(&handler);
        }
        decision::announce(&mut next, &effects, &world.setting, world.now);
        decided.next = next;
        decided.effects = effects;
        decided.then = then;
        Some(Stage::Save(decided))
    }

    fn step_aside(&self, restore: &Restore, world: &mut World) {
        let tried = self.unsaved.as_ref();
        let is_ours = tried.is_some_and(|tried| decision::is_entered_as(restore, tried));
        if decision::ends_a_stop(restore, &self.message.wake) && restore.outbox.is_empty() {
            let clean_up = Instruction::CleanUp;
            world.send(&Command::new(
                restore.id.as_str(),
                restore.attempt,
                clean_up,
            ));
        } else if is_ours
            || self.message.again
            || decision::ends_a_stop(restore, &self.message.wake)
        {
            send_outbox(restore, world);
        }
    }

    /// A record that somebody else has changed is read again. So is one that we have changed ourselves, if the answer was
    /// lost and the SDK's repetition was refused.
    fn store(&mut self, decided: &mut Decided, world: &mut World) -> bool {
        let saved = Self::put(decided, world);
        let is_lost = saved && world.cloud.luck.once_in(40);
        if is_lost {
            world.walked(Way::SavedUnanswered);
        }
        let is_known = saved && !is_lost;
        if !is_known {
            self.unsaved = Some(decided.next.clone());
        }
        is_known
    }

    fn put(decided: &mut Decided, world: &mut World) -> bool {
        if world.stored.0 != decided.version {
            return false;
        }
        if decided.before.held.is_some() && decided.next.held.is_none() {
            world.walked(Way::HoldRunsOut);
        }
        decided.version += 1;
        world.stored = (decided.version, decided.next.clone());
        true
    }

    fn save(&mut self, mut decided: Decided, world: &mut World) -> Option<Stage> {
        if decided.next != decided.before && !self.store(&mut decided, world) {
            return self.again();
        }
        self.learned.clear();
        Some(Stage::Act(decided, 0, None))
    }

    fn act(
        &mut self,
        mut decided: Decided,
        position: usize,
        trouble: Option<Cause>,
        world: &mut World,
    ) -> Option<Stage> {
        let Some(effect) = decided.effects.get(position).cloned() else {
            return match trouble {
                Some(cause) => {
                    decision::learn(&mut decided.next, &self.learned, world.now);
                    Some(Stage::PutOff(decided, cause))
                }
                None => Some(Stage::Taken(decided)),
            };
        };
        match perform(&effect, &decided.next, world) {
            Ok(facts) => {
                self.learned.extend(facts);
                self.learned.extend(effect.answered());
            }
            Err(cause) if self.message.handler == Phase::Cleanup => {
                let this = std::slice::from_ref(&effect);
                self.learned.extend(decision::refused(this, cause.kind));
                return Some(Stage::Act(decided, position + 1, trouble.or(Some(cause))));
            }
            Err(cause) => {
                self.refused = Some((effect, decided.next.resumed.count, cause.clone()));
                let rest = &decided.effects[position..];
                self.learned.extend(decision::refused(rest, cause.kind));
                decision::learn(&mut decided.next, &self.learned, world.now);
                return Some(Stage::PutOff(decided, cause));
            }
        }
        Some(Stage::Act(decided, position + 1, trouble))
    }

    fn put_off(&mut self, mut decided: Decided, cause: &Cause, world: &mut World) -> Option<Stage> {
        let handler = self.message.handler;
        if handler == Phase::Complete {
            self.message.crashes = 0;
            let instruction = Instruction::Complete;
            let command = Command::new(decided.next.id.as_str(), decided.next.attempt, instruction);
            world.send(&command);
            return None;
        }
        let before = decided.next.clone();
        let pace = world.setting.pace.clone();
        let again = cause.kind.class() == Class::Expected || handler == Phase::Cleanup;
        let put_off = if again {
            decision::put_off(&mut decided.next, handler, cause, &pace, world.now)
        } else {
            Err(cause.clone())
        };
        let is_put_off = put_off.is_ok();
        match put_off {
            Ok(tick) => world.send_tick(&tick),
            Err(cause) => decision::give_up(&mut decided.next, handler, cause, world.now),
        }
        if !self.store(&mut decided, world) {
            return if is_put_off { None } else { self.again() };
        }
        decided.before = before;
        decided.then = Then::Rest;
        self.learned.clear();
        Some(Stage::Send(decided))
    }

    fn taken(&mut self, mut decided: Decided, world: &mut World) -> Option<Stage> {
        let handler = self.message.handler;
        if decided.next.refusals.remove(&handler).is_some() && !self.store(&mut decided, world) {
            return self.again();
        }
        Some(Stage::Send(decided))
    }

    fn send(&mut self, decided: &Decided, world: &mut World) -> Option<Stage> {
        if decided.next.phase != decided.before.phase {
            send_outbox(&decided.next, world);
        }
        if decided.then == Then::LookAgain || !self.learned.is_empty() {
            return self.again();
        }
        None
    }
}

fn perform(effect: &Effect, restore: &Restore, world: &mut World) -> Result<Vec<Learned>, Cause> {
    if world.cloud.luck.refuses() {
        return Err(Cause::new(ErrorKind::Throttled, effect.describe()));
    }
    if world.cloud.fate == Fate::InstanceRefused
        && matches!(effect, Effect::CreateReplicationInstance { .. })
    {
        return Err(Cause::new(ErrorKind::CallRefused, effect.describe()));
    }
    let mut after = After::default();
    let learned = call(effect, restore, world, &mut after);
    world.follow(after);
    // The call went through, but its answer was lost.
    if world.cloud.luck.refuses() {
        return Err(Cause::new(ErrorKind::ServiceFault, effect.describe()));
    }
    learned
}

pub fn send_outbox(restore: &Restore, world: &mut World) {
    for command in &restore.outbox.commands {
        world.send(command);
    }
}

fn call(
    effect: &Effect,
    restore: &Restore,
    world: &mut World,
    after: &mut After,
) -> Result<Vec<Learned>, Cause> {
    let (cloud, resumed) = (&mut world.cloud, restore.resumed.count);
    match effect {
        Effect::DeriveParameterGroup { name, .. } => {
            cloud.parameter_groups.insert(name.clone());
        }
        Effect::RestoreCluster { .. }
        | Effect::CreateWriter { .. }
        | Effect::DeleteCluster { .. } => panic!("no cluster here"),
        Effect::DeleteParameterGroup { name, .. } => cloud.delete_parameter_group(name),
        Effect::RestoreDatabase { name, .. } => {
            cloud.restore_database(name, after);
            return made(name);
        }
        Effect::CreateSecret { name, .. } => {
            cloud.secrets.insert(name.clone());
            return Ok(vec![Learned::Exists { name: name.clone() }]);
        }
        Effect::ResetPassword { database, .. } => {
            cloud.reset_password(database, after)?;
            return Ok(vec![Learned::PasswordAccepted { pending: true }]);
        }
        Effect::RunTask {
            name,
            key,
            started_by,
            job,
            ..
        } => {
            let arn = cloud.run_task(name, key, started_by, job, after);
            let started_by = started_by.clone();
            return Ok(vec![Learned::Task { started_by, arn }]);
        }
        Effect::StopTask { arn } => cloud.stop_task(arn, after),
        Effect::CreateReplicationInstance { name } => {
            cloud.create_instance(name, after);
            return made(name);
        }
        Effect::CreateEndpoint { name, .. } => {
            cloud.endpoints.insert(name.clone(), "active".to_owned());
            return made(name);
        }
        Effect::TestConnection { endpoint, .. } => {
            cloud.test_connection(endpoint, after)?;
            return Ok(repeated(endpoint, resumed));
        }
        Effect::CreateReplicationTask {
            name,
            schema,
            tables,
            ..
        } => {
            cloud.create_dms_task(name, schema, tables, after)?;
            return made(name);
        }
        Effect::StartReplicationTask { name, reload } => {
            cloud.start_dms_task(name, *reload, after)?;
            if *reload {
                world.walked(Way::LoadedAgain);
            }
            return Ok(repeated(name, resumed));
        }
        Effect::StopReplicationTask { name } => cloud.stop_dms_task(name, after)?,
        Effect::DeleteReplicationTask { name } => cloud.delete_dms_task(name, after)?,
        Effect::DeleteEndpoint { name } => cloud.delete_endpoint(name, after),
        Effect::DeleteReplicationInstance { name } => cloud.delete_instance(name, after)?,
        Effect::DeleteDatabase { name } => cloud.delete_database(name, after)?,
        Effect::DeleteSecret { name } => cloud.delete_secret(name),
        Effect::DeleteObjects { prefix } => cloud.delete_objects(prefix),
        Effect::Announce { ended, .. } => {
            world.outcomes.push((**ended).clone());
            world.hear(News::Ended);
            return Ok(vec![Learned::Announced]);
        }
        // No plan is asked for here.
        Effect::TellPlan { .. } => panic!("told a plan without a wish"),
        Effect::ReleaseAdmission => {
            world.place.give_back(&restore.id, restore.attempt);
        }
        Effect::ReleaseClaims => {}
        Effect::TellHeld { until, .. } => {
            world.walked(Way::Held);
            world.hear(News::Held);
            return Ok(vec![Learned::HeldTold { until: *until }]);
        }
    }
    Ok(Vec::new())
}

fn repeated(name: &str, resumed: u32) -> Vec<Learned> {
    let name = name.to_owned();
    vec![Learned::Repeated { name, resumed }]
}

/// Everything in this world is ours, so a name that is taken teaches the same.
fn made(name: &str) -> Result<Vec<Learned>, Cause> {
    let name = name.to_owned();
    Ok(vec![Learned::Made { name }])
}
