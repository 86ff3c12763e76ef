//! An exhaustive search of the choreography, driven by the pure core itself: every state that one restore can come to,
//! within bounds, whatever is lost, doubled, late, out of order, failing, crashing or done at once by two handlers.
//!
//! [`aws`] and [`act`] are what a restore meets outside, [`hand`] is the engine's loop in steps, [`world`] what can happen
//! next, [`promise`] what must hold, [`search`] the search. Each decision is the core's own (`phases::of(..)`,
//! `decision::{settle, put_off, heed, learn, may_act, is_outdated, give_up}`); the model only adds the world around it.
//!
//! # What is searched
//!
//! - Queues have no order, and a message may be delivered twice, at once or much later. A handler may crash after every
//!   step, also after its last one and before its acknowledgement; its message then comes again.
//! - A handler's steps are: load; look, decide and send the tick; save; each call; each command. Others act between any
//!   two. Ticks may come at any time.
//! - Statuses move on by themselves; Describe may not show yet what was just made; an event may come before its status.
//!   Events of RDS and DMS may be lost, those of ECS not.
//! - Every resource and worker task may fail, every call may be refused for a time or lose its answer, every wait may last
//!   to its deadline, a person may cancel. How often is bounded ([`shape::Trouble`]).
//! - The end must not only be reached where nothing more can happen: from every state there is a way to it ([`graph`]).
//!
//! # The shapes
//!
//! [`shape::full`] lists them; each is searched to its end, or until the restore leaves a phase, as it does by failing too.
//! Not mentioned trouble doesn't occur in a shape. A lone handler stands for handlers that follow each other; only in the
//! shapes of two do others act between its steps. COPY moves all schemas in one task, so one schema says as much as two.
//!
//! | shape | covers |
//! |---|---|
//! | messages | two schemas by COPY, two lost and two repeated messages, one crash |
//! | messages, a new password | the same, where no version of the source's secret logs in |
//! | messages given up | a message that is given up, a lost one |
//! | two handlers until the rows are moved | from the request to the end of `Migrate`, by COPY, no trouble |
//! | two handlers and messages until there is a database | intake and `Provision`, a lost and a repeated message |
//! | DMS and COPY | two schemas, both movers, no trouble |
//! | DMS, … | one schema by DMS, to its end: one lost event; one failure |
//! | DMS until the rows are moved, … | one schema by DMS, to the end of `Migrate`: one repeated message, crash, refused call or deadline |
//! | failures | two failures |
//! | refused calls and deadlines | one of each |
//! | another attempt and a crash | a failure, a replay after the end, a crash |
//! | held, and perhaps resumed | a failure, a hold that lasts or is resumed |
//! | cancelled, and a crash | an order to cancel, a crash |
//! | held, and perhaps cancelled | a failure, a hold that lasts or is cancelled |
//!
//! Why these bounds are enough to trust in: the rules that save a restore (conditional save, outbox, generation of a tick,
//! announcement) each depend on one competitor, one crash, one lost or one repeated message. Two of the latter meet in every
//! way, and leaving any one rule out is found within such bounds (`tests/search.rs`).
//!
//! Not covered: two handlers in `Finalize`, the cleanup and `Complete`, or with DMS; two handlers with crashes, failures or
//! orders but in the small bounds of the tests; DMS with two kinds of trouble at once, with a hold, a replay or an order, and
//! its cleanup after a crash, refused call, deadline or repeated message; a hold with a crash or a lost message; failures
//! with a crash but for one. There the core's simulation (`handlers/core/tests/simulation`) takes samples.
//!
//! # Time
//!
//! The core compares instants only with now. So now stays, and time passes by moving what a record remembers into the past:
//! a deadline, or the begin of the cleanup. Both can happen at any moment; the begin of the cleanup only moves past the
//! longest run of a handler when no handler is at work any more that began before it.
//!
//! # What makes it finite and small
//!
//! - Generations are ranked: only their order, and distance beyond the record's own, matter to the core.
//! - Texts for people, times of audit and counts of ticks (but those that a password's wait counts) are left out of a state's
//!   print: no decision reads them. What was last seen is forgotten, so a save for its sake alone doesn't happen; it would
//!   only make a twin load again, which a late twin does too.
//! - A message that can cause nothing any more (its phase is over, its wait replaced) is dropped: delivered at once it would
//!   be ignored.
//! - A hint to a phase that may not act is delivered and ignored at once; later it would come as a hint that came late.
//! - A record is loaded as late as possible: where it would be loaded before others save, that is said at their save.
//! - What only sends goes with the step before it: a message may be late anyway. A crash may come after each sending.
//! - What happens in AWS waits as long as nobody can tell: no handler is about to look or to make a call that meets it, and
//!   none can be woken by it.
//!
//!   The last three leave out orders of steps, not states: within five small bounds, `tests/search.rs` compares every state in
//!   which no handler is at work with those of a search that takes all orders.
//! - Source and target endpoint are alike, so the first is the first to change.
//!
//! # What is left out
//!
//! Admission (always granted), the room for a restore (always there), and a describe that lags longer than a handler runs.
//! A letter of an order or of the cleanup's own queues is a person's to redrive. Another attempt is ordered when no handler
//! of the one before is at work any more, and the same worker's findings hold for it. From every state there is a way to the
//! end; that it is taken needs queues that deliver at last.

pub mod act;
pub mod aws;
pub mod graph;
pub mod hand;
pub mod look;
pub mod message;
pub mod names;
mod print;
pub mod promise;
pub mod record;
pub mod search;
pub mod shape;
pub mod start;
pub mod step;
mod time;
pub mod world;
