//! Which points there are, and which are tried.
//!
//! A life reaches over a thousand points, most of them in loops that go round while others work. A
//! point is tried when every recording has it (a point that only chance reaches shows nothing
//! when it is not reached), and of a place that is reached again and again a few turns stand for
//! all: the first ones, the last one, and some between.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha12Rng;

/// Turns of one place that are tried.
const TURNS: u64 = 4;

/// How often each place (`site@context`) was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording(BTreeMap<String, u64>);

impl Recording {
    /// Reads what an armed program recorded.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("no recording in {}", path.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut places: BTreeMap<String, u64> = BTreeMap::new();
        for line in text.lines() {
            let Some((place, times)) = line.rsplit_once('#') else { continue };
            let times = times.parse().unwrap_or(0);
            let most = places.entry(place.to_owned()).or_default();
            *most = times.max(*most);
        }
        Self(places)
    }

    /// What both have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = self.0.iter().filter_map(|(place, times)| {
            other.0.get(place).map(|others| (place.clone(), *times.min(others)))
        });
        Self(both.collect())
    }

    /// Every place that is reached.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many points were reached in all.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.0.values().sum()
    }

    /// The labels that are tried, in the order of their names.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let of = |(place, times): (&String, &u64)| {
            turns(*times).into_iter().map(|turn| format!("{place}#{turn}")).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }
}

/// A few of `1..=times`, the first and the last among them.
fn turns(times: u64) -> BTreeSet<u64> {
    if times <= TURNS {
        return (1..=times).collect();
    }
    let between = |at: u64| 1 + at * (times - 1) / (TURNS - 1);
    (0..TURNS).map(between).collect()
}

/// The site of a label without its statement: `db.commit.before`.
#[must_use]
pub fn site(label: &str) -> &str {
    label.split([' ', '@']).next().unwrap_or(label)
}

/// Some of `labels`, drawn so that every site comes as often as any other while it has any left.
#[must_use]
pub fn spread(labels: &[String], count: usize, rng: &mut ChaCha12Rng) -> Vec<String> {
    let mut sites: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for label in labels {
        sites.entry(site(label)).or_default().push(label);
    }
    let mut sites: Vec<Vec<&String>> = sites.into_values().collect();
    for labels in &mut sites {
        labels.shuffle(rng);
    }
    sites.shuffle(rng);
    let mut drawn = Vec::new();
    while drawn.len() < count && !sites.is_empty() {
        for labels in &mut sites {
            drawn.extend(labels.pop().cloned());
        }
        sites.retain(|labels| !labels.is_empty());
    }
    drawn.truncate(count);
    drawn
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn labels(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_both_recordings_reached_is_tried() {
        let first = Recording::parse("a@x#1\nb@x#1\na@x#2\na@x#3\n");
        let second = Recording::parse("a@x#1\na@x#2\nc@x#1\n");
        assert_eq!(first.and(&second).labels(), labels("a@x#1 a@x#2"));
        assert_eq!(first.reached(), 4);
    }

    #[test]
    fn of_many_turns_a_few_are_tried_and_the_first_and_the_last_among_them() {
        assert_eq!(turns(3), BTreeSet::from([1, 2, 3]));
        assert_eq!(turns(100), BTreeSet::from([1, 34, 67, 100]));
    }

    #[test]
    fn a_statement_is_not_part_of_its_site() {
        assert_eq!(site("db.write.before UPDATE row@X.v1#2"), "db.write.before");
        assert_eq!(site("x.send.before@X.v1#2"), "x.send.before");
    }

    #[test]
    fn a_sample_has_every_site_before_it_has_one_twice_and_is_the_same_for_a_seed() {
        let all = labels("a@x#1 a@x#2 a@x#3 a@y#1 b@x#1 c@x#1");
        let draw = |count| spread(&all, count, &mut ChaCha12Rng::seed_from_u64(7));
        let sites: BTreeSet<String> = draw(3).iter().map(|label| site(label).to_owned()).collect();
        assert_eq!(sites.len(), 3);
        assert_eq!(draw(4), draw(4));
        assert_eq!(draw(100).len(), 6);
    }
}
