//! What goes wrong, and when: the script that a test writes through the control routes.
//!
//! A fault fires a number of times on the requests it matches, or with a probability drawn from the
//! network's seed, so a failing run can be repeated.

use rand::Rng;
use serde::{Deserialize, Serialize};

/// Which requests a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum On {
    /// A transaction sent to the node.
    Submit,
    /// A receipt asked of the node.
    Receipt,
    /// Any other query to the node.
    Query,
    /// A request to the mirror.
    Mirror,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trouble {
    /// The request is carried out, then the connection is reset instead of an answer.
    DropAfterApply,
    /// The connection is reset and nothing is carried out.
    DropBeforeApply,
    /// The node answers BUSY.
    Busy,
    /// The node answers PLATFORM_NOT_ACTIVE.
    PlatformNotActive,
    /// The request is carried out at once, the answer comes `ms` later.
    DelayMs,
    /// The node is unavailable (gRPC) or answers 503 (mirror).
    #[serde(rename = "status_503")]
    Status503,
    /// The transaction is accepted at once and handled by consensus `ms` later.
    ConsensusDelayMs,
    /// The mirror shows the transaction `ms` later than what came after it.
    MirrorGapMs,
    /// Consensus has no gas left for the transaction: it is handled, does nothing, and fails with
    /// CONSENSUS_GAS_EXHAUSTED.
    GasExhausted,
    /// A copy reaches consensus through another node and is recorded as a duplicate.
    Duplicate,
}

/// One line of the script.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) on: On,
    pub(crate) kind: Trouble,
    /// How often it may still fire. Without it: once, or without end when `per_mille` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u32>,
    /// The probability of firing on a matching request, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) per_mille: Option<u32>,
    /// The length of a delay, in milliseconds.
    #[serde(default)]
    pub(crate) ms: u64,
    /// Only requests whose path, transaction type or called function contains this.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<String>,
}

/// The script, and how often something of it happened.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    script: Vec<Fault>,
    fired: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, faults: Vec<Fault>) {
        self.script.extend(faults);
    }

    pub(crate) fn clear(&mut self) {
        self.script.clear();
    }

    pub(crate) fn script(&self) -> &[Fault] {
        &self.script
    }

    pub(crate) fn fired(&self) -> u64 {
        self.fired
    }

    /// The fault for a request, used up if it was the last time. `what` describes the request.
    pub(crate) fn strike(&mut self, on: On, what: &str, random: &mut impl Rng) -> Option<Fault> {
        let fires = |fault: &Fault| {
            fault.on == on
                && fault.only.as_deref().is_none_or(|only| what.contains(only))
                && fault.per_mille.is_none_or(|p| random.random_range(0..1000) < p)
        };
        let index = self.script.iter().position(fires)?;
        let fault = self.script[index].clone();
        let left = match (fault.times, fault.per_mille) {
            (None, Some(_)) => None,
            (times, _) => Some(times.unwrap_or(1).saturating_sub(1)),
        };
        match left {
            Some(0) => {
                self.script.remove(index);
            }
            left => self.script[index].times = left,
        }
        self.fired += 1;
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn script(json: &str) -> Faults {
        let mut faults = Faults::default();
        faults.add(serde_json::from_str(json).unwrap());
        faults
    }

    #[test]
    fn a_fault_fires_as_often_as_it_says_and_only_where_it_matches() {
        let mut faults =
            script(r#"[{"on":"submit","kind":"busy","times":2,"match":"ContractCall"}]"#);
        let random = &mut StdRng::seed_from_u64(1);
        assert!(faults.strike(On::Submit, "CryptoTransfer", random).is_none());
        assert!(faults.strike(On::Receipt, "ContractCall", random).is_none());
        assert!(faults.strike(On::Submit, "ContractCall", random).is_some());
        assert!(faults.strike(On::Submit, "ContractCall", random).is_some());
        assert!(faults.strike(On::Submit, "ContractCall", random).is_none());
        assert_eq!(faults.fired(), 2);
    }

    #[test]
    fn a_probability_goes_on_for_ever_and_repeats_with_the_seed() {
        let run = |seed| {
            let mut faults = script(r#"[{"on":"mirror","kind":"status_503","per_mille":300}]"#);
            let mut random = StdRng::seed_from_u64(seed);
            let strikes = (0..1000).map(|_| faults.strike(On::Mirror, "/", &mut random).is_some());
            strikes.collect::<Vec<_>>()
        };
        let hits = run(7).iter().filter(|hit| **hit).count();
        assert!((200..400).contains(&hits), "{hits} of 1000");
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
