//! Everything that is done twice.
fn main() {}
