//! What became of a life, decided from what was counted at the far ends.
//!
//! Four ways to be wrong: *doubled* (done more often than once), *lost* (accepted, and not done),
//! *stuck* (not at its end, or something waits for a person), *unbalanced* (amounts differ between
//! our books, the chain and what the rates say). Every finding is words for whoever reads the log.

use crate::api::Campaign;
use crate::books::{Audit, Found};
use crate::chain::{campaign_key, selector};
use crate::life::DEEDS;
use serde_json::Value;

/// Posts of a whole life: the two of the campaign, the announcement, the last one.
const POSTS: usize = 4;
/// Calls of a whole life, each once.
const CALLS: [&str; 5] = [
    "createCampaign(bytes32,address,address,uint128,uint128,uint32,uint64)",
    "close(bytes32,bytes32,uint128)",
    "payBatch(bytes32,uint32,bytes32[])",
    "refund(bytes32)",
    "finalise(bytes32)",
];

/// What was seen of a life.
#[derive(Debug)]
pub struct Seen {
    /// Whether the server accepted to publish.
    pub accepted: bool,
    /// Why the life was not lived to its end, if it was not.
    pub why: Option<String>,
    /// What the far ends counted.
    pub found: Found,
    /// What each fan received, in tinybars.
    pub received: Vec<u64>,
    /// What the API says of its campaigns.
    pub campaigns: Vec<Campaign>,
    /// The books of both compared.
    pub audit: Audit,
    /// Events that gave up.
    pub dead: Vec<Value>,
    /// Effects that are not decided.
    pub open: Vec<Value>,
    /// What the doctor said, when something was wrong.
    pub doctor: Option<String>,
}

/// What is wrong, in words; nothing when all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Done more often than once.
    pub doubled: Vec<String>,
    /// Accepted, and not done.
    pub lost: Vec<String>,
    /// Not at its end.
    pub stuck: Vec<String>,
    /// Amounts that differ.
    pub unbalanced: Vec<String>,
}

impl Verdict {
    /// One that only says why nothing goes on.
    #[must_use]
    pub fn stuck(why: String) -> Self {
        Self { stuck: vec![why], ..Self::default() }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        *self == Self::default()
    }

    /// Every finding with its name.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let named = |name: &str, findings: &[String]| {
            findings.iter().map(|finding| format!("{name}: {finding}")).collect::<Vec<_>>()
        };
        [
            named("doubled", &self.doubled),
            named("lost", &self.lost),
            named("stuck", &self.stuck),
            named("unbalanced", &self.unbalanced),
        ]
        .concat()
    }
}

/// Judges a life.
#[must_use]
pub fn judge(seen: &Seen) -> Verdict {
    let mut verdict = Verdict {
        doubled: seen.audit.duplicates.clone(),
        unbalanced: seen.audit.problems.clone(),
        ..Verdict::default()
    };
    ends(seen, &mut verdict);
    let closed = seen.campaigns.iter().all(|campaign| campaign.state == "Closed");
    counts(seen, closed, &mut verdict);
    if closed && seen.accepted {
        amounts(seen, &mut verdict);
    }
    if let Some(said) = &seen.doctor {
        verdict.unbalanced.push(format!("the doctor says: {}", said.trim()));
    }
    verdict
}

fn ends(seen: &Seen, verdict: &mut Verdict) {
    verdict.stuck.extend(seen.why.clone());
    if !seen.accepted {
        verdict.lost.push("the server never accepted to publish".to_owned());
    }
    match &seen.campaigns[..] {
        [campaign] if campaign.state == "Closed" => {}
        [campaign] => {
            let Campaign { state, stalled, .. } = campaign;
            verdict.stuck.push(format!("the campaign is {state} {stalled}"));
        }
        [] => verdict.lost.push("there is no campaign".to_owned()),
        more => verdict.doubled.push(format!("there are {} campaigns", more.len())),
    }
    verdict.stuck.extend(seen.dead.iter().map(|event| format!("a dead letter: {event}")));
    verdict.stuck.extend(seen.open.iter().map(|effect| format!("not decided: {effect}")));
}

/// How often everything was done: never more often than once, and once where it is over.
fn counts(seen: &Seen, closed: bool, verdict: &mut Verdict) {
    let mut compare = |what: &str, times: usize, wanted: usize| {
        if times > wanted {
            verdict.doubled.push(format!("{what}: {times}, and {wanted} are due"));
        } else if times < wanted && closed && seen.accepted {
            verdict.lost.push(format!("{what}: {times}, and {wanted} are due"));
        }
    };
    compare("posts", seen.found.x.posts.len(), POSTS);
    let calls = &seen.found.hedera.contract_calls;
    for function in CALLS {
        let name = selector(function);
        let named = calls.iter().filter(|call| call.selector.as_ref() == Some(&name));
        compare(function, named.count(), 1);
    }
}

/// Who received what: what their deeds are worth, once.
fn amounts(seen: &Seen, verdict: &mut Verdict) {
    for (fan, (received, (deeds, due))) in seen.received.iter().zip(DEEDS).enumerate() {
        if *received != due {
            let what = format!("fan {fan} received {received} tinybars for {deeds:?}, not {due}");
            verdict.unbalanced.push(what);
        }
    }
    let total: u64 = DEEDS.iter().map(|(_, due)| due).sum();
    for campaign in &seen.campaigns {
        let chain = seen.found.log.campaigns.get(&campaign_key(&campaign.id));
        let paid = chain.map_or(0, |chain| chain.paid);
        if paid != total {
            verdict.unbalanced.push(format!("the chain paid {paid} tinybars, not {total}"));
        }
    }
}
