//! Dispatch through BullMQ on Redis, behind [`hashbuzz_outbox::Broker`].
//!
//! Redis is a courtesy here, never the truth: a job says which event is due and nothing else, and a
//! worker claims the event in the database before it works. So a job that is lost, delivered twice
//! or added by a stranger can do no harm, and everything below may choose speed and bounded waits
//! over care: no job is retried, kept or counted by BullMQ.
//!
//! Two halves share the settings. The *relay's* half ([`publisher`]) offers jobs. The *worker's* half
//! ([`consumer`]) lets the crate's own `Worker` fetch them, because it alone completes one job and
//! fetches the next in the same round trip; how much it fetches follows what the engine has room
//! for. Neither connects before it is used, so a relay never consumes, and a program starts although
//! Redis is away.
//!
//! Everything that waits for Redis does so for [`LIMIT`] at most. When Redis is away, both halves
//! say so, try again with a pause, and go on when it is back.

mod broker;
mod consumer;
mod desk;
mod door;
mod publisher;
mod settings;

use std::time::Duration;

pub use broker::BullMq;
pub use door::{Facts, examine};
pub use settings::{RedisSettings, SettingsError};

/// How long a single call to Redis may take.
pub const LIMIT: Duration = Duration::from_secs(5);
