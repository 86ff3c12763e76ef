//! Two invocations of one phase, woken by an event and by a tick, whose same call AWS refuses. Each is refused when the other
//! has saved what it is about to do, so that neither can save at once what follows from its refusal.

mod cloud;
mod scene;

use std::pin::Pin;

use jiff::SignedDuration;
use tenant_restore_core::decision::{Hint, Wake};
use tenant_restore_core::error::ErrorKind;
use tenant_restore_core::restore::Restore;
use tenant_restore_core::wait::WaitFor;
use tenant_restore_events::{Command, Instruction, Phase};
use tokio::sync::mpsc;

use cloud::{Call, Cloud};

use crate::batch::Delivery;
use crate::engine::Woken;
use crate::fault::Fault;

#[tokio::test]
async fn of_two_that_are_refused_for_a_time_the_one_that_cannot_save_that_leaves_it_to_the_other() {
    let met = both_refused("Throttling", scene::restore()).await;
    assert_eq!(met.refusals, [1, 1], "neither asks again at once");
    let wait = &met.restore.waits[&Phase::Provision];
    assert_eq!((wait.what, wait.generation), (WaitFor::Retry, 3));
    let ticks = met.sent.iter().map(|command| match command.instruction {
        Instruction::Reconcile { generation, .. } => generation,
        other => panic!("a tick is a Reconcile: {other:?}"),
    });
    let whose = "the event's wait, the tick's; then what the event's could not save, and what the tick's did";
    assert_eq!(ticks.collect::<Vec<_>>(), [1, 2, 2, 3], "{whose}");
    assert_eq!(met.troubled, ["event", "tick"], "the log has both refusals");
}

#[tokio::test]
async fn of_two_that_are_refused_for_good_one_fails_the_restore_and_the_other_leaves_it_alone() {
    let met = both_refused("InvalidParameterValue", scene::restore()).await;
    assert_failed_once(&met, ErrorKind::CallRefused);
}

#[tokio::test]
async fn of_two_that_were_refused_for_too_long_one_fails_the_restore_and_the_other_leaves_it_alone()
{
    let met = both_refused(
        "Throttling",
        scene::refused_for(SignedDuration::from_hours(24)),
    )
    .await;
    assert_failed_once(&met, ErrorKind::Throttled);
}

fn assert_failed_once(met: &Met, kind: ErrorKind) {
    assert_eq!(met.refusals, [1, 1], "neither asks again");
    let restore = &met.restore;
    assert_eq!(restore.phase, Phase::Cleanup);
    assert_eq!(restore.failed_in, Some(Phase::Provision));
    let kinds: Vec<_> = restore.causes.iter().map(|cause| cause.kind).collect();
    assert_eq!(kinds, [kind], "one cause, told once");
    let commands = met.sent.iter().map(|command| command.instruction);
    let clean_up = commands.filter(|it| *it == Instruction::CleanUp).count();
    assert_eq!(clean_up, 1);
}

/// What became of two invocations.
struct Met {
    /// How often each was refused.
    refusals: [usize; 2],
    restore: Restore,
    sent: Vec<Command>,
    /// The messages whose refusals the log tells.
    troubled: Vec<String>,
}

/// Both by turns, until both have ended.
async fn both_refused(code: &'static str, restore: Restore) -> Met {
    let (cloud, mut calls) = Cloud::refusing(code);
    let engine = scene::engine(&cloud);
    assert!(engine.open(&restore).await.unwrap().is_ok());
    let event = Wake::Hint(Hint {
        resource: "production".to_owned(),
        event: String::new(),
    });
    // Of the wait that the event's invocation begins.
    let tick = Wake::Tick {
        generation: 1,
        gap: Some(false),
    };
    let deliveries = ["event", "tick"].map(delivery);
    let wakes = [event, tick].into_iter().zip(&deliveries);
    let mut two: Vec<_> = wakes
        .map(|(wake, delivery)| {
            let name = delivery.message_id.clone();
            let woken = Woken {
                wake,
                name,
                delivery,
            };
            Invocation::new(engine.advance(&restore.id, None, woken))
        })
        .collect();
    while two.iter().any(|it| !it.has_ended) {
        for it in two.iter_mut().filter(|it| !it.has_ended) {
            it.take_turn(&mut calls).await;
        }
    }
    let refusals = [two[0].refusals, two[1].refusals];
    let restore = engine.load(&restore.id).await.unwrap().unwrap().restore;
    cloud.with_kept(|kept| Met {
        refusals,
        restore,
        sent: std::mem::take(&mut kept.sent),
        troubled: std::mem::take(&mut kept.troubled),
    })
}

/// One that goes on when it is its turn.
struct Invocation<'a> {
    run: Pin<Box<dyn Future<Output = Result<bool, Fault>> + 'a>>,
    call: Option<Call>,
    refusals: usize,
    has_ended: bool,
}

impl<'a> Invocation<'a> {
    fn new(run: impl Future<Output = Result<bool, Fault>> + 'a) -> Self {
        Self {
            run: Box::pin(run),
            call: None,
            refusals: 0,
            has_ended: false,
        }
    }

    /// Refuses the call that it made in its turn before, and lets it go on to the next one or to its end.
    async fn take_turn(&mut self, calls: &mut mpsc::UnboundedReceiver<Call>) {
        if let Some(call) = self.call.take() {
            self.refusals += 1;
            call.send(()).unwrap();
        }
        tokio::select! {
            ended = &mut self.run => {
                assert!(ended.unwrap(), "the restore is known");
                self.has_ended = true;
            }
            call = calls.recv() => self.call = call,
        }
    }
}

fn delivery(message_id: &str) -> Delivery {
    Delivery {
        message_id: message_id.to_owned(),
        sent_at: None,
        again: false,
        trace: None,
        is_letter: false,
    }
}
