//! How far back claims reach, and how often somebody looks everywhere.
//!
//! Measured in real time also where a test moves the clock: it is the database's time that is spent.

use std::time::{Duration, Instant};

/// A look that took longer is expensive, and the next one waits [`SHARE`] times as long.
const EXPENSIVE: Duration = Duration::from_millis(10);
/// Looking takes a twentieth of the time at most.
const SHARE: u32 = 20;
/// But no look is farther away than this: what another process put back to an old place in its lane
/// (a lease that was lost) is found by a look from the beginning alone. As long as a lease.
const LONGEST_BETWEEN_LOOKS: Duration = Duration::from_secs(60);
/// A look is not believed to cost more than so many times the last one: one that took much longer
/// had waited for something else, a server that was starting again, and says nothing about the next.
const GROWTH: u32 = 4;
/// Looks that nobody asked for, while there is work: for lanes that are new.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Looks of one sort: when the last one was, and what it cost.
#[derive(Debug, Default)]
pub(super) struct Looks {
    last: Option<Instant>,
    cost: Duration,
}

impl Looks {
    /// Whether it is time for the next one; earlier, where it is cheap and somebody asked for it.
    pub(super) fn may(&self, asked: bool) -> bool {
        let Some(since) = self.last.map(|last| last.elapsed()) else { return true };
        if self.are_expensive() {
            return since >= (self.cost * SHARE).min(LONGEST_BETWEEN_LOOKS);
        }
        asked || since >= BETWEEN_LOOKS
    }

    /// As if the last one, just now, had cost so much.
    #[cfg(test)]
    pub(super) fn costly(cost: Duration) -> Self {
        Self { last: Some(Instant::now()), cost }
    }

    pub(super) fn are_expensive(&self) -> bool {
        self.cost > EXPENSIVE
    }

    /// It is time for the next one.
    pub(super) const fn ask(&mut self) {
        self.last = None;
    }

    /// One that began then is over.
    pub(super) fn took(&mut self, began: Instant) {
        let believed = (self.cost * GROWTH).max(EXPENSIVE);
        self.cost = began.elapsed().min(believed);
        self.last = Some(Instant::now());
    }
}

/// How often claims reach back, and how far. An event has its place in its lane from the moment it
/// was written, and is seen from the moment it was committed: by then claims may have passed it. A
/// claim that reaches back finds it again, at the price of walking over what is done; so the
/// farther, the rarer, and whoever was late by some time is found after about as much again. Whoever
/// was later than that is found by a look.
const REACHES: [(Duration, i64); 2] =
    [(Duration::from_millis(10), 20_000), (Duration::from_millis(100), 200_000)];

/// When claims reached back last, near and far.
#[derive(Debug, Default)]
pub(super) struct Reach {
    last: [Option<Instant>; REACHES.len()],
}

impl Reach {
    /// How far back the next claim begins, in microseconds.
    pub(super) fn back(&mut self) -> i64 {
        let due = |last: Option<Instant>, every| last.is_none_or(|last| last.elapsed() >= every);
        let farthest = (0..REACHES.len()).rev().find(|&n| due(self.last[n], REACHES[n].0));
        let Some(farthest) = farthest else { return 0 };
        // Whoever reaches far has reached near.
        self.last[..=farthest].fill(Some(Instant::now()));
        REACHES[farthest].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(millis: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_millis(millis)).expect("a machine that is up")
    }

    #[test]
    fn cheap_looks_come_when_asked_for_and_expensive_ones_take_a_twentieth_of_the_time() {
        let mut looks = Looks::default();
        assert!(looks.may(false), "the first one");
        looks.took(Instant::now());
        assert!(looks.may(true) && !looks.may(false));
        looks = Looks { last: Some(ago(500)), cost: Duration::from_millis(30) };
        assert!(!looks.may(true));
        looks.last = Some(ago(600));
        assert!(looks.may(false));
        looks.last = Some(ago(1));
        looks.ask();
        assert!(looks.may(false) && looks.are_expensive(), "asked for, whatever it costs");
        looks = Looks { last: Some(ago(60_000)), cost: Duration::from_secs(4) };
        assert!(looks.may(false), "never farther away than the longest");
    }

    #[test]
    fn a_look_that_waited_for_something_else_is_not_believed() {
        let mut looks = Looks::default();
        looks.took(ago(5_000));
        assert!(!looks.are_expensive());
        looks.took(ago(5_000));
        assert_eq!(looks.cost, EXPENSIVE * GROWTH);
    }

    #[test]
    fn reaching_far_is_rarer_than_reaching_near_and_does_for_both() {
        let mut reach = Reach::default();
        assert_eq!(reach.back(), 200_000);
        assert_eq!(reach.back(), 0);
        reach.last = [Some(ago(10)), Some(ago(10))];
        assert_eq!(reach.back(), 20_000);
        reach.last = [Some(ago(1)), Some(ago(100))];
        assert_eq!(reach.back(), 200_000);
        assert_eq!(reach.back(), 0);
    }
}
