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
//! Why these bounds are enough: the rules that save a restore (conditional save, outbox, generation of a tick) each depend
//! on one competitor, one crash, one lost and one repeated message, and two of the latter meet in every way. What the
//! searches of [`shape::full`] don't cover is their product: two handlers at once while messages are lost and handlers
//! crash, and DMS under trouble. There the core's simulation takes samples.
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
//! - While a lone handler saves or sends, nothing happens in AWS: nobody could tell it from happening afterwards.
//! - Source and target endpoint are alike, so the first is the first to change.
//!
//! # What is left out
//!
//! Holds and replays, admission (always granted), dead letters, and a describe that lags longer than a handler runs. RDS is
//! taken to need longer for a deletion than a handler can run ([`shape::Shape::deletion_outlasts_handlers`]): otherwise a
//! handler that is overtaken by the whole rest of its restore could make a secret or endpoint again, which the sweeper then
//! finds; and a job's document that such a handler writes again is left to the bucket's lifecycle rule.

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
pub mod world;
