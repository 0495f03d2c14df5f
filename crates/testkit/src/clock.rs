//! The one clock: a number that everybody reads and only the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_domain::{Span, Time};
use hashbuzz_outbox::Clock;

/// When every world begins: 2026-06-01T00:00:00Z, in microseconds.
pub(crate) const BEGIN: i64 = 1_780_272_000_000_000;

/// How often a sleeper looks at a number that tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(1);

/// The time of one world.
#[derive(Clone, Debug)]
pub(crate) struct TestClock(pub(crate) Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(BEGIN)))
    }

    pub(crate) fn time(&self) -> Time {
        Time::from_micros(self.now())
    }

    pub(crate) fn advance(&self, by: Span) {
        self.0.fetch_add(by.micros(), Ordering::SeqCst);
    }

    /// Never backwards.
    pub(crate) fn set(&self, micros: i64) {
        self.0.fetch_max(micros, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, until: i64) {
        let mut look = tokio::time::interval(LOOK);
        while self.now() < until {
            look.tick().await;
        }
    }
}
