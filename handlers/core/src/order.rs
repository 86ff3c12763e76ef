//! Orders of a person about a restore that exists. An order may be delivered twice, also much later: it is followed once.

use jiff::Timestamp;
use tenant_restore_events::{Command, Instruction};

use crate::restore::Restore;

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// End it now.
    Cancel,
    /// Try it again: from the step that failed, if it is held; else as a new attempt.
    Replay,
}

/// What to do about an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Save this record, then send its outbox.
    Follow(Box<Restore>),
    /// It was followed before, but perhaps not its outbox sent.
    Followed,
    /// It can be followed soon: the outcome is being told, and whoever hears of it may order before the record says so.
    Soon,
    /// Why it can't be followed.
    Refuse(String),
}

/// The event that an order came as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordered<'a> {
    /// What it orders.
    pub order: Order,
    /// Its id: EventBridge gives every event one.
    pub event_id: &'a str,
    /// Whether an archive replays it. It was meant for the restore as that was then.
    pub replayed: bool,
    /// Who asked, for the record.
    pub requested_by: Option<&'a str>,
}

/// Answers an order.
pub fn answer(restore: &Restore, ordered: &Ordered<'_>, now: Timestamp) -> Answer {
    let Ordered {
        order,
        event_id,
        replayed: from_archive,
        requested_by,
    } = *ordered;
    let has_id = !event_id.is_empty();
    if has_id && restore.orders.iter().any(|followed| followed == event_id) {
        return Answer::Followed;
    }
    if from_archive {
        let problem = "the event is a replay from an archive: order it anew if it is still meant";
        return Answer::Refuse(problem.to_owned());
    }
    if order == Order::Replay && restore.is_being_told() {
        return Answer::Soon;
    }
    let followed = match order {
        Order::Cancel => cancelled(restore, requested_by, now),
        Order::Replay if restore.held.is_some() => resumed(restore, now),
        Order::Replay => replayed(restore, now),
    };
    match followed {
        Ok(mut next) => {
            next.orders.extend(has_id.then(|| event_id.to_owned()));
            Answer::Follow(Box::new(next))
        }
        Err(problem) => Answer::Refuse(problem),
    }
}

fn cancelled(
    restore: &Restore,
    requested_by: Option<&str>,
    now: Timestamp,
) -> Result<Restore, String> {
    let mut next = restore.clone();
    next.cancel(requested_by, now)?;
    Ok(next)
}

fn resumed(restore: &Restore, now: Timestamp) -> Result<Restore, String> {
    let mut next = restore.clone();
    next.resume(now)?;
    Ok(next)
}

/// Intake has no command for a beginning; `Admit` makes it look.
fn replayed(restore: &Restore, now: Timestamp) -> Result<Restore, String> {
    let mut next = restore.next_attempt(now)?;
    let begin = Command::new(next.id.as_str(), next.attempt, Instruction::Admit);
    next.outbox.commands = vec![begin];
    Ok(next)
}

#[cfg(test)]
mod tests {
    use tenant_restore_events::Phase;

    use super::*;
    use crate::scene::{Scene, begin};

    fn event(order: Order, event_id: &str) -> Ordered<'_> {
        Ordered {
            order,
            event_id,
            replayed: false,
            requested_by: None,
        }
    }

    fn follow(restore: &Restore, order: Order, id: &str) -> Restore {
        match answer(restore, &event(order, id), begin()) {
            Answer::Follow(next) => *next,
            other => panic!("{other:?}"),
        }
    }

    fn ended(mut restore: Restore) -> Restore {
        restore.phase = Phase::Complete;
        restore.decide_outcome("s3://bucket/audit/x/1", begin());
        restore.announced = true;
        restore
    }

    #[test]
    fn what_an_order_causes_is_in_the_record_that_is_saved_so_that_it_can_be_sent_again() {
        let restore = Scene::at(Phase::Ddl).restore;
        let cancelled = follow(&restore, Order::Cancel, "e-1");
        let commands = |restore: &Restore| restore.outbox.commands.clone();
        assert_eq!(commands(&cancelled)[0].instruction, Instruction::CleanUp);
        let again = follow(&ended(cancelled), Order::Replay, "e-2");
        let begin = &commands(&again)[0];
        assert_eq!((begin.instruction, begin.attempt), (Instruction::Admit, 2));
    }

    #[test]
    fn whoever_hears_of_a_failure_may_order_a_replay_before_the_record_says_that_it_was_told() {
        let mut restore = ended(follow(&Scene::at(Phase::Ddl).restore, Order::Cancel, "e-1"));
        restore.announced = false;
        let ordered = |restore: &Restore, order| answer(restore, &event(order, "e-2"), begin());
        assert_eq!(ordered(&restore, Order::Replay), Answer::Soon);
        assert!(matches!(
            ordered(&restore, Order::Cancel),
            Answer::Refuse(_)
        ));
        restore.announced = true;
        assert!(matches!(
            ordered(&restore, Order::Replay),
            Answer::Follow(_)
        ));
    }

    #[test]
    fn what_ended_well_or_goes_on_is_not_waited_for() {
        let restore = Scene::at(Phase::Ddl).restore;
        let mut completed = ended(restore.clone());
        completed.announced = false;
        for restore in [restore, completed] {
            let answered = answer(&restore, &event(Order::Replay, "e-1"), begin());
            assert!(matches!(answered, Answer::Refuse(_)), "{answered:?}");
        }
    }

    #[test]
    fn an_order_is_followed_once_however_often_and_late_it_is_delivered() {
        let restore = Scene::at(Phase::Ddl).restore;
        let cancelled = follow(&restore, Order::Cancel, "e-1");
        let repeated = |restore: &Restore, order, id| answer(restore, &event(order, id), begin());
        assert_eq!(repeated(&cancelled, Order::Cancel, "e-1"), Answer::Followed);
        let other = repeated(&cancelled, Order::Cancel, "e-2");
        assert!(matches!(other, Answer::Refuse(_)), "{other:?}");
        let again = follow(&ended(cancelled), Order::Replay, "e-3");
        // It fails too, then the order comes once more.
        let failed = ended(follow(&again, Order::Cancel, "e-4"));
        assert_eq!(repeated(&failed, Order::Replay, "e-3"), Answer::Followed);
        assert_eq!(follow(&failed, Order::Replay, "e-5").attempt, 3);
    }
    #[test]
    fn an_order_that_an_archive_replays_is_not_followed_though_it_never_was() {
        let running = Scene::at(Phase::Ddl).restore;
        let failed = ended(follow(&running, Order::Cancel, "e-1"));
        let again = |restore: &Restore, order, id| {
            let replayed = Ordered {
                replayed: true,
                ..event(order, id)
            };
            answer(restore, &replayed, begin())
        };
        assert_eq!(again(&failed, Order::Cancel, "e-1"), Answer::Followed);
        for refused in [
            again(&running, Order::Cancel, "e-0"),
            again(&failed, Order::Replay, "e-0"),
        ] {
            let Answer::Refuse(problem) = refused else {
                panic!("{refused:?}");
            };
            assert!(problem.contains("order it anew"), "{problem}");
        }
    }
}
