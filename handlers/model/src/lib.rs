//! An exhaustive search of the choreography, driven by the pure core itself: every state that one restore can come to,
//! within bounds, whatever is lost, doubled, late, out of order, failing, crashing or done at once by two handlers.
//!
//! [`aws`] and [`act`] are what a restore meets outside, [`hand`] is the engine's loop in steps, [`world`] what can happen
//! next, [`promise`] what must hold, [`search`] the search, [`start`] where it begins. Each decision is the core's own (`phases::of(..)`,
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
//! - Every resource and worker task may fail, every call may be refused for a time or for good, or lose its answer, every wait may last
//!   to its deadline, a person may cancel. How often is bounded ([`shape::Trouble`]).
//! - The end must not only be reached where nothing more can happen: from every state there is a way to it ([`graph`]).
//!
//! # The shapes
//!
//! [`shapes::full`] lists them; each is searched to its end, or until the restore leaves a phase, as it does by failing too.
//! `make model` prints of each its bounds, states and seconds. Not mentioned trouble doesn't occur in a shape. A lone
//! handler stands for handlers that follow each other; only in the shapes of two do others act between its steps. COPY
//! moves all schemas in one task, so one schema says as much as two. A shape that begins with a later phase begins with
//! every state in which lone handlers come to it, without trouble if none is mentioned ([`start`]).
//!
//! | shape | covers |
//! |---|---|
//! | messages | two schemas by COPY, two lost and two repeated messages, one crash |
//! | messages, a new password | the same, where no version of the source's secret logs in: half as many waits again |
//! | messages given up | a message that is given up, a lost one |
//! | pair until … | two handlers from the request to the end of `Migrate`; to the end of `Provision` with a lost and a repeated message |
//! | pair in … | two handlers within each phase: a crash in all but the cleanup; a lost and a repeated message too from `Ddl` on; a failure with a crash in `Ddl`, `Migrate` and `Finalize`; in `Finalize` also two calls that are refused for good |
//! | DMS and COPY | two schemas, both movers, no trouble |
//! | DMS, an event is lost | one schema by DMS, to its end |
//! | DMS until the rows are moved, … | one schema by DMS, to the end of `Migrate`: one repeated message, crash or failure |
//! | DMS in … | one schema by DMS, within `Migrate`: messages and a crash, a failure and a crash, a refused call and a deadline; from the cleanup on: a failure, a lost event |
//! | failures | two failures |
//! | refused calls and deadlines | one of each |
//! | no capacity, … | the first database ends without capacity, the next is made elsewhere: messages and a crash, a failure, a refused call and a deadline; two handlers in `Provision` |
//! | another attempt, and a crash | a failure, a replay after the end, a crash |
//! | held, … | a hold after a failure that lasts, is resumed or cancelled; a crash from the cleanup on |
//! | cancelled, and a crash | an order to cancel, a crash |
//!
//! Why these bounds are enough to trust in: the rules that save a restore (conditional save, outbox, generation of a tick,
//! announcement) each depend on one competitor, one crash, one lost or one repeated message. Two of the latter meet in every
//! way, and leaving any one rule out is found within such bounds (`tests/search.rs`). A phase knows of those before it only
//! what the record and AWS show, so two handlers that meet phase by phase meet as they do in a whole restore, but for a
//! handler that is late by a whole phase: until the rows are moved that is searched too.
//!
//! Not covered, since they have many millions of states: two handlers in a cleanup after a failure, or after a crash
//! there, and two that are cancelled; DMS in a cleanup after a failure or with a crash; two failures and a crash; two
//! handlers whose calls are refused in another phase than `Finalize`, or for a time. Nor two
//! handlers with DMS: one whose save fails as often as the DMS branch saves sends a tick each time, so the ticks in flight
//! have no bound here (in the engine its rounds have). There the core's simulation (`handlers/core/tests/simulation`)
//! takes samples.
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
//! end; that it is taken needs queues that deliver at last. A replaced tick that comes when the DMS branch has nothing to
//! wait for makes it look once more, as a late event does; the model drops it.

pub mod act;
pub mod aws;
pub mod fact;
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
pub mod shapes;
pub mod start;
pub mod step;
mod time;
pub mod world;
