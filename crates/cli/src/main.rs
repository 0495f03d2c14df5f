//! One program, every role.
fn main() {}
