//! Calls that create something, from the save that announces them to their answer. One without an answer may come as
//! late as its handler can run: it crashed, or AWS is slow, or a twin of it was faster. The cleanup looks again then.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Resource, ResourceKind, Restore};
use crate::effect::Effect;

/// Calls that were announced and not yet answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Creating {
    /// How many.
    pub count: u32,
    /// When the last of them was announced.
    pub since: Timestamp,
}

impl Resource {
    /// Until when it may still be made, by a handler that runs for so many seconds at most; none if by nobody.
    pub fn creators_until(&self, handler_timeout: i64) -> Option<Timestamp> {
        let creating = self.creating.filter(|creating| creating.count > 0)?;
        Some(creating.since + SignedDuration::from_secs(handler_timeout))
    }

    fn announce(&mut self, handler_timeout: i64, now: Timestamp) {
        let over = self
            .creators_until(handler_timeout)
            .is_none_or(|until| until <= now);
        let before = self.creating.filter(|_| !over);
        self.creating = Some(Creating {
            count: before.map_or(0, |it| it.count) + 1,
            since: now,
        });
    }

    /// What was seen to be gone before the answer may have been made since: it is to be looked at again.
    fn answer(&mut self) {
        if let Some(creating) = &mut self.creating {
            creating.count = creating.count.saturating_sub(1);
            self.gone_at = None;
        }
        self.creating = self.creating.filter(|creating| creating.count > 0);
    }
}

impl Restore {
    /// Announces what these effects create. So every call that creates something follows a save of its own, which fails for
    /// a handler that others have overtaken.
    pub(crate) fn announce_creations(
        &mut self,
        effects: &[Effect],
        handler_timeout: i64,
        now: Timestamp,
    ) {
        for (kind, name) in effects.iter().filter_map(Effect::creates) {
            self.note(kind, name, now);
            self.resource_mut(kind, name)
                .for_each(|resource| resource.announce(handler_timeout, now));
        }
    }

    /// Takes in that such a call has its answer.
    pub(crate) fn answer_creation(&mut self, kind: ResourceKind, name: &str) {
        self.resource_mut(kind, name).for_each(Resource::answer);
    }

    fn resource_mut<'a>(
        &'a mut self,
        kind: ResourceKind,
        name: &'a str,
    ) -> impl Iterator<Item = &'a mut Resource> {
        let all = self.resources.iter_mut();
        all.filter(move |resource| resource.kind == kind && resource.name == name)
    }
}

#[cfg(test)]
mod tests {
    use tenant_restore_events::Phase;

    use super::*;
    use crate::decision::{announce, learn};
    use crate::effect::Learned;
    use crate::scene::{Scene, begin, setting};

    const TIMEOUT: i64 = 60;

    fn create(scene: &Scene) -> Effect {
        Effect::CreateReplicationInstance {
            name: scene.names().replication_instance(),
        }
    }

    fn until(restore: &Restore) -> Option<Timestamp> {
        let resource = restore.resources.last().unwrap();
        assert_eq!(resource.kind, ResourceKind::ReplicationInstance);
        resource.creators_until(TIMEOUT)
    }

    #[test]
    fn a_call_is_on_its_way_until_its_answer_or_the_end_of_its_handler() {
        let mut scene = Scene::at(Phase::Provision);
        let effect = create(&scene);
        announce(
            &mut scene.restore,
            std::slice::from_ref(&effect),
            &setting(),
            begin(),
        );
        let end = begin() + SignedDuration::from_secs(TIMEOUT);
        assert_eq!(until(&scene.restore), Some(end));
        learn(&mut scene.restore, &[effect.answered().unwrap()], begin());
        assert_eq!(until(&scene.restore), None);
    }

    #[test]
    fn the_answer_to_one_call_is_none_to_that_of_a_twin() {
        let mut scene = Scene::at(Phase::Provision);
        let effect = create(&scene);
        let calls = [effect.clone(), effect.clone()];
        announce(&mut scene.restore, &calls, &setting(), begin());
        let answered = effect.answered().unwrap();
        learn(&mut scene.restore, std::slice::from_ref(&answered), begin());
        assert!(until(&scene.restore).is_some());
        learn(&mut scene.restore, &[answered.clone(), answered], begin());
        assert_eq!(until(&scene.restore), None);
    }

    #[test]
    fn what_was_gone_while_a_call_made_it_again_is_not_taken_for_gone() {
        let mut scene = Scene::at(Phase::Provision);
        let effect = create(&scene);
        announce(
            &mut scene.restore,
            std::slice::from_ref(&effect),
            &setting(),
            begin(),
        );
        let answered = [effect.answered().unwrap()];
        scene.restore.resources.last_mut().unwrap().gone_at = Some(begin());
        learn(&mut scene.restore, &answered, begin());
        let gone_at = |restore: &Restore| restore.resources.last().unwrap().gone_at;
        assert_eq!(gone_at(&scene.restore), None);
        scene.restore.resources.last_mut().unwrap().gone_at = Some(begin());
        learn(&mut scene.restore, &answered, begin());
        assert_eq!(gone_at(&scene.restore), Some(begin()));
    }

    #[test]
    fn a_call_whose_handler_has_ended_is_forgotten_by_the_next() {
        let mut scene = Scene::at(Phase::Provision);
        let effect = create(&scene);
        let late = begin() + SignedDuration::from_secs(TIMEOUT);
        for now in [begin(), late] {
            announce(
                &mut scene.restore,
                std::slice::from_ref(&effect),
                &setting(),
                now,
            );
        }
        learn(&mut scene.restore, &[effect.answered().unwrap()], late);
        assert_eq!(until(&scene.restore), None);
    }

    #[test]
    fn a_worker_task_writes_an_object_first() {
        let scene = Scene::at(Phase::Intake);
        let mut sourced = scene.clone();
        sourced.restore = Scene::at(Phase::Provision).restore;
        sourced.restore.phase = Phase::Intake;
        sourced.restore.tasks.clear();
        let decision = sourced.decide();
        let work = scene.names().work_prefix();
        let created = decision.effects[0].creates();
        assert_eq!(created, Some((ResourceKind::Objects, work.as_str())));
        let name = work;
        let kind = ResourceKind::Objects;
        assert_eq!(
            decision.effects[0].answered(),
            Some(Learned::Answered { kind, name })
        );
    }
}
