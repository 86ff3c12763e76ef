//! The demonstration's two functions: one loads the sample tenants when the stack is deployed, the other is their activity,
//! and on demand an accident of one of them.
//!
//! They log in as the worker does: with what is current of the database's secret, over TLS with certificate and name
//! verified. [`order`] and [`checkout::Summary`] decide what is answered; [`loading`], [`checkout`], [`accident`] and
//! [`mailbox`] do the work.

pub mod accident;
pub mod checkout;
pub mod door;
pub mod loading;
pub mod mailbox;
pub mod order;
