//! How due events reach workers.
//!
//! *Embedded*, the workers claim from the database themselves. With a *broker*, a relay offers
//! due events to a message system, which hands them to workers on any number of machines; a worker
//! then claims the row before it works. The database stays the truth either way: a broker that
//! forgets everything, delivers twice or is away for an hour loses nothing and doubles nothing.

use std::time::Duration;

use async_trait::async_trait;

use crate::Queue;

/// An event offered to workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The event's id.
    pub event: String,
    /// Its kind, with version, such as `CAMPAIGN_CLOSED.v1`.
    pub kind: String,
    /// Which workers may have it.
    pub queue: Queue,
    /// How often it failed before.
    pub attempt: i64,
    /// From 1; the same as long as nobody claimed the event or gave it up, then a larger one.
    pub number: i64,
    /// How long it has still to wait: minutes at most, the far future stays in the database.
    pub delay: Duration,
}

/// An event that a broker handed to this worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event's id, as far as the job told one: somebody else may have added jobs.
    pub event: Option<String>,
    /// The broker's own name for the delivery, for [`Broker::settle`].
    pub receipt: String,
}

/// Jobs of one queue that no worker took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The queue.
    pub queue: Queue,
    /// Jobs that a worker could take now.
    pub due: usize,
    /// Jobs that wait for their time, and those whose time came while nobody looked.
    pub delayed: usize,
}

/// What a broker could not do. Never the end of an event: the database has it.
#[derive(Debug, thiserror::Error)]
#[error("the broker: {0}")]
pub struct BrokerError(pub String);

/// A message system between the relay and the workers.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Offers events to workers. Offering the same publication again changes nothing while the
    /// broker still has it.
    ///
    /// # Errors
    /// [`BrokerError`]; some of them may have been taken.
    async fn publish(&self, publications: &[Publication]) -> Result<(), BrokerError>;

    /// Up to `room` jobs of the queues that this worker serves. Waits until there is one, for about
    /// a second at most, and then returns none. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`BrokerError`].
    async fn receive(&self, room: usize) -> Result<Vec<Delivery>, BrokerError>;

    /// These deliveries are over, whatever became of their events: the broker forgets the jobs.
    ///
    /// # Errors
    /// [`BrokerError`]; a job that is delivered once more does no harm.
    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), BrokerError>;

    /// Whether the broker still knows what this relay published: false once after it lost its
    /// memory, and the first time it is asked.
    ///
    /// # Errors
    /// [`BrokerError`].
    async fn remembers(&self) -> Result<bool, BrokerError>;

    /// What each queue has that no worker took, whoever added it. A queue that is not named has
    /// nothing.
    ///
    /// # Errors
    /// [`BrokerError`].
    async fn backlog(&self) -> Result<Vec<Backlog>, BrokerError>;

    /// Ends connections; jobs that were received and not settled are delivered again later.
    async fn close(&self);
}
