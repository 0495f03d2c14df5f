//! Events that must not be lost, and effects that must not happen twice.
//!
//! An *event* is a fact that causes work. It is enqueued in the transaction that makes the fact
//! ([`enqueue`] takes a [`Tx`], there is no other way in), claimed under a lease with a fence, and
//! finished in the transaction that stores its result ([`Turn::commit`] is the only way to earn
//! [`Verdict::Done`]). An *effect* is one call to another system: recorded before it is made, and
//! never repeated while its outcome is unknown ([`effect`]).
//!
//! This crate knows no campaign: it sees keys. Events with the same key never run at the same
//! time; that is mutual exclusion, not a queue, so one that waits never blocks another.

#[cfg(feature = "testing")]
mod breaker;
mod claim;
mod clock;
mod dispatch;
pub mod effect;
mod engine;
mod enqueue;
mod event;
mod finish;
mod lease;
pub mod operator;
mod relay;
mod scout;
mod turn;
mod wake;

use hashbuzz_db::Tx;

#[cfg(feature = "testing")]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock};
pub use dispatch::{Backlog, Broker, BrokerError, Delivery, Publication};
pub use engine::{Engine, EngineSettings, Presence, Pulse, Registry, Watchdog};
pub use enqueue::{Due, LARGEST_EVENT, enqueue, enqueue_at, enqueue_many};
pub use event::{Failure, Handle, Message, Priority, Queue, Retry, Verdict};
pub use lease::release_all;
pub use operator::{Waiting, dead_letters, next_due, waiting};
pub use relay::Relay;
pub use turn::{Finished, Turn, TurnError};
pub use wake::{Ear, Wake};

/// Statements that create this crate's tables, for the program's list of migrations.
pub const SCHEMA: &str = include_str!("schema.sql");

/// Statements that bring the tables of [`SCHEMA`] to what the engine needs now, for a later place in
/// the program's list of migrations.
pub const SCHEMA_ENGINE: &str = include_str!("engine.sql");

/// Statements that the acts and the cleaning of [`operator`] need, for a place after that.
pub const SCHEMA_OPERATOR: &str = include_str!("operator/schema.sql");

/// The transaction of whoever enqueues. Named here so that the rule can be read in one place.
pub type CallerTx = Tx;
