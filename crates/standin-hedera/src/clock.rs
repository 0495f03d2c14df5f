//! The one source of time.
//!
//! Validity windows, consensus timestamps, the mirror's lag and a contract's `block.timestamp` all
//! ask here, so a test that moves a manual clock moves the whole network at once and waits for
//! nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Real time, or a number of microseconds since the epoch that a test moves.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Real,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self(Source::Real)
    }

    /// A clock that stands still until someone changes `micros` (microseconds since the epoch).
    /// It must never be set back.
    pub fn manual(micros: Arc<AtomicI64>) -> Self {
        Self(Source::Manual(micros))
    }

    /// Microseconds since the epoch.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now_micros(&self) -> i64 {
        match &self.0 {
            Source::Manual(micros) => micros.load(Ordering::SeqCst),
            Source::Real => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }
        }
    }

    /// Moves a manual clock forward. `false` when this clock is the machine's and cannot be moved.
    pub fn advance(&self, by: Duration) -> bool {
        match &self.0 {
            Source::Real => false,
            Source::Manual(micros) => {
                let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
                micros.fetch_add(by, Ordering::SeqCst);
                true
            }
        }
    }

    /// Returns once this clock shows that `wait` has passed.
    ///
    /// A manual clock is a bare number that tells nobody when it moves, so it is looked at every
    /// millisecond of real time.
    pub(crate) async fn pass(&self, wait: Duration) {
        let until = self.now_micros().saturating_add(micros(wait));
        let step = match self.0 {
            Source::Real => wait.max(Duration::from_millis(1)),
            Source::Manual(_) => Duration::from_millis(1),
        };
        let mut look = tokio::time::interval(step);
        while self.now_micros() < until {
            look.tick().await;
        }
    }
}

/// A duration in whole microseconds; one that does not fit is as good as for ever.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
