//! What each phase decides.

mod before_rows;
mod cleaning;
mod closing;
mod rows;
