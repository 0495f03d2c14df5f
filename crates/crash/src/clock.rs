//! A clock that runs fast: a campaign's life has waits of minutes, and a matrix has hundreds of
//! lives.
//!
//! Every process of a test computes the same time from the machine's clock by the same formula, so
//! they agree as well as if they read one clock, and a wait of a minute takes a second. Nothing in
//! a program that is not armed reads [`crate::CLOCK`].

use std::time::Duration;

/// Microseconds since 1970 that run `scale` times as fast as the machine's from `start` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastClock {
    start: i64,
    scale: i64,
}

impl FastClock {
    /// A clock that agrees with the machine's at `start` (microseconds since the epoch) and is
    /// `scale` times as fast from then on.
    ///
    /// # Panics
    /// When `scale` is below 1.
    #[must_use]
    pub const fn new(start: i64, scale: i64) -> Self {
        assert!(scale >= 1, "a clock runs forwards");
        Self { start, scale }
    }

    /// Reads `start,scale`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (start, scale) = text.split_once(',')?;
        let (start, scale) = (start.parse().ok()?, scale.parse().ok()?);
        (scale >= 1).then_some(Self { start, scale })
    }

    /// The clock that [`crate::CLOCK`] describes.
    ///
    /// # Panics
    /// When it is described in another way than [`FastClock::parse`] reads.
    #[cfg(feature = "armed")]
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        let text = std::env::var(crate::CLOCK).ok()?;
        Some(Self::parse(&text).expect("the test's clock is `start,scale`"))
    }

    /// What it shows when the machine's clock shows `machine`, both in microseconds.
    #[must_use]
    pub const fn at(&self, machine: i64) -> i64 {
        let since = machine.saturating_sub(self.start);
        self.start.saturating_add(since.saturating_mul(self.scale))
    }

    /// What the machine's clock lets pass while this one goes on by `micros`, rounded up, so that
    /// whoever waits for so long has not come too early.
    #[must_use]
    pub fn machine_time(&self, micros: i64) -> Duration {
        let micros = u64::try_from(micros).unwrap_or(0);
        let scale = u64::try_from(self.scale).unwrap_or(1);
        Duration::from_micros(micros.div_ceil(scale))
    }
}

impl std::fmt::Display for FastClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{}", self.start, self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_with_the_machine_and_runs_ahead() {
        let clock = FastClock::new(1_000, 20);
        assert_eq!(clock.at(1_000), 1_000);
        assert_eq!(clock.at(1_003), 1_060);
        assert_eq!(FastClock::parse(&clock.to_string()), Some(clock));
    }

    #[test]
    fn nobody_wakes_too_early() {
        let clock = FastClock::new(0, 20);
        assert_eq!(clock.machine_time(41), Duration::from_micros(3));
        assert_eq!(clock.machine_time(-1), Duration::ZERO);
        assert_eq!(clock.at(3), 60);
    }

    #[test]
    fn what_is_no_clock_is_refused() {
        for text in ["", "1", "1,0", "1,-1", "x,1", "1,2,3"] {
            assert_eq!(FastClock::parse(text), None, "{text}");
        }
    }
}
