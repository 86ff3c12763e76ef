//! The local RDS on the wire, as the AWS SDK sees it.
#![cfg(test)]

mod errors;
mod shapes;
mod stage;
