//! Engagement: what people did with a campaign's posts, and what of it counts.
//!
//! [`Observation`]s come in any order and more than once; [`Log`] gives them one form, so that
//! the same set of facts gives the same allocation on every machine. [`score`] says how much a
//! profile looks like a machine, [`eligibility`] says of each observation whether it counts.
//! "Once per profile and kind" is a rule of allocation: no row is lost here.

pub mod eligibility;
mod log;
mod observation;
#[cfg(test)]
pub(crate) mod sample;
pub mod score;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use log::Log;
pub use observation::{AuthorFacts, Observation, Standing};

/// A kind of engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A like.
    Like,
    /// A repost without comment.
    Repost,
    /// A repost with comment.
    Quote,
    /// A direct reply.
    Reply,
}

impl Kind {
    /// All kinds, in the order in which they are listed everywhere.
    pub const ALL: [Self; 4] = [Self::Like, Self::Repost, Self::Quote, Self::Reply];

    /// The stable name, as stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Repost => "repost",
            Self::Quote => "quote",
            Self::Reply => "reply",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no kind of engagement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of engagement (like, repost, quote, reply)")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind(text.chars().take(40).collect()))
    }
}
