//! The whole pipeline against the local cloud, through public interfaces only: the AWS SDK, SQL, the command line.
//!
//! `make test` starts a cloud for these tests and stops it again. They share one production instance, the deployment's
//! default source, where each test has a database of its own; so they run side by side.

mod contract;
mod stage;

mod admission;
mod archive;
mod batches;
mod capacity;
mod clones;
mod command_line;
mod credentials;
mod deployments;
mod events;
mod failures;
mod fleet;
mod green;
mod idempotency;
mod kinds;
mod letters;
mod managed_secrets;
mod mismatches;
mod movers;
mod notices;
mod permissions;
mod plans;
mod refusals;
mod rejections;
mod repeats;
mod reports;
mod revisions;
mod sample_functions;
mod second_chances;
mod secrecy;
mod storm;
mod sweeper;
mod targets;
mod traces;
mod unusable_sources;
