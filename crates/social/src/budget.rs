//! Budgets: what may still be asked of a network, and what asking costs.
//!
//! Networks count requests by endpoint and by who asks, over quarters of an hour and days, and some
//! bill what they answer. All processes of a deployment share these limits, so they are kept outside
//! of the adapter that knows them: it *reserves* before it sends, and *settles* with what the answer
//! said. What does not fit is not sent; whoever asked learns until when to wait.

use async_trait::async_trait;
use hashbuzz_domain::{Span, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};

/// A window that is over by our clock may have a moment left by the network's.
pub const SLACK: Span = Span::from_secs(1);
/// Resets that are closer together are the same one: clocks differ, and networks round.
pub const SAME: Span = Span::from_secs(60);
/// Reserving is tried again so soon when it lost against somebody who reset the window.
pub const SOON: Span = Span::from_secs(1);
/// One day in seconds.
const DAY: i64 = 86_400;

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

impl Window {
    /// When a window that begins now is over.
    pub fn ends_at(self, now: Time) -> Time {
        let day = now.secs().div_euclid(DAY);
        match self {
            Self::Since(span) => now.plus(span).plus(SLACK),
            Self::Day => midnight(day + 1),
            Self::Month => midnight(first_of_next_month(day)),
        }
    }
}

/// When a day begins that is so many after 1970-01-01.
const fn midnight(day: i64) -> Time {
    Time::from_micros(day.saturating_mul(DAY).saturating_mul(1_000_000))
}

/// The day on which the next month begins.
fn first_of_next_month(day: i64) -> i64 {
    let next = || {
        let date = Offset::UTC.to_datetime(Timestamp::from_second(day.checked_mul(DAY)?).ok()?);
        let first = date.date().first_of_month().checked_add(1.month()).ok()?;
        Some(Offset::UTC.to_timestamp(first.at(0, 0, 0, 0)).ok()?.as_second().div_euclid(DAY))
    };
    next().unwrap_or(day + 31)
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
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Whoever keeps the buckets does not answer, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the budget cannot be read: {0}")]
pub struct Unavailable(pub String);

/// A bucket as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The bucket's name.
    pub bucket: String,
    /// Its size.
    pub size: u64,
    /// What is used up of it.
    pub used: u64,
    /// When it is full again; in the past, it is full.
    pub resets_at: Time,
    /// Until when nothing may be taken out of it, and why.
    pub closed: Option<(Time, String)>,
}

impl Limit {
    /// What is left in it.
    pub fn left(&self, now: Time) -> u64 {
        if self.resets_at > now { self.size.saturating_sub(self.used) } else { self.size }
    }

    /// As [`Budget::limits`] shows them, at most `most`.
    pub fn ranked(mut limits: Vec<Self>, most: usize) -> Vec<Self> {
        let rank = |limit: &Self| (limit.closed.is_none(), limit.size.saturating_sub(limit.used));
        limits.sort_by(|a, b| (rank(a), &a.bucket).cmp(&(rank(b), &b.bucket)));
        limits.truncate(most);
        limits
    }
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
    /// What was reserved and not used.
    pub unused: Vec<Draw>,
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

    /// Records what became of a reservation.
    ///
    /// # Errors
    /// [`Unavailable`]: what was learned is lost and nothing else. The next answer says it again.
    async fn settle(&self, now: Time, settled: &Settled) -> Result<(), Unavailable>;

    /// Buckets that are used or closed, at most `most`: the closed first, then those with the least
    /// left, then by name.
    ///
    /// # Errors
    /// [`Unavailable`].
    async fn limits(&self, now: Time, most: usize) -> Result<Vec<Limit>, Unavailable>;

    /// Forgets what was learned of a bucket, so that the next request finds out. False when nothing
    /// was known.
    ///
    /// # Errors
    /// [`Unavailable`].
    async fn forget(&self, bucket: &str) -> Result<bool, Unavailable>;
}

/// Keeps nothing: for a program that has the network to itself. Answers still refuse.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

#[async_trait]
impl Budget for Unlimited {
    async fn reserve(&self, _: Time, _: &[Draw]) -> Result<(), Full> {
        Ok(())
    }

    async fn settle(&self, _: Time, _: &Settled) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn limits(&self, _: Time, _: usize) -> Result<Vec<Limit>, Unavailable> {
        Ok(Vec::new())
    }

    async fn forget(&self, _: &str) -> Result<bool, Unavailable> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_the_calendar_says() {
        // 2026-02-28, 2028-02-28 (a leap year), 2026-12-31.
        for (day, next) in [(20_512, 20_513), (21_242, 21_244), (20_818, 20_819)] {
            let noon = Time::from_micros((day * DAY + DAY / 2) * 1_000_000);
            assert_eq!(Window::Month.ends_at(noon).secs(), next * DAY, "{day}");
        }
    }
}
