//! The searches of `make model`; the crate's documentation says what they cover and what they don't.

use tenant_restore_events::Phase;

use crate::look::Plan;
use crate::shape::{Shape, Trouble};

const CALM: Trouble = Trouble::NONE;

const LOST: Trouble = Trouble { lost: 1, ..CALM };

const CRASH: Trouble = Trouble { crashes: 1, ..CALM };

const FAILURE: Trouble = Trouble { faults: 1, ..CALM };

/// One of everything that happens to messages, and a crash.
const MESSAGES: Trouble = Trouble {
    lost: 1,
    doubled: 1,
    ..CRASH
};

const COPY: Plan = Plan {
    dms_expected: false,
    logs_in: true,
    dms: false,
    copy: true,
};

const DMS: Plan = Plan {
    dms_expected: true,
    dms: true,
    copy: false,
    ..COPY
};

/// Every search, with its name.
pub fn full() -> Vec<(&'static str, Shape)> {
    [messages(), pairs(), dms(), failures(), orders()].concat()
}

fn lone(plan: Plan, trouble: Trouble) -> Shape {
    Shape::new(1, plan, trouble).with_hands(1)
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
    let given_up = Trouble { letters: 1, ..LOST };
    vec![
        ("messages", Shape::new(2, COPY, trouble).with_hands(1)),
        (
            "messages, a new password",
            Shape::new(2, reset, trouble).with_hands(1),
        ),
        ("messages given up", lone(COPY, given_up)),
    ]
}

/// Two handlers at once: through the first phases, then phase by phase with more trouble.
fn pairs() -> Vec<(&'static str, Shape)> {
    let pair = |trouble| Shape::new(1, COPY, trouble);
    let begun = |until, trouble| pair(trouble).between(CALM, Phase::Intake, until);
    let within = |phase, trouble| pair(trouble).between(CALM, phase, phase);
    let delivered = Trouble {
        crashes: 0,
        ..MESSAGES
    };
    let doubled = Trouble {
        lost: 0,
        ..MESSAGES
    };
    let failing = Trouble { faults: 1, ..CRASH };
    let short = Trouble {
        shortages: 1,
        ..CALM
    };
    let denied = Trouble { denials: 2, ..CALM };
    let ends = |trouble, before| pair(trouble).between(before, Phase::Complete, Phase::Complete);
    vec![
        ("pair until the rows are moved", begun(Phase::Migrate, CALM)),
        (
            "pair until there is a database, messages",
            begun(Phase::Provision, delivered),
        ),
        ("pair in intake, a crash", begun(Phase::Intake, CRASH)),
        (
            "pair in provision, a crash",
            within(Phase::Provision, CRASH),
        ),
        (
            "pair in provision, no capacity",
            within(Phase::Provision, short),
        ),
        ("pair in ddl, messages", within(Phase::Ddl, MESSAGES)),
        ("pair in ddl, a failure", within(Phase::Ddl, failing)),
        (
            "pair in migrate, messages",
            within(Phase::Migrate, MESSAGES),
        ),
        (
            "pair in migrate, a failure",
            within(Phase::Migrate, failing),
        ),
        (
            "pair in finalize, messages",
            within(Phase::Finalize, MESSAGES),
        ),
        (
            "pair in finalize, a failure",
            within(Phase::Finalize, failing),
        ),
        (
            "pair in finalize, calls refused for good",
            within(Phase::Finalize, denied),
        ),
        (
            "pair in the cleanup",
            pair(CALM).between(CALM, Phase::Cleanup, Phase::Complete),
        ),
        ("pair in complete, messages", ends(doubled, FAILURE)),
    ]
}

/// DMS: two schemas and both movers; then one schema, and where the whole is too much, phase by phase.
fn dms() -> Vec<(&'static str, Shape)> {
    let both = Plan { copy: true, ..DMS };
    let until_moved = |trouble| Shape {
        until: Phase::Migrate,
        ..lone(DMS, trouble)
    };
    let moving = |trouble| lone(DMS, trouble).between(CALM, Phase::Migrate, Phase::Migrate);
    let cleaning = |trouble| lone(DMS, trouble).between(CALM, Phase::Cleanup, Phase::Complete);
    let doubled = Trouble { doubled: 1, ..CALM };
    let failing = Trouble { faults: 1, ..CRASH };
    let refused = Trouble {
        refusals: 1,
        deadlines: 1,
        ..CALM
    };
    vec![
        ("DMS and COPY", Shape::new(2, both, CALM).with_hands(1)),
        ("DMS, an event is lost", lone(DMS, LOST)),
        (
            "DMS until the rows are moved, a repeated message",
            until_moved(doubled),
        ),
        ("DMS until the rows are moved, a crash", until_moved(CRASH)),
        (
            "DMS until the rows are moved, a failure",
            until_moved(FAILURE),
        ),
        ("DMS in migrate, messages", moving(MESSAGES)),
        ("DMS in migrate, a failure and a crash", moving(failing)),
        (
            "DMS in migrate, a refused call and a deadline",
            moving(refused),
        ),
        ("DMS in the cleanup, a failure", cleaning(FAILURE)),
        ("DMS in the cleanup, an event is lost", cleaning(LOST)),
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
        replays: 1,
        ..FAILURE
    };
    let crashing = Trouble {
        crashes: 1,
        ..replayed
    };
    let resumed = Trouble {
        replays: 1,
        ..CRASH
    };
    let held = lone(COPY, resumed).held();
    let short = |trouble| {
        let shortages = 1;
        lone(
            COPY,
            Trouble {
                shortages,
                ..trouble
            },
        )
    };
    vec![
        ("failures", lone(COPY, failing)),
        ("refused calls and deadlines", lone(COPY, refused)),
        ("another attempt, and a crash", lone(COPY, crashing)),
        ("no capacity, messages", short(MESSAGES)),
        ("no capacity, and a failure", short(FAILURE)),
        ("no capacity, a refused call and a deadline", short(refused)),
        ("held, and perhaps resumed", lone(COPY, replayed).held()),
        (
            "held, perhaps resumed, and a crash",
            held.between(FAILURE, Phase::Cleanup, Phase::Complete),
        ),
    ]
}

/// What persons order.
fn orders() -> Vec<(&'static str, Shape)> {
    let cancelled = Trouble {
        cancels: 1,
        ..CRASH
    };
    let held = Trouble {
        cancels: 1,
        ..FAILURE
    };
    vec![
        ("cancelled, and a crash", lone(COPY, cancelled)),
        ("held, and perhaps cancelled", lone(COPY, held).held()),
    ]
}
