//! The report of an attempt: what programs read (`report.json`), what people read (`report.html`), and what an e-mail says of
//! the outcome, made of the same value.
//!
//! The page is one file that fetches nothing and runs no script. Every value in it is escaped by the template engine;
//! characters that can't be seen, or that turn the direction of text, are shown by their numbers.

#![warn(missing_docs)]

mod notice;
mod page;
mod report;
mod waits;
mod words;

pub use notice::{Message, Notice};
pub use page::{Unwritable, page};
pub use report::{ReplicatedTable, Report};
pub use waits::{Waited, Woken, waits};
