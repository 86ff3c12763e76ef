//! What each phase decides.

mod admission;
mod before_rows;
mod cleaning;
mod closing;
mod clusters;
mod planning;
mod rows;
mod sources;
mod strays;
mod targets;
