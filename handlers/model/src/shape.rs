//! What is searched: the restore, what may go wrong and how often, and in which order a handler takes its steps.

use tenant_restore_core::decision::Setting;

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
    /// Whether others may act between a handler's loading of the record and its looks.
    pub split: bool,
    /// Whether RDS takes longer to delete a database than a handler can run.
    pub deletion_outlasts_handlers: bool,
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
        let names = Names::of(&setting, &restore(schemas).id);
        Self {
            schemas,
            plan,
            trouble,
            hands: 2,
            split: true,
            deletion_outlasts_handlers: true,
            order: Order::Kept,
            ticks: 12,
            setting,
            names,
        }
    }
}

/// The searches of `make model`.
pub fn full() -> Vec<(&'static str, Shape)> {
    let copy = Plan {
        dms_expected: false,
        logs_in: true,
        dms: false,
        copy: true,
    };
    let both = Plan {
        dms_expected: true,
        logs_in: true,
        dms: true,
        copy: true,
    };
    let reset = Plan {
        logs_in: false,
        ..copy
    };
    let calm = Trouble::default();
    let messages = Trouble {
        lost: 2,
        doubled: 2,
        crashes: 1,
        ..calm
    };
    let failing = Trouble {
        faults: 2,
        crashes: 1,
        ..calm
    };
    let refused = Trouble {
        refusals: 1,
        deadlines: 1,
        ..calm
    };
    let search = |plan, trouble, hands| Shape::new(2, plan, trouble).with_hands(hands);
    vec![
        ("what happens to messages", search(copy, messages, 1)),
        ("two handlers at once", search(copy, calm, 2)),
        ("with DMS", search(both, calm, 1)),
        ("a new password", search(reset, messages, 1)),
        ("what fails", search(copy, failing, 1)),
        ("refused calls and deadlines", search(copy, refused, 1)),
    ]
}

impl Shape {
    /// With so many handlers at once.
    pub fn with_hands(self, hands: usize) -> Self {
        Self { hands, ..self }
    }

    /// With steps in this order.
    pub fn in_order(self, order: Order) -> Self {
        Self { order, ..self }
    }
}
