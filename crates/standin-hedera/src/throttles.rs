//! How many transactions the network takes in a second; what is beyond is answered with BUSY.
//!
//! `throttles.json` has two sets: `mainnet` is as tight as the real network's, `local` as wide as
//! that of a network on somebody's own machine, so that nobody waits for the creation of accounts.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::entity::Stamp;
use crate::node::Kind;

const NANOS: i64 = 1_000_000_000;

/// Which limits a network has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThrottleSet {
    /// Those of a network on one's own machine.
    #[default]
    Local,
    /// Those of the public network: two new accounts a second, for example.
    Mainnet,
}

/// The limits, and how far each is used up.
#[derive(Debug)]
pub(crate) struct Throttles(Vec<Bucket>);

/// One limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bucket {
    #[serde(rename = "name")]
    _name: String,
    per_second: i64,
    /// For how long as much may come at once as otherwise in this time.
    burst_ms: i64,
    /// All kinds, when it names none.
    kinds: Vec<Kind>,
    /// When everything that was taken would have come in, one after another.
    #[serde(skip)]
    full_until: Stamp,
}

impl Throttles {
    pub(crate) fn new(set: ThrottleSet) -> Self {
        let sets: BTreeMap<ThrottleSet, Vec<Bucket>> =
            serde_json::from_str(include_str!("../throttles.json")).expect("these are throttles");
        Self(sets.get(&set).cloned().unwrap_or_default())
    }

    /// Takes one more transaction in, unless there have been too many. One that is not taken uses
    /// nothing up.
    pub(crate) fn admit(&mut self, kind: Kind, now: Stamp) -> bool {
        let concerns = |bucket: &Bucket| bucket.kinds.is_empty() || bucket.kinds.contains(&kind);
        if self.0.iter().any(|bucket| concerns(bucket) && bucket.is_full(now)) {
            return false;
        }
        for bucket in self.0.iter_mut().filter(|bucket| concerns(bucket)) {
            bucket.full_until = Stamp(bucket.full_until.max(now).0 + NANOS / bucket.per_second);
        }
        true
    }
}

impl Bucket {
    fn is_full(&self, now: Stamp) -> bool {
        let after = self.full_until.max(now).0 + NANOS / self.per_second;
        after - now.0 > self.burst_ms * 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_accounts_at_once_and_then_two_a_second() {
        let mut throttles = Throttles::new(ThrottleSet::Mainnet);
        let at = |seconds: i64| Stamp(seconds * NANOS);
        let create = |throttles: &mut Throttles, now| {
            (0..100).filter(|_| throttles.admit(Kind::CryptoCreate, now)).count()
        };
        assert_eq!(create(&mut throttles, at(100)), 30);
        assert_eq!(create(&mut throttles, at(101)), 2);
        assert!(throttles.admit(Kind::CryptoTransfer, at(101)));
        assert_eq!(create(&mut throttles, at(1_000)), 30);
    }
}
