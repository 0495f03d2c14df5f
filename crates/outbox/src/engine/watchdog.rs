//! Loops that stop in silence are the accident that nobody notices: each says when it last got
//! round, and whoever asks for the process's health sees which one did not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::micros;

/// A loop that did not get round for so long is stuck: longer than any call to the database.
const STUCK: Duration = Duration::from_secs(45);

/// When each loop of a process last got round, and what keeps it from its work. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Watchdog(Arc<Mutex<BTreeMap<&'static str, Beat>>>);

#[derive(Debug)]
struct Beat {
    at: i64,
    trouble: Option<String>,
}

/// A loop of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// What it does: `claim`, `upkeep`, `relay`.
    pub name: &'static str,
    /// Microseconds since it last got round.
    pub age: i64,
    /// Whether that is too long.
    pub stuck: bool,
    /// Why it gets round and cannot do its work: something that it needs is away.
    pub trouble: Option<String>,
}

impl Watchdog {
    /// Says that the loop `name` got round.
    pub fn beat(&self, name: &'static str, now: i64) {
        if self.note(name, now, None) {
            tracing::info!("the loop `{name}` works again");
        }
    }

    /// Says that the loop `name` got round and could not do its work. The log is told once, until
    /// the reason changes: what is away for an hour is asked for many thousand times.
    pub fn is_in_trouble(&self, name: &'static str, now: i64, why: &dyn std::fmt::Display) {
        let why = why.to_string();
        if self.note(name, now, Some(why.clone())) {
            tracing::warn!("the loop `{name}` tries again until it can work: {why}");
        }
    }

    /// Says that the loop `name` has ended in order.
    pub fn end(&self, name: &'static str) {
        self.beats().remove(name);
    }

    /// Every loop of this process.
    pub fn pulses(&self, now: i64) -> Vec<Pulse> {
        let pulse = |(name, beat): (&&'static str, &Beat)| {
            let age = now.saturating_sub(beat.at).max(0);
            Pulse { name, age, stuck: age > micros(STUCK), trouble: beat.trouble.clone() }
        };
        self.beats().iter().map(pulse).collect()
    }

    /// Whether the trouble is another than before.
    fn note(&self, name: &'static str, at: i64, trouble: Option<String>) -> bool {
        let before = self.beats().insert(name, Beat { at, trouble: trouble.clone() });
        before.and_then(|beat| beat.trouble) != trouble
    }

    fn beats(&self) -> MutexGuard<'_, BTreeMap<&'static str, Beat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn a_loop_in_trouble_says_why_until_it_works_again() {
        let watchdog = Watchdog::default();
        let trouble = || watchdog.pulses(1).into_iter().find_map(|pulse| pulse.trouble);

        assert!(!watchdog.note("relay", 0, None), "nothing was wrong before");
        assert!(watchdog.note("relay", 0, Some("away".to_owned())));
        assert_eq!(trouble().as_deref(), Some("away"));
        assert!(!watchdog.note("relay", 1, Some("away".to_owned())), "that is known");
        assert!(watchdog.note("relay", 1, None));
        assert_eq!(trouble(), None);
    }
}
