//! What each kind of engagement is worth.

use crate::engagement::Kind;

/// Units paid for each kind. A rate of 0 means that the kind is not paid, not posted and not
/// collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rates {
    /// For a like.
    pub like: u64,
    /// For a repost without comment.
    pub repost: u64,
    /// For a repost with comment.
    pub quote: u64,
    /// For a reply.
    pub reply: u64,
}

impl Rates {
    /// The same `rate` for each of `kinds`, and 0 for the others.
    pub fn equal(rate: u64, kinds: &[Kind]) -> Self {
        Self::default().map(|kind, _| if kinds.contains(&kind) { rate } else { 0 })
    }

    /// Units for one engagement of `kind`; 0 when it is not paid.
    pub const fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Like => self.like,
            Kind::Repost => self.repost,
            Kind::Quote => self.quote,
            Kind::Reply => self.reply,
        }
    }

    /// Each rate as `change` makes it.
    pub(super) fn map(self, change: impl Fn(Kind, u64) -> u64) -> Self {
        let changed = |kind| change(kind, self.of(kind));
        Self {
            like: changed(Kind::Like),
            repost: changed(Kind::Repost),
            quote: changed(Kind::Quote),
            reply: changed(Kind::Reply),
        }
    }
}

/// The rate of each paid kind that spends `budget` when as many take part as expected and each
/// does everything, rounded down. 0 when there is nothing to divide by, or too little to divide:
/// a draft with such a rate is refused.
pub fn default_rate(budget: u64, expected_participants: u32, paid_kinds: u32) -> u64 {
    let shares = u64::from(expected_participants) * u64::from(paid_kinds);
    budget.checked_div(shares).unwrap_or(0)
}
