//! The network from outside: over its two sockets, mostly with the unmodified SDK.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod code;
mod conservation;
mod contracts;
mod faults;
mod harness;
mod mirror;
mod queries;
mod rules;
mod schedules;
mod sdk;
mod state;
mod system_contracts;
mod time;
mod tokens;
mod topics;
