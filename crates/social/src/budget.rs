//! Budgets: what may still be asked of a network, and what asking costs.
//!
//! Networks count requests by endpoint and by who asks, over quarters of an hour and days, and some
//! bill what they answer. All processes of a deployment share these limits, so they are kept outside
//! of the adapter that knows them: it *reserves* before it sends, and *settles* with what the answer
//! said. What does not fit is not sent; whoever asked learns until when to wait.

use async_trait::async_trait;
use hashbuzz_domain::{Span, Time};

/// Something that is used up and comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name, the same in all processes: network, endpoint, owner.
    pub name: String,
    /// What is in it as far as is known beforehand; answers may say otherwise.
    pub size: u64,
    /// When it is full again.
    pub window: Window,
}

/// When a bucket is full again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// So long after the first request that took from it.
    Since(Span),
    /// At midnight UTC.
    Day,
    /// At the beginning of a month, UTC.
    Month,
}

/// So much out of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Out of which.
    pub bucket: Bucket,
    /// How much.
    pub amount: u64,
}

/// Why nothing can be reserved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// A bucket does not hold so much before then.
    #[error("{why}")]
    Until {
        /// When reserving again makes sense.
        until: Time,
        /// Which limit, in words.
        why: String,
    },
    /// Whoever keeps the buckets does not answer. Nothing may be sent that was not reserved.
    #[error("the budget cannot be read: {0}")]
    Unavailable(String),
}

/// What an answer says of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The bucket's name.
    pub bucket: String,
    /// Its size.
    pub size: u64,
    /// What is left in it.
    pub left: u64,
    /// When it is full again.
    pub resets_at: Time,
}

/// What became of a reservation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// What the answer says.
    pub readings: Vec<Reading>,
    /// What was reserved and not used, by bucket.
    pub unused: Vec<(String, u64)>,
    /// Buckets out of which nothing may be taken until then, and why: the answer said so without
    /// numbers.
    pub closed: Vec<(String, Time, String)>,
    /// What was spent.
    pub spent: Option<Spent>,
}

/// What one request cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The endpoint.
    pub endpoint: &'static str,
    /// What it is booked on.
    pub purse: Option<String>,
    /// What was delivered: posts, profiles.
    pub objects: u64,
    /// In millionths of a dollar, at most: what is delivered twice in a day may be billed once.
    pub micros: u64,
}

/// Keeps the buckets of a deployment.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Takes all `draws`, or nothing.
    ///
    /// # Errors
    /// [`Full`]; then nothing was taken.
    async fn reserve(&self, now: Time, draws: &[Draw]) -> Result<(), Full>;

    /// Records what became of a reservation. A failure loses what was learned and nothing else, so
    /// there is none: it is logged.
    async fn settle(&self, now: Time, settled: Settled);
}

/// Keeps nothing: for a program that has the network to itself. Answers still refuse.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

#[async_trait]
impl Budget for Unlimited {
    async fn reserve(&self, _: Time, _: &[Draw]) -> Result<(), Full> {
        Ok(())
    }

    async fn settle(&self, _: Time, _: Settled) {}
}
