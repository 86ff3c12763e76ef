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
    /// Databases that turn out to have no capacity: the first one.
    pub shortages: u8,
    /// Calls that are refused for a time, or taken although their answer is lost.
    pub refusals: u8,
    /// Calls that are refused for good.
    pub denials: u8,
    /// Waits that last until their deadline.
    pub deadlines: u8,
    /// Orders to cancel.
    pub cancels: u8,
    /// Orders to replay.
    pub replays: u8,
    /// Messages that are given up.
    pub letters: u8,
}

impl Trouble {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        lost: 0,
        doubled: 0,
        crashes: 0,
        faults: 0,
        shortages: 0,
        refusals: 0,
        denials: 0,
        deadlines: 0,
        cancels: 0,
        replays: 0,
        letters: 0,
    };
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

impl Shape {
    /// With so many handlers at once.
    pub fn with_hands(self, hands: usize) -> Self {
        Self { hands, ..self }
    }

    /// Begun with every state in which lone handlers come to a phase under this trouble, and searched until the end of
    /// another.
    pub fn between(self, before: Trouble, from: Phase, until: Phase) -> Self {
        Self {
            from,
            before,
            until,
            ..self
        }
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
