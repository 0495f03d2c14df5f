//! Loops that stop in silence are the accident that nobody notices: each says when it last got
//! round, and whoever asks for the process's health sees which one did not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::micros;

/// A loop that did not get round for so long is stuck: longer than any call to the database.
const STUCK: Duration = Duration::from_secs(45);

/// When each loop of a process last got round. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Watchdog(Arc<Mutex<BTreeMap<&'static str, i64>>>);

/// A loop of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// What it does: `claim`, `upkeep`, `relay`.
    pub name: &'static str,
    /// Microseconds since it last got round.
    pub age: i64,
    /// Whether that is too long.
    pub stuck: bool,
}

impl Watchdog {
    /// Says that the loop `name` got round.
    pub fn beat(&self, name: &'static str, now: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, now);
    }

    /// Says that the loop `name` has ended in order.
    pub fn end(&self, name: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Every loop of this process.
    pub fn pulses(&self, now: i64) -> Vec<Pulse> {
        let beats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pulse = |(name, last): (&&'static str, &i64)| {
            let age = now.saturating_sub(*last).max(0);
            Pulse { name, age, stuck: age > micros(STUCK) }
        };
        beats.iter().map(pulse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_did_not_get_round_is_stuck() {
        let watchdog = Watchdog::default();
        watchdog.beat("claim", 0);
        watchdog.beat("upkeep", 40_000_000);

        let stuck = |now| {
            let pulses = watchdog.pulses(now).into_iter();
            pulses.filter(|pulse| pulse.stuck).map(|pulse| pulse.name).collect::<Vec<_>>()
        };

        assert_eq!(stuck(45_000_000), Vec::<&str>::new());
        assert_eq!(stuck(46_000_000), ["claim"]);
        watchdog.end("claim");
        assert_eq!(stuck(46_000_000), Vec::<&str>::new());
    }
}
