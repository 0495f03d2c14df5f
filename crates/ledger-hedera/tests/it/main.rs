//! The adapter against the stand-in network, over the same sockets as against the real one.
//!
//! What is proven here is proven of the stand-in. That the real network answers alike is for a run
//! against its test network to show.

#![expect(clippy::unwrap_used, reason = "a test fails where something is not there")]

mod conformance;
mod failures;
mod ground;
mod hostile;
mod setup;
