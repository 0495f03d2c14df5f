//! Which observations count, and why the others do not.

use std::collections::BTreeSet;
use std::fmt;

use crate::engagement::score::{Finding, Score};
use crate::engagement::{Observation, Standing};
use crate::{PostId, ProfileId, Span, Time};

/// What a campaign counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The campaign's posts. No other post counts.
    pub posts: BTreeSet<PostId>,
    /// The profile that posts them; its own engagement never counts.
    pub brand: ProfileId,
    /// When post 1 was created; this moment counts.
    pub opened: Time,
    /// When the campaign closes; this moment counts.
    pub closes: Time,
    /// How long after the close an engagement without a time of the network's may first be seen.
    pub grace: Span,
    /// Profiles with a score above it (0 to 100) do not count.
    pub threshold: u8,
    /// Profiles that count whatever their score.
    pub exceptions: BTreeSet<ProfileId>,
}

/// Whether an observation counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Counts,
    /// It does, but the network cannot prove that it still stands.
    LastSighting,
    /// It does not.
    Excluded(Exclusion),
}

/// Why an observation does not count. Later variants are closer to counting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// By the profile that posts.
    Brand,
    /// Not on one of the campaign's posts.
    OtherPost,
    /// Before post 1.
    Early,
    /// After the close.
    Late,
    /// Proved to be gone.
    Withdrawn,
    /// The profile looks like a machine.
    Suspect {
        /// Its points, 0 to 100.
        points: u8,
        /// What the campaign allows.
        threshold: u8,
        /// What they are made of.
        findings: Vec<Finding>,
    },
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brand => f.write_str("by the brand itself"),
            Self::OtherPost => f.write_str("not on one of the campaign's posts"),
            Self::Early => f.write_str("before the campaign began"),
            Self::Late => f.write_str("after the close"),
            Self::Withdrawn => f.write_str("withdrawn"),
            Self::Suspect { points, threshold, findings } => {
                write!(f, "score {points}, allowed {threshold}")?;
                for (i, finding) in findings.iter().enumerate() {
                    let separator = if i == 0 { ": " } else { ", " };
                    write!(f, "{separator}{}", finding.evidence)?;
                }
                Ok(())
            }
        }
    }
}

impl Rules {
    /// Whether `observation`, by a profile with this `score`, counts.
    pub fn judge(&self, observation: &Observation, score: &Score) -> Verdict {
        if let Some(exclusion) = self.outside(observation) {
            return Verdict::Excluded(exclusion);
        }
        if observation.standing == Standing::Withdrawn {
            return Verdict::Excluded(Exclusion::Withdrawn);
        }
        if let Some(suspect) = self.suspects(&observation.profile, score) {
            return Verdict::Excluded(suspect);
        }
        match observation.standing {
            Standing::LastSighting => Verdict::LastSighting,
            Standing::Stands | Standing::Withdrawn => Verdict::Counts,
        }
    }

    /// Why `observation` has nothing to do with the campaign: by the brand, on another post, or
    /// outside its time.
    pub fn outside(&self, observation: &Observation) -> Option<Exclusion> {
        if observation.profile == self.brand {
            return Some(Exclusion::Brand);
        }
        if !self.posts.contains(&observation.post) {
            return Some(Exclusion::OtherPost);
        }
        let last = match observation.network_time {
            Some(_) => self.closes,
            None => self.closes.plus(self.grace),
        };
        if observation.time() < self.opened {
            Some(Exclusion::Early)
        } else if observation.time() > last {
            Some(Exclusion::Late)
        } else {
            None
        }
    }

    /// Why a profile with this `score` does not count at all.
    pub fn suspects(&self, profile: &ProfileId, score: &Score) -> Option<Exclusion> {
        let points = score.points();
        (points > self.threshold && !self.exceptions.contains(profile)).then(|| {
            let findings = score.findings().to_vec();
            Exclusion::Suspect { points, threshold: self.threshold, findings }
        })
    }
}
