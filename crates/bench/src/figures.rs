//! Figures: distributions of durations, rates and shares.
//!
//! A histogram of fixed size instead of a list: a run of five minutes at full rate would keep
//! millions of durations, and their memory would be measured with the rest.

use serde::Serialize;

/// Below this every microsecond has a bucket of its own.
const EXACT: u64 = 128;
/// Buckets of each doubling above it: an error below 1.6%.
const STEPS: u64 = 64;
/// About twelve days; what takes longer counts as that.
const LONGEST: u64 = (1 << 40) - 1;
const BUCKETS: u64 = EXACT + STEPS * 33;

/// Durations in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; size(BUCKETS)], count: 0, max: 0 }
    }
}

impl Histogram {
    /// Adds a duration; a negative one (the clock was set back) counts as none.
    pub(crate) fn add(&mut self, micros: i64) {
        let micros = u64::try_from(micros).unwrap_or(0).min(LONGEST);
        self.buckets[size(bucket(micros))] += 1;
        self.count += 1;
        self.max = self.max.max(micros);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// The duration that `permille` of a thousand do not exceed, to about 1.6%.
    fn quantile(&self, permille: u64) -> u64 {
        let wanted = (self.count * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (index, count) in (0..).zip(&self.buckets) {
            seen += count;
            if seen >= wanted {
                return end_of(index).min(self.max);
            }
        }
        self.max
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            count: self.count,
            p50_us: self.quantile(500),
            p90_us: self.quantile(900),
            p99_us: self.quantile(990),
            max_us: self.max,
        }
    }
}

/// What is said about a distribution of durations.
#[derive(Clone, Copy, Debug, Default, Serialize, serde::Deserialize)]
pub(crate) struct Summary {
    pub(crate) count: u64,
    pub(crate) p50_us: u64,
    pub(crate) p90_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [p50, p99, max] = [self.p50_us, self.p99_us, self.max_us].map(millis);
        write!(f, "p50 {p50} ms, p99 {p99} ms, max {max} ms")
    }
}

fn millis(micros: u64) -> String {
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}

fn bucket(micros: u64) -> u64 {
    if micros < EXACT {
        return micros;
    }
    let doubling = u64::from(micros.ilog2());
    EXACT + (doubling - 7) * STEPS + ((micros >> (doubling - 6)) - STEPS)
}

fn end_of(bucket: u64) -> u64 {
    if bucket < EXACT {
        return bucket;
    }
    let (doubling, step) = ((bucket - EXACT) / STEPS, (bucket - EXACT) % STEPS);
    ((step + STEPS + 1) << (doubling + 1)) - 1
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("buckets are few")
}

/// `part` of `whole` to three decimals; 0 of nothing.
#[expect(clippy::float_arithmetic, reason = "a figure for people; nobody is paid by it")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (part as f64 * 1000.0 / whole as f64).round() / 1000.0
}

/// What `rate` would have been if a `part` of the time had not been taken away.
#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a figure for people")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is small")]
pub(crate) fn without(rate: u64, part: f64) -> u64 {
    (rate as f64 / (1.0 - part).max(0.01)).round() as u64
}

/// How many a second when `count` took `micros`.
pub(crate) fn rate(count: u64, micros: i64) -> u64 {
    let micros = u128::try_from(micros.max(1)).unwrap_or(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

/// Jain's index of shares that ought to be equal: 1 when they are, 1/n when one has everything.
pub(crate) fn jain(shares: &[u64]) -> f64 {
    let sum: u128 = shares.iter().map(|share| u128::from(*share)).sum();
    let squares: u128 = shares.iter().map(|share| u128::from(*share).pow(2)).sum();
    let all = squares * u128::try_from(shares.len()).unwrap_or(1);
    if all == 0 {
        return 0.0;
    }
    ratio(u64::try_from(sum * sum * 1_000_000 / all).unwrap_or(0), 1_000_000)
}

/// The one in the middle; of an even number the lower of the two.
pub(crate) fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_inside_its_bucket_and_close_to_its_end() {
        for shift in 0..40 {
            for near in [1_u64 << shift, (1 << shift) + 1, (1 << shift) * 3 / 2, (2 << shift) - 1] {
                let end = end_of(bucket(near));
                assert!(end >= near && end - near <= near / 63, "{near}: {end}");
            }
        }
        assert!(bucket(LONGEST) < BUCKETS);
    }

    #[test]
    fn quantiles_are_those_of_the_durations() {
        let mut all = Histogram::default();
        let mut other = Histogram::default();
        (1..=500).for_each(|micros| all.add(micros));
        (501..=1000).for_each(|micros| other.add(micros));
        all.merge(&other);
        let summary = all.summary();

        assert_eq!((summary.count, summary.max_us), (1000, 1000));
        assert!((500..=508).contains(&summary.p50_us), "{summary}");
        assert!((990..=1000).contains(&summary.p99_us), "{summary}");
    }

    #[test]
    fn quantiles_agree_with_those_of_the_sorted_durations() {
        use rand::{Rng as _, SeedableRng as _};
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        for count in [1_usize, 2, 99, 100, 101, 5_000] {
            let mut histogram = Histogram::default();
            // Of all sizes alike: microseconds as well as minutes.
            let mut all = Vec::new();
            for _ in 0..count {
                let most = 1_u64 << random.random_range(0..28);
                all.push(random.random_range(1..=most));
            }
            all.iter().for_each(|micros| histogram.add(i64::try_from(*micros).expect("small")));
            all.sort_unstable();
            for permille in [1, 500, 900, 990, 999, 1000] {
                let exact = all[(count * permille).div_ceil(1000).max(1) - 1];
                let found = histogram.quantile(u64::try_from(permille).expect("small"));
                assert!(
                    found >= exact && found - exact <= exact / 63,
                    "{permille} permille of {count}: {found} instead of {exact}"
                );
            }
        }
    }

    #[test]
    fn nothing_measured_is_zero_and_a_clock_set_back_does_no_harm() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.summary().p99_us, 0);
        histogram.add(-5);
        assert_eq!(histogram.summary().max_us, 0);
    }

    #[test]
    fn shares_that_are_equal_have_index_one() {
        assert!((jain(&[10, 10, 10, 10]) - 1.0).abs() < f64::EPSILON);
        assert!((jain(&[40, 0, 0, 0]) - 0.25).abs() < f64::EPSILON);
        assert!(jain(&[]).abs() < f64::EPSILON);
        // (1 + 2 + 3)² / (3 · (1 + 4 + 9))
        assert!((jain(&[1, 2, 3]) - 0.857).abs() < f64::EPSILON);
        assert!((jain(&[u64::MAX >> 20; 16]) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn rates_and_medians_are_whole_numbers() {
        assert_eq!(rate(5000, 500_000), 10_000);
        assert_eq!(rate(5, 0), 5_000_000);
        assert_eq!(median(&[9, 1, 5]), 5);
        assert_eq!(median(&[]), 0);
    }
}
