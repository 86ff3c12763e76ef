//! The whole pipeline against the local cloud, through public interfaces only: the AWS SDK, SQL, the command line.
//!
//! `make test` starts a cloud for these tests and stops it again. They share one production instance, the deployment's
//! default source, where each test has a database of its own; so they run side by side.

mod stage;

mod failures;
mod green;
mod refusals;
mod rejections;
