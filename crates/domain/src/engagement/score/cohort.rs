//! Signals that only the campaign's whole log shows: who came in the same minute, who wrote the
//! same words, whose accounts were made on the same day.

use std::collections::BTreeMap;

use super::{SECS_PER_DAY, Texts};
use crate::ProfileId;
use crate::engagement::{Log, Observation, Standing};
use crate::quest::plain_text;

const SHORTEST_COPY: usize = 20;

/// The groups of a log, gathered in one pass.
pub(super) struct Cohorts<'a> {
    minutes: Crowd<'a, i64>,
    /// The words of each text that is long enough: found once, because it is slow work.
    words: BTreeMap<&'a str, String>,
    texts: Crowd<'a, String>,
    birthdays: Crowd<'a, i64>,
}

impl<'a> Cohorts<'a> {
    pub(super) fn of(log: &'a Log, texts: Texts) -> Self {
        let mut cohorts = Self {
            minutes: Crowd::new(),
            words: BTreeMap::new(),
            texts: Crowd::new(),
            birthdays: Crowd::new(),
        };
        for row in log.rows() {
            cohorts.minutes.add(row, minute(row));
            cohorts.birthdays.add(row, birthday(row));
            let text = row.text.as_deref().filter(|_| texts == Texts::Free);
            if let Some((text, words)) = text.and_then(|text| Some((text, words(text)?))) {
                cohorts.texts.add(row, Some(words.clone()));
                cohorts.words.insert(text, words);
            }
        }
        cohorts
    }

    /// Only by the network's clock: what one collection found has one `first_seen`, and says
    /// nothing of when people acted.
    pub(super) fn burst(&self, row: &Observation) -> Option<String> {
        let group = self.minutes.around(row, &minute(row)?)?;
        (group.size >= 10 && group.size.saturating_mul(10) >= group.everybody).then(|| {
            format!("{} of {} profiles engaged in the same minute", group.size, group.everybody)
        })
    }

    /// Short texts are left out: many people say "great" without copying.
    pub(super) fn copied_text(&self, row: &Observation) -> Option<String> {
        let group = self.texts.around(row, self.words.get(row.text.as_deref()?)?)?;
        (group.size >= 3).then(|| format!("{} profiles wrote the same text", group.size))
    }

    pub(super) fn created_together(&self, row: &Observation) -> Option<String> {
        let group = self.birthdays.around(row, &birthday(row)?)?;
        (group.size >= 5 && group.size.saturating_mul(50) >= group.everybody).then(|| {
            format!("{} of {} profiles were created on the same day", group.size, group.everybody)
        })
    }
}

fn minute(row: &Observation) -> Option<i64> {
    row.network_time.map(|time| time.secs().div_euclid(60))
}

fn birthday(row: &Observation) -> Option<i64> {
    row.author.created_at.map(|time| time.secs().div_euclid(SECS_PER_DAY))
}

fn words(text: &str) -> Option<String> {
    let words = plain_text(text);
    (words.chars().count() >= SHORTEST_COPY).then_some(words)
}

/// Profiles that share a mark.
struct Crowd<'a, M> {
    groups: BTreeMap<M, Members<'a>>,
    everybody: Members<'a>,
}

/// How many share a mark with a profile, it included, and of how many.
struct Group {
    size: usize,
    everybody: usize,
}

impl<'a, M: Ord> Crowd<'a, M> {
    fn new() -> Self {
        Self { groups: BTreeMap::new(), everybody: Members::default() }
    }

    fn add(&mut self, row: &'a Observation, mark: Option<M>) {
        let Some(mark) = mark else { return };
        self.groups.entry(mark).or_default().add(row);
        self.everybody.add(row);
    }

    fn around(&self, row: &Observation, mark: &M) -> Option<Group> {
        let group = self.groups.get(mark)?;
        Some(Group { size: group.with(&row.profile), everybody: self.everybody.with(&row.profile) })
    }
}

/// Profiles, and which of them have at least one engagement that was not withdrawn.
#[derive(Default)]
struct Members<'a> {
    stands: BTreeMap<&'a ProfileId, bool>,
    standing: usize,
}

impl<'a> Members<'a> {
    fn add(&mut self, row: &'a Observation) {
        let stands = self.stands.entry(&row.profile).or_insert(false);
        if !*stands && row.standing != Standing::Withdrawn {
            *stands = true;
            self.standing += 1;
        }
    }

    /// `profile` and everybody else who stands.
    fn with(&self, profile: &ProfileId) -> usize {
        match self.stands.get(profile) {
            Some(true) => self.standing,
            _ => self.standing + 1,
        }
    }
}
