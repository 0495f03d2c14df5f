//! What handlers count while they work, and the windows in which it is looked at.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::time::MissedTickBehavior;

use crate::figures::{Histogram, Summary, median, rate, ratio, without};
use crate::machine::Cores;

/// More accounts than any cell has.
const ACCOUNTS: usize = 16;

/// Counts handled events and how late they were.
#[derive(Default)]
pub(crate) struct Meter {
    handled: AtomicU64,
    accounts: [AtomicU64; ACCOUNTS],
    lateness: Mutex<[Histogram; 2]>,
}

impl Meter {
    /// An event of `account` was handled `micros` late. The lateness of the accounts above 0 is
    /// kept apart: they are who waits behind the crowd.
    pub(crate) fn handled(&self, micros: i64, account: u16) {
        if let Some(count) = self.accounts.get(usize::from(account)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.lateness.lock().expect("no panic inside")[usize::from(account > 0)].add(micros);
        self.handled.fetch_add(1, Ordering::Release);
    }

    /// Handled so far.
    pub(crate) fn count(&self) -> u64 {
        self.handled.load(Ordering::Acquire)
    }

    /// Handled so far, by account.
    pub(crate) fn by_account(&self, accounts: usize) -> Vec<u64> {
        self.accounts.iter().take(accounts).map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// The lateness of account 0 since it was last taken.
    pub(crate) fn take(&self) -> Histogram {
        std::mem::take(&mut self.lateness.lock().expect("no panic inside")[0])
    }

    /// The lateness of the other accounts since it was last taken.
    pub(crate) fn take_others(&self) -> Histogram {
        std::mem::take(&mut self.lateness.lock().expect("no panic inside")[1])
    }

    /// Waits until `count` were handled of each of `accounts`, at most `patience`; says whether
    /// they were.
    pub(crate) async fn reaches_each(
        &self,
        accounts: Range<u16>,
        count: u64,
        patience: Duration,
    ) -> bool {
        let accounts = usize::from(accounts.start)..usize::from(accounts.end);
        let mut tick = ticks(Duration::from_millis(5));
        let waiting = async {
            while self.by_account(ACCOUNTS)[accounts.clone()].iter().any(|done| *done < count) {
                tick.tick().await;
            }
        };
        tokio::time::timeout(patience, waiting).await.is_ok()
    }

    /// Waits until `count` were handled, at most `patience`; says whether they were.
    pub(crate) async fn reaches(&self, count: u64, patience: Duration) -> bool {
        let mut tick = ticks(Duration::from_millis(5));
        let waiting = async {
            while self.count() < count {
                tick.tick().await;
            }
        };
        tokio::time::timeout(patience, waiting).await.is_ok()
    }

    /// Looks on for `seconds`, in windows of up to ten seconds.
    pub(crate) async fn watch(&self, seconds: u64) -> Sustained {
        let width = (seconds / 6).clamp(1, 10);
        let mut tick = ticks(Duration::from_secs(1));
        tick.tick().await;
        self.take();
        let begin = tokio::time::Instant::now();
        let first = self.count();
        let (mut seen, mut rates, mut windows) = (first, Vec::new(), Vec::new());
        let cores = Cores::now();
        let mut since = (begin, first, cores);
        for second in 1..=seconds {
            tick.tick().await;
            let now = self.count();
            rates.push(now - seen);
            seen = now;
            if second % width == 0 || second == seconds {
                let lateness = self.take();
                let rate = rate(now - since.1, micros(since.0));
                let cores = Cores::now();
                windows.push(Seen { rate, lateness, stolen: cores.stolen_since(&since.2) });
                since = (tokio::time::Instant::now(), now, cores);
            }
        }
        let stolen = since.2.stolen_since(&cores);
        Sustained::of(rate(seen - first, micros(begin)), &rates, &windows, stolen, width)
    }
}

/// Microseconds since `begin`.
fn micros(begin: tokio::time::Instant) -> i64 {
    i64::try_from(begin.elapsed().as_micros()).unwrap_or(i64::MAX)
}

/// What was seen in one window.
struct Seen {
    rate: u64,
    lateness: Histogram,
    stolen: f64,
}

/// What is said about one window.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Window {
    pub(crate) rate: u64,
    pub(crate) stolen: f64,
    #[serde(flatten)]
    pub(crate) latency: Summary,
}

/// An interval that does not hurry after it was held up.
pub(crate) fn ticks(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// What was reached over a time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sustained {
    /// Events a second over all of it.
    pub(crate) rate: u64,
    /// Of the single seconds, the one in the middle.
    pub(crate) median_rate: u64,
    pub(crate) lowest_rate: u64,
    pub(crate) latency: Summary,
    pub(crate) first_third: Summary,
    pub(crate) last_third: Summary,
    /// p99 of the last third over that of the first: 1 is flat.
    pub(crate) drift: f64,
    /// The part of the cores' time that other machines had.
    pub(crate) stolen: f64,
    pub(crate) window_seconds: u64,
    pub(crate) windows: Vec<Window>,
}

impl Sustained {
    /// Events a second of the cores' time that there was: what two runs have in common of which
    /// others left one less.
    pub(crate) fn rate_of_own_time(&self) -> u64 {
        without(self.rate, self.stolen)
    }

    fn of(rate: u64, rates: &[u64], windows: &[Seen], stolen: f64, window_seconds: u64) -> Self {
        let together = |windows: &[Seen]| {
            let mut all = Histogram::default();
            windows.iter().for_each(|window| all.merge(&window.lateness));
            all.summary()
        };
        let third = windows.len().div_ceil(3);
        let first_third = together(&windows[..third]);
        let last_third = together(&windows[windows.len() - third..]);
        Self {
            rate,
            median_rate: median(rates),
            lowest_rate: rates.iter().copied().min().unwrap_or(0),
            latency: together(windows),
            first_third,
            last_third,
            drift: ratio(last_third.p99_us, first_third.p99_us),
            stolen,
            window_seconds,
            windows: windows
                .iter()
                .map(|window| Window {
                    rate: window.rate,
                    stolen: window.stolen,
                    latency: window.lateness.summary(),
                })
                .collect(),
        }
    }
}

impl std::fmt::Display for Sustained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rate, lowest_rate, latency, drift, stolen, .. } = self;
        write!(f, "{rate} /s (lowest second {lowest_rate}), {latency}, drift of p99 {drift}")?;
        write!(f, ", of the cores' time others had {stolen}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_that_grows_shows_as_drift() {
        let windows: Vec<Seen> = (1..=6_i64)
            .map(|window| {
                let mut histogram = Histogram::default();
                (0..100).for_each(|_| histogram.add(window * 10_000));
                Seen { rate: 90 + window.unsigned_abs(), lateness: histogram, stolen: 0.0 }
            })
            .collect();

        let sustained = Sustained::of(100, &[90, 110, 100], &windows, 0.0, 10);

        assert_eq!((sustained.median_rate, sustained.lowest_rate), (100, 90));
        assert_eq!(sustained.latency.count, 600);
        assert!(sustained.drift > 2.5, "{sustained:?}");
        let rates: Vec<u64> = sustained.windows.iter().map(|window| window.rate).collect();
        assert_eq!(rates, [91, 92, 93, 94, 95, 96]);
        assert!(sustained.windows.iter().all(|window| window.latency.count == 100));
        assert_eq!((sustained.first_third.max_us, sustained.last_third.max_us), (20_000, 60_000));
    }

    #[test]
    fn who_waits_behind_the_crowd_is_counted_apart() {
        let meter = Meter::default();
        meter.handled(10, 0);
        meter.handled(20, 3);

        assert_eq!(meter.count(), 2);
        assert_eq!(meter.by_account(4), [1, 0, 0, 1]);
        assert_eq!(meter.take().summary().max_us, 10);
        assert_eq!(meter.take_others().summary().max_us, 20);
        assert_eq!(meter.take().summary().count, 0);
    }
}
