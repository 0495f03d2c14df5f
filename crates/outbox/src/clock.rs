//! The only place of the product that reads the real clock or sleeps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

/// Where time comes from. Points in time are microseconds since 1970-01-01T00:00:00Z.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> i64;

    /// Returns once `until` has come.
    async fn sleep_until(&self, until: i64);

    /// Returns once `time` has passed.
    async fn sleep(&self, time: Duration) {
        let until = self.now().saturating_add(micros(time));
        self.sleep_until(until).await;
    }
}

/// A span of time in microseconds.
pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// How long work may gather at most, after the database took long, until it is asked again.
pub(crate) const LONGEST_GATHERING: Duration = Duration::from_millis(25);

/// Passes `time` of the machine's clock, also where a test moves its own: for pacing what a database
/// or a broker is asked, which live in real time.
#[expect(clippy::disallowed_methods, reason = "databases and brokers live in real time")]
pub(crate) async fn rest(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    async fn sleep_until(&self, until: i64) {
        let micros = u64::try_from(until.saturating_sub(self.now())).unwrap_or(0);
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
}

/// A clock that stands still until a test moves it.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub struct ManualClock(tokio::sync::watch::Sender<i64>);

#[cfg(feature = "testing")]
impl ManualClock {
    /// A clock that shows `now`, in microseconds since the epoch.
    pub fn at(now: i64) -> Self {
        Self(tokio::sync::watch::Sender::new(now))
    }

    /// Moves it on, and wakes whoever slept until then.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().saturating_add(micros(by)));
    }

    /// Sets it to `now`. A clock never runs backwards: an earlier time changes nothing.
    pub fn set(&self, now: i64) {
        self.0.send_if_modified(|shown| {
            let later = now > *shown;
            *shown = now.max(*shown);
            later
        });
    }
}

#[cfg(feature = "testing")]
#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> i64 {
        *self.0.borrow()
    }

    async fn sleep_until(&self, until: i64) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|now| *now >= until).await;
    }
}
