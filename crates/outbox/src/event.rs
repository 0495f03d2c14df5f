//! What an event is, who handles it, and how it can end.

use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Finished, Turn, TurnError};

/// What kind of outside world an event talks to; workers may serve some queues and not others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Social networks.
    Social,
    /// Ledgers.
    Ledger,
    /// Ending campaigns.
    Closing,
    /// Everything that keeps the house in order.
    Housekeeping,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Social, Self::Ledger, Self::Closing, Self::Housekeeping];

    /// The queue of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == name)
    }

    /// The queue that a lane is part of.
    pub(crate) fn of_lane(lane: &str) -> Option<Self> {
        Self::named(lane.split('/').next()?)
    }

    /// The stable name, as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Social => "social",
            Self::Ledger => "ledger",
            Self::Closing => "closing",
            Self::Housekeeping => "housekeeping",
        }
    }
}

/// Who is first among the due events of one account. A lower priority gives way for a while and
/// not for ever: a waiting event overtakes any that became due a minute after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Before what has been due for less than a minute.
    Urgent,
    /// In the order of their due times.
    Normal,
    /// After what becomes due within a minute.
    Background,
}

impl Priority {
    /// What is added to the due time to find the place in the lane, in microseconds.
    pub(crate) const fn offset(self) -> i64 {
        match self {
            Self::Urgent => -60_000_000,
            Self::Normal => 0,
            Self::Background => 60_000_000,
        }
    }
}

/// How often an event may fail, and how long it waits in between: anywhere between a tenth of the
/// wait and the wait, which is `first`, doubled for each failure, at most `cap`.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The longest wait ever.
    pub cap: Duration,
    /// After so many failures the event is a dead letter.
    pub attempts: u32,
}

impl Retry {
    /// For calls to other systems: about an hour of trouble before a person is asked.
    pub const OUTSIDE: Self =
        Self { first: Duration::from_millis(500), cap: Duration::from_secs(300), attempts: 20 };
}

/// The data of an event: ids and immutable facts, no rows and no secrets.
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// A stable name with a version, such as `CAMPAIGN_CLOSED.v1`.
    const KIND: &'static str;
    /// Which workers serve it.
    const QUEUE: Queue;
    /// How often and how patiently it is tried.
    const RETRY: Retry = Retry::OUTSIDE;
    /// Who is first in an account's turn.
    const PRIORITY: Priority = Priority::Normal;

    /// Events with the same key never run at the same time.
    fn key(&self) -> Option<String> {
        None
    }

    /// Two waiting events with the same dedupe key are one.
    fn dedupe(&self) -> Option<String> {
        None
    }
}

/// A message that `C`, the context of the program, can handle.
#[async_trait]
pub trait Handle<C>: Message {
    /// Load (short transaction), ask (no transaction), record (one transaction that ends in
    /// [`Turn::commit`]). May be called again for the same event: the second time must change
    /// nothing.
    ///
    /// # Errors
    /// A [`Failure`] costs one attempt.
    async fn handle(&self, cx: &C, turn: Turn) -> Result<Verdict, Failure>;

    /// Called in the transaction that makes the event a dead letter, so that whoever waits for it
    /// (a campaign) is told in the same moment.
    ///
    /// # Errors
    /// The database's; the event is then tried once more.
    async fn gave_up(&self, cx: &C, tx: &Tx, why: &str) -> Result<(), DbError>;
}

/// How a turn ended.
#[derive(Debug)]
pub enum Verdict {
    /// Done, and recorded together with its result.
    Done(Finished),
    /// Not yet; costs no attempt.
    Later {
        /// When to look again.
        until: i64,
        /// Why, for the operator who asks "why is this waiting".
        why: String,
    },
    /// Will never work: a dead letter at once.
    Never {
        /// Why, and what a person can do.
        why: String,
    },
}

/// One failed attempt.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

impl From<TurnError> for Failure {
    fn from(error: TurnError) -> Self {
        Self(error.to_string())
    }
}
