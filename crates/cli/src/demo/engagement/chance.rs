//! The distributions that people follow, and the only floating point of the demo.
//!
//! What is drawn here is when somebody acts and how often, never money. Everything comes from the
//! generator that the caller passes, so one seed gives one story.

#![expect(clippy::float_arithmetic, reason = "samples of time and of popularity, never money")]

use std::f64::consts::TAU;
use std::time::Duration;

use rand::Rng;

/// A log-normal distribution, by the two figures that people quote.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct LogNormal {
    /// Half of the samples are below it.
    pub(in crate::demo) median: f64,
    /// The standard deviation of the logarithm.
    pub(in crate::demo) sigma: f64,
}

impl LogNormal {
    fn sample(self, rng: &mut impl Rng) -> f64 {
        // Box and Muller's transform; 1 - u is never zero, whose logarithm would be infinite.
        let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        let normal = radius * (TAU * rng.random::<f64>()).cos();
        self.median * (self.sigma * normal).exp()
    }

    /// A sample rounded down to a whole number.
    pub(in crate::demo) fn whole(self, rng: &mut impl Rng) -> u64 {
        seconds(self.sample(rng)).as_secs()
    }
}

/// How long after a post people engage: some watch, the others come by.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Delays {
    /// The share of those who watch, 0 to 1.
    pub(in crate::demo) watching: f64,
    /// Their delay, in seconds.
    pub(in crate::demo) watchers: LogNormal,
    /// Everybody else's delay, in seconds.
    pub(in crate::demo) passers_by: LogNormal,
}

impl Delays {
    /// People who expect to be paid and watch for it. Of all who ever engage, 17 % have after
    /// 5 minutes, 33 % after 15, 55 % after 60 and 96 % after a day; the median is 44 minutes.
    ///
    /// The shape is fitted to 3,333 measured cascades; that watchers of a paid campaign are twice
    /// as many and react within minutes is an assumption.
    pub(in crate::demo) const PAID_CROWD: Self = Self {
        watching: 0.35,
        watchers: LogNormal { median: 360.0, sigma: 1.3 },
        passers_by: LogNormal { median: 7_200.0, sigma: 1.6 },
    };

    /// One person's delay.
    pub(in crate::demo) fn sample(self, rng: &mut impl Rng) -> Duration {
        let group = if rng.random_bool(self.watching) { self.watchers } else { self.passers_by };
        seconds(group.sample(rng))
    }
}

/// How much engagement a post gets that gets any: most very little, a few very much. (Measured:
/// 49 % of posts get none; of the demo's three campaigns it is one.)
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Sizes {
    /// The exponent of the discrete power law.
    pub(in crate::demo) exponent: f64,
}

impl Sizes {
    /// As measured: most get one reaction, one in ten gets ten or more.
    pub(in crate::demo) const MEASURED: Self = Self { exponent: 1.84 };

    /// Reactions to a post of an account of ordinary reach: 1 or more (Devroye's rejection method).
    pub(in crate::demo) fn sample(self, rng: &mut impl Rng) -> u64 {
        let tail = self.exponent - 1.0;
        let bound = tail.exp2();
        loop {
            let uniform = 1.0 - rng.random::<f64>();
            let candidate = uniform.powf(-1.0 / tail).floor();
            let growth = (1.0 + 1.0 / candidate).powf(tail);
            let accept = rng.random::<f64>() * candidate * (growth - 1.0) / (bound - 1.0);
            if accept <= growth / bound {
                return seconds(candidate).as_secs();
            }
        }
    }
}

/// Who acts: a few do much, most do one thing. Person number `n` (from 1) has weight `n^-0.75`,
/// with which the busiest tenth makes 45 % of all acts, as measured.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Habits {
    /// The sum of the weights up to each person.
    cumulated: Vec<f64>,
}

impl Habits {
    const EXPONENT: f64 = 0.75;

    /// For this many people, the busiest first.
    pub(in crate::demo) fn of(people: u32) -> Self {
        let weights = (1..=people).map(|n| f64::from(n).powf(-Self::EXPONENT));
        let cumulated = weights.scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { cumulated: cumulated.collect() }
    }

    /// Somebody's position, from 0; 0 when there is nobody.
    pub(in crate::demo) fn sample(&self, rng: &mut impl Rng) -> usize {
        let all = self.cumulated.last().copied().unwrap_or_default();
        let mark = rng.random::<f64>() * all;
        let position = self.cumulated.partition_point(|sum| *sum < mark);
        position.min(self.cumulated.len().saturating_sub(1))
    }
}

/// A duration; the longest there is where the number is too large for one.
fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha12Rng;

    use super::*;

    const SAMPLES: u32 = 100_000;

    fn rng() -> ChaCha12Rng {
        ChaCha12Rng::seed_from_u64(4)
    }

    fn share(samples: &[u64], wanted: impl Fn(u64) -> bool) -> f64 {
        let count = samples.iter().filter(|sample| wanted(**sample)).count();
        f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(samples.len()).unwrap())
    }

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not near {expected}");
    }

    #[test]
    fn a_paid_crowd_arrives_in_the_shares_of_its_preset() {
        let mut rng = rng();
        let delays: Vec<u64> =
            (0..SAMPLES).map(|_| Delays::PAID_CROWD.sample(&mut rng).as_secs()).collect();
        for (minutes, expected) in [(5, 0.17), (15, 0.33), (60, 0.55), (24 * 60, 0.96)] {
            near(share(&delays, |delay| delay < minutes * 60), expected, 0.01);
        }
        near(share(&delays, |delay| delay < 44 * 60), 0.5, 0.01);
    }

    #[test]
    fn sizes_follow_the_power_law() {
        let mut rng = rng();
        let sizes: Vec<u64> = (0..SAMPLES).map(|_| Sizes::MEASURED.sample(&mut rng)).collect();
        // Riemann's zeta at 1.84: the first terms, and the integral for the rest.
        let terms = 10_000_u32;
        let head: f64 = (1..=terms).map(|n| f64::from(n).powf(-1.84)).sum();
        let zeta = head + f64::from(terms).powf(-0.84) / 0.84;
        for size in [1_u32, 2, 3, 10] {
            let expected = f64::from(size).powf(-1.84) / zeta;
            near(share(&sizes, |found| found == u64::from(size)), expected, 0.005);
        }
        near(share(&sizes, |found| found == 1), 0.55, 0.01);
        near(share(&sizes, |found| found >= 10), 0.10, 0.01);
    }

    #[test]
    fn the_busiest_tenth_makes_45_percent_of_the_acts() {
        let mut rng = rng();
        let habits = Habits::of(300);
        let people: Vec<u64> =
            (0..SAMPLES).map(|_| u64::try_from(habits.sample(&mut rng)).unwrap()).collect();
        near(share(&people, |person| person < 30), 0.45, 0.02);
        assert_eq!(people.iter().max(), Some(&299));
    }

    #[test]
    fn followers_spread_as_measured_among_people_who_engage() {
        let mut rng = rng();
        let followers = LogNormal { median: 925.0, sigma: 1.6 };
        let mut counts: Vec<u64> = (0..SAMPLES).map(|_| followers.whole(&mut rng)).collect();
        counts.sort_unstable();
        assert!((800..1_050).contains(&counts[50_000]), "median {}", counts[50_000]);
        assert!((11_000..16_500).contains(&counts[95_000]), "p95 {}", counts[95_000]);
    }
}
