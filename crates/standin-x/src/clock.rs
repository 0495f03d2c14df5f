//! The stand-in's time: the real one, or one that a test moves.
//!
//! Waits follow the same clock, so a scripted delay of a minute costs a test nothing, and a delay
//! whose end the test never reaches is a request that never gets its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often a wait looks at a clock that somebody else moves.
const LOOK: Duration = Duration::from_millis(2);

/// Where the stand-in's time comes from, in microseconds since 1970-01-01 UTC.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// A number that a test holds too, and moves.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `micros` since the epoch until it is moved.
    #[must_use]
    pub fn manual(micros: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(micros)))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        match self {
            Self::Real => real_now(),
            Self::Manual(micros) => micros.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock on and says what it shows then; `None` for the real clock.
    pub(crate) fn advance(&self, micros: i64) -> Option<i64> {
        match self {
            Self::Real => None,
            Self::Manual(now) => Some(now.fetch_add(micros, Ordering::SeqCst) + micros),
        }
    }

    /// Returns once the clock shows `micros` or later.
    pub(crate) async fn reach(&self, micros: i64) {
        loop {
            let left = micros - self.now();
            if left <= 0 {
                return;
            }
            let pause = match self {
                Self::Real => Duration::from_micros(left.unsigned_abs()),
                Self::Manual(_) => LOOK,
            };
            #[expect(clippy::disallowed_methods, reason = "this is the clock that others wait on")]
            tokio::time::sleep(pause).await;
        }
    }
}

fn real_now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that others read")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The way X writes a moment: UTC with milliseconds.
pub(crate) fn written(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        .unwrap_or_default()
}

/// Reads an RFC 3339 moment.
pub(crate) fn read(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|at| at.as_microsecond())
}
