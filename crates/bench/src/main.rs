//! What the event engine reaches on this machine, and what it survives.
fn main() {}
