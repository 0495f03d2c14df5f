//! How much a profile looks like a machine: 0 to 100, with named signals and their evidence.
//!
//! The weights rest on the share of people and bots that each rule flags in two labelled sets of
//! accounts (2015 to 2017). An empty bio is no signal: it flags one honest person in seven. No
//! signal alone is above [`DEFAULT_THRESHOLD`]; rules of this sort find one bot in four at best,
//! so what the campaign's own log shows (bursts, copied texts, accounts made together) weighs in.
//!
//! | signal | fires when | weight | people flagged | precision |
//! |---|---|---|---|---|
//! | young account | < 30 days old when it engaged | 25 | 2.0 % | .75 |
//! | follows many | following > 50 × followers | 50 | 0.1 % | .99 |
//! | posts much | > 100 posts a day of its life | 35 | 0.3 % | .95 |
//! | no followers | followers = 0 | 35 | 0.3 % | .95 |
//! | default picture | still the network's picture | 10 | not measured | |
//! | burst | ≥ 10 profiles and ≥ 1 in 10 in the same minute | 15 | not measured | |
//! | copied text | ≥ 3 profiles, same text of ≥ 20 characters | 25 | not measured | |
//! | created together | ≥ 5 profiles and ≥ 1 in 50 of the same day | 20 | not measured | |
//!
//! Facts are judged at each sighting and a signal that fired once has fired. The log's own
//! signals count the profile's own withdrawn rows, but nobody else's. Thus withdrawing an
//! engagement never lowers one's own score, and nobody raises another's by engaging and
//! withdrawing.

mod cohort;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use self::cohort::Cohorts;
use crate::engagement::{Log, Observation};
use crate::{ProfileId, Span};

/// The threshold of a campaign that sets none. No single signal is above it.
pub const DEFAULT_THRESHOLD: u8 = 50;

const SECS_PER_DAY: i64 = 86_400;
const YOUNG: Span = Span::from_secs(30 * 86_400);
const FOLLOWING_PER_FOLLOWER: u64 = 50;
const POSTS_PER_DAY: u64 = 100;

/// A reason to take a profile for a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Less than 30 days old when it engaged.
    YoungAccount,
    /// Follows more than 50 profiles for each that follows it.
    FollowsMany,
    /// More than 100 posts a day of its life.
    PostsMuch,
    /// Nobody follows it.
    NoFollowers,
    /// Still has the network's default picture.
    DefaultPicture,
    /// Many profiles engaged in the same minute, by the network's clock.
    Burst,
    /// Several profiles wrote the same words.
    CopiedText,
    /// Many of the campaign's profiles were created on the same day.
    CreatedTogether,
}

impl Signal {
    /// All signals, in the order in which they are listed everywhere.
    pub const ALL: [Self; 8] = [
        Self::YoungAccount,
        Self::FollowsMany,
        Self::PostsMuch,
        Self::NoFollowers,
        Self::DefaultPicture,
        Self::Burst,
        Self::CopiedText,
        Self::CreatedTogether,
    ];

    /// The stable name, as stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::YoungAccount => "young_account",
            Self::FollowsMany => "follows_many",
            Self::PostsMuch => "posts_much",
            Self::NoFollowers => "no_followers",
            Self::DefaultPicture => "default_picture",
            Self::Burst => "burst",
            Self::CopiedText => "copied_text",
            Self::CreatedTogether => "created_together",
        }
    }

    /// What it adds to the score.
    pub const fn weight(self) -> u8 {
        match self {
            Self::FollowsMany => 50,
            Self::PostsMuch | Self::NoFollowers => 35,
            Self::YoungAccount | Self::CopiedText => 25,
            Self::CreatedTogether => 20,
            Self::Burst => 15,
            Self::DefaultPicture => 10,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A signal that fired, and on what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// Which signal.
    pub signal: Signal,
    /// What was seen, in words.
    pub evidence: String,
}

/// What the signals say of one profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score {
    findings: Vec<Finding>,
}

impl Score {
    /// The weights of all signals that fired, at most 100.
    pub fn points(&self) -> u8 {
        let points: u16 = self.findings.iter().map(|f| u16::from(f.signal.weight())).sum();
        u8::try_from(points.min(100)).expect("at most 100")
    }

    /// What fired, in the order of [`Signal::ALL`].
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// Whether equal texts tell anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    /// People write in their own words: equal texts are copies.
    Free,
    /// People were asked to choose among given words (a quest): equal texts are expected.
    Asked,
}

/// The score of every profile in the log.
pub fn scores(log: &Log, texts: Texts) -> BTreeMap<&ProfileId, Score> {
    let cohorts = Cohorts::of(log, texts);
    log.profiles().map(|rows| (&rows[0].profile, score(rows, &cohorts))).collect()
}

fn score(rows: &[Observation], cohorts: &Cohorts<'_>) -> Score {
    let find = |signal| {
        let evidence = rows.iter().find_map(|row| evidence(signal, row, cohorts))?;
        Some(Finding { signal, evidence })
    };
    Score { findings: Signal::ALL.into_iter().filter_map(find).collect() }
}

fn evidence(signal: Signal, row: &Observation, cohorts: &Cohorts<'_>) -> Option<String> {
    let facts = &row.author;
    match signal {
        Signal::YoungAccount => {
            let age = row.time().since(facts.created_at?);
            let days = age.secs() / SECS_PER_DAY;
            (age < YOUNG).then(|| match days {
                1 => "account 1 day old".to_owned(),
                days => format!("account {days} days old"),
            })
        }
        Signal::FollowsMany => {
            let (following, followers) = (facts.following?, facts.followers?);
            (following > followers.max(1).saturating_mul(FOLLOWING_PER_FOLLOWER))
                .then(|| format!("follows {following}, followed by {followers}"))
        }
        Signal::PostsMuch => {
            let age = row.first_seen.since(facts.created_at?);
            let days = u64::try_from(age.secs() / SECS_PER_DAY).unwrap_or(0).max(1);
            let posts = facts.posts?;
            (posts > days.saturating_mul(POSTS_PER_DAY))
                .then(|| format!("{posts} posts in {days} d"))
        }
        Signal::NoFollowers => (facts.followers? == 0).then(|| "no followers".to_owned()),
        Signal::DefaultPicture => facts.default_avatar?.then(|| "default picture".to_owned()),
        Signal::Burst => cohorts.burst(row),
        Signal::CopiedText => cohorts.copied_text(row),
        Signal::CreatedTogether => cohorts.created_together(row),
    }
}
