//! What is searched: the restore, what may go wrong and how often, and in which order a handler takes its steps.

use tenant_restore_core::decision::Setting;
use tenant_restore_events::Phase;

use crate::look::Plan;
use crate::names::{Names, restore, setting};

/// How often each kind of trouble may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Trouble {
    /// Events of RDS and DMS that are lost.
    pub lost: u8,
    /// Messages that are delivered twice.
    pub doubled: u8,
    /// Handlers that crash.
    pub crashes: u8,
    /// Resources and workers that fail.
    pub faults: u8,
    /// Calls that are refused for a time, or taken although their answer is lost.
    pub refusals: u8,
    /// Waits that last until their deadline.
    pub deadlines: u8,
    /// Orders to cancel.
    pub cancels: u8,
    /// Orders to replay.
    pub replays: u8,
    /// Messages that are given up.
    pub letters: u8,
}

/// The order of a handler's steps. All but the first are wrong, to prove that the search finds what they break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the engine has it.
    Kept,
    /// Commands are sent before the save that causes them.
    SendBeforeSave,
    /// Commands are sent after the save, but not kept in the record.
    NoOutbox,
    /// Effects are performed before the save that notes them.
    ActBeforeSave,
    /// The tick is sent after the save.
    TickAfterSave,
    /// A save doesn't ask whether others have saved meanwhile.
    SaveBlindly,
    /// What a call creates isn't announced in the save before it.
    Unannounced,
    /// A letter doesn't make the outbox be sent again.
    LettersWithoutOutbox,
    /// A held restore is resumed while its tasks are still being stopped.
    ResumeAtOnce,
}

/// A search.
#[derive(Debug, Clone)]
pub struct Shape {
    /// How many schemas are restored: one or two.
    pub schemas: usize,
    /// What the workers find.
    pub plan: Plan,
    /// What may go wrong.
    pub trouble: Trouble,
    /// Handlers at once.
    pub hands: usize,
    /// Whether a failed restore is held.
    pub hold: bool,
    /// Whether what nobody can tell apart is searched in one order only.
    pub reduced: bool,
    /// The phase that the search begins with.
    pub from: Phase,
    /// What may have gone wrong before that phase, with lone handlers.
    pub before: Trouble,
    /// The last phase that is searched.
    pub until: Phase,
    /// The order of steps.
    pub order: Order,
    /// Most ticks in flight for one handler.
    pub ticks: usize,
    /// What decisions are made with.
    pub setting: Setting,
    /// Names.
    pub names: Names,
}

impl Shape {
    /// A search with these bounds, two handlers at once.
    pub fn new(schemas: usize, plan: Plan, trouble: Trouble) -> Self {
        let setting = setting();
        let names = Names::of(&setting, &restore(schemas, false).id);
        Self {
            schemas,
            plan,
            trouble,
            hands: 2,
            hold: false,
            reduced: true,
            from: Phase::Intake,
            before: Trouble::default(),
            until: Phase::Complete,
            order: Order::Kept,
            ticks: 12,
            setting,
            names,
        }
    }
}

const CALM: Trouble = Trouble {
    lost: 0,
    doubled: 0,
    crashes: 0,
    faults: 0,
    refusals: 0,
    deadlines: 0,
    cancels: 0,
    replays: 0,
    letters: 0,
};

const COPY: Plan = Plan {
    dms_expected: false,
    logs_in: true,
    dms: false,
    copy: true,
};

/// The searches of `make model`; the crate's documentation says what they cover and what they don't.
pub fn full() -> Vec<(&'static str, Shape)> {
    [messages(), pairs(), dms(), failures(), orders()].concat()
}

/// What happens to messages, two schemas.
fn messages() -> Vec<(&'static str, Shape)> {
    let reset = Plan {
        logs_in: false,
        ..COPY
    };
    let trouble = Trouble {
        lost: 2,
        doubled: 2,
        crashes: 1,
        ..CALM
    };
    let given_up = Trouble {
        letters: 1,
        lost: 1,
        ..CALM
    };
    vec![
        ("messages", Shape::new(2, COPY, trouble).with_hands(1)),
        (
            "messages, a new password",
            Shape::new(2, reset, trouble).with_hands(1),
        ),
        ("messages given up", alone(COPY, given_up)),
    ]
}

/// Two handlers at once.
fn pairs() -> Vec<(&'static str, Shape)> {
    let pair = |trouble, until| Shape {
        until,
        ..Shape::new(1, COPY, trouble)
    };
    let messages = Trouble {
        lost: 1,
        doubled: 1,
        ..CALM
    };
    vec![
        (
            "two handlers until the rows are moved",
            pair(CALM, Phase::Migrate),
        ),
        (
            "two handlers and messages until there is a database",
            pair(messages, Phase::Provision),
        ),
    ]
}

/// DMS: two schemas and both movers; then one schema and one trouble at a time, where that is too much until the rows are
/// moved.
fn dms() -> Vec<(&'static str, Shape)> {
    let both = Plan {
        dms_expected: true,
        dms: true,
        ..COPY
    };
    let dms = Plan {
        copy: false,
        ..both
    };
    let lost = Trouble { lost: 1, ..CALM };
    let doubled = Trouble { doubled: 1, ..CALM };
    let crash = Trouble { crashes: 1, ..CALM };
    let fault = Trouble { faults: 1, ..CALM };
    let refused = Trouble {
        refusals: 1,
        ..CALM
    };
    let deadline = Trouble {
        deadlines: 1,
        ..CALM
    };
    let until_moved = |trouble| Shape {
        until: Phase::Migrate,
        ..alone(dms, trouble)
    };
    vec![
        ("DMS and COPY", Shape::new(2, both, CALM).with_hands(1)),
        ("DMS, an event is lost", alone(dms, lost)),
        ("DMS, a failure", alone(dms, fault)),
        (
            "DMS until the rows are moved, a repeated message",
            until_moved(doubled),
        ),
        ("DMS until the rows are moved, a crash", until_moved(crash)),
        (
            "DMS until the rows are moved, a refused call",
            until_moved(refused),
        ),
        (
            "DMS until the rows are moved, a deadline",
            until_moved(deadline),
        ),
    ]
}

/// What fails, and how it goes on.
fn failures() -> Vec<(&'static str, Shape)> {
    let failing = Trouble { faults: 2, ..CALM };
    let refused = Trouble {
        refusals: 1,
        deadlines: 1,
        ..CALM
    };
    let replayed = Trouble {
        faults: 1,
        replays: 1,
        ..CALM
    };
    let crashing = Trouble {
        crashes: 1,
        ..replayed
    };
    vec![
        ("failures", alone(COPY, failing)),
        ("refused calls and deadlines", alone(COPY, refused)),
        ("another attempt and a crash", alone(COPY, crashing)),
        ("held, and perhaps resumed", alone(COPY, replayed).held()),
    ]
}

/// What persons order.
fn orders() -> Vec<(&'static str, Shape)> {
    let cancelled = Trouble {
        cancels: 1,
        crashes: 1,
        ..CALM
    };
    let held = Trouble {
        faults: 1,
        cancels: 1,
        ..CALM
    };
    vec![
        ("cancelled, and a crash", alone(COPY, cancelled)),
        ("held, and perhaps cancelled", alone(COPY, held).held()),
    ]
}

fn alone(plan: Plan, trouble: Trouble) -> Shape {
    Shape::new(1, plan, trouble).with_hands(1)
}

impl Shape {
    /// With so many handlers at once.
    pub fn with_hands(self, hands: usize) -> Self {
        Self { hands, ..self }
    }

    /// Held after a failure.
    pub fn held(self) -> Self {
        Self { hold: true, ..self }
    }

    /// With steps in this order.
    pub fn in_order(self, order: Order) -> Self {
        Self { order, ..self }
    }
}
