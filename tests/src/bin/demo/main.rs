//! The demonstration; to come.

fn main() {}
