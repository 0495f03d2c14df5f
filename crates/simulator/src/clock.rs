//! A clock that runs fast, as the engine and the features want it.

use async_trait::async_trait;
use hashbuzz_outbox::{Clock, SystemClock};

pub use hashbuzz_crash::FastClock;

/// [`FastClock`] on this machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct Fast(pub FastClock);

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> i64 {
        self.0.at(SystemClock.now())
    }

    async fn sleep_until(&self, until: i64) {
        let wait = self.0.machine_time(until.saturating_sub(self.now()));
        let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        SystemClock.sleep_until(SystemClock.now().saturating_add(wait)).await;
    }
}
