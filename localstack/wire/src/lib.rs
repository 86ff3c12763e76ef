//! What RDS, DMS and ECS of the local cloud share: the wire protocols in front of them, the events they publish,
//! the faults they can be told to have, and the calls they make to the rest of the local cloud.
//!
//! A service implements [`JsonService`] (AWS JSON 1.1: DMS, ECS) or [`QueryService`] (AWS Query: RDS) and is handed to
//! [`server::serve`] in [`server::Services`]. What it needs from around it is in [`World`].

pub mod arn;
pub mod cloud;
pub mod error;
pub mod events;
pub mod faults;
mod faults_http;
mod faulty_events;
pub mod ids;
pub mod query;
pub mod route;
pub mod server;
pub mod service;
pub mod statuses;
pub mod store;
pub mod time;
pub mod world;

pub use error::AwsError;
pub use service::{Call, CallFuture, JsonService, QueryService};
pub use world::World;
