//! What became of a life, decided from what was counted at the far ends.
//!
//! Four ways to be wrong: *doubled* (done more often than once), *lost* (accepted, and not done),
//! *stuck* (not at its end, or something waits for a person), *unbalanced* (amounts differ between
//! our books, the chain and what the rates say). Every finding is words for whoever reads the log.

use serde_json::Value;

use crate::api::Campaign;
use crate::books::{Audit, Found};
use crate::chain::{campaign_key, selector};
use crate::life::DEEDS;

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
    let showing = seen.found.x.posts.iter().filter(|post| !post.media.is_empty());
    compare("posts that show what they should", showing.count(), 1);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::chain::{EscrowLog, OnChain};

    const ID: &str = "0190c1f2-0000-7000-8000-00000000abcd";
    const OPERATOR: &str = "0.0.1002";

    fn call(function: &str) -> Value {
        json!({
            "selector": selector(function), "first_argument": campaign_key(ID),
            "second_word": "1", "payer": OPERATOR, "result": "SUCCESS",
        })
    }

    fn post(id: &str, target: Option<&str>) -> Value {
        json!({ "id": id, "author": "1", "reply_to": target, "deleted": false })
    }

    /// A life that went as it should: 11 HBAR taken, 1.3 paid, 8.7 returned, a fee of 1.
    fn seen() -> Seen {
        let mut posts =
            [post("1", None), post("2", Some("1")), post("3", Some("1")), post("4", Some("1"))];
        posts[0]["media"] = json!(["a GIF"]);
        let campaign = json!({
            "id": ID, "name": "Crash", "kind": "awareness", "state": "Closed",
            "posts": [{ "step": "post_1", "id": "1" }, { "step": "post_2", "id": "2" }],
            "money": { "paid": "1.3", "refunded": "8.7", "fee": "1" },
            "totals": { "participants": 3, "eligible": 3, "excluded": 0 },
        });
        let on_chain = OnChain {
            budget: 1_000_000_000,
            fee: 100_000_000,
            closed: true,
            total: 130_000_000,
            paid: 130_000_000,
            credited: 0,
            refunded: 870_000_000,
            lines: BTreeMap::from([(0, 1), (1, 1), (2, 1)]),
        };
        let found = Found {
            log: EscrowLog {
                deposited: 2_200_000_000,
                campaigns: BTreeMap::from([(campaign_key(ID), on_chain)]),
            },
            escrow: 2_070_000_000,
            free: 1_970_000_000,
            fees: 100_000_000,
            received: 130_000_000,
            received_late: 0,
            received_unlinked: 0,
            x: serde_json::from_value(json!({
                "posts": posts, "duplicates_refused": 0, "duplicate_posts": [],
            }))
            .unwrap(),
            hedera: serde_json::from_value(json!({
                "duplicates_refused": 0, "contract_calls": CALLS.map(call),
            }))
            .unwrap(),
            operator: OPERATOR.to_owned(),
        };
        Seen {
            accepted: true,
            why: None,
            received: DEEDS.map(|(_, due)| due).to_vec(),
            campaigns: vec![serde_json::from_value(campaign).unwrap()],
            audit: Audit::of(&found, &[]),
            found,
            dead: vec![],
            open: vec![],
            doctor: None,
        }
    }

    /// Judged after `change`, with the books compared anew.
    fn judged(change: impl FnOnce(&mut Seen)) -> Verdict {
        let mut seen = seen();
        change(&mut seen);
        seen.audit = Audit::of(&seen.found, &seen.campaigns);
        judge(&seen)
    }

    /// Which of doubled, lost, stuck and unbalanced it is.
    fn wrong(verdict: &Verdict) -> [bool; 4] {
        [&verdict.doubled, &verdict.lost, &verdict.stuck, &verdict.unbalanced]
            .map(|findings| !findings.is_empty())
    }

    #[test]
    fn a_life_that_went_as_it_should_is_well() {
        let verdict = judged(|_| {});
        assert!(verdict.is_well(), "{verdict:?}");
    }

    #[test]
    fn a_post_or_a_call_too_many_is_doubled() {
        let posted = judged(|seen| {
            let again = serde_json::from_value(post("5", Some("1"))).unwrap();
            seen.found.x.posts.push(again);
        });
        assert!(wrong(&posted)[0], "{posted:?}");
        for function in CALLS {
            let called = judged(|seen| {
                let again = serde_json::from_value(call(function)).unwrap();
                seen.found.hedera.contract_calls.push(again);
            });
            assert!(wrong(&called)[0], "{function}: {called:?}");
        }
    }

    #[test]
    fn a_post_or_a_call_too_few_at_the_end_is_lost() {
        let posted = judged(|seen| drop(seen.found.x.posts.pop()));
        assert!(wrong(&posted)[1], "{posted:?}");
        let called = judged(|seen| drop(seen.found.hedera.contract_calls.pop()));
        assert!(wrong(&called)[1], "{called:?}");
        let unheard = judged(|seen| seen.accepted = false);
        assert!(wrong(&unheard)[1], "{unheard:?}");
    }

    #[test]
    fn what_does_not_come_to_its_end_is_stuck() {
        for verdict in [
            judged(|seen| seen.why = Some("time is up".to_owned())),
            judged(|seen| seen.campaigns[0].state = "Settling".to_owned()),
            judged(|seen| seen.dead.push(json!({ "kind": "CAMPAIGN_FUND.v1" }))),
            judged(|seen| seen.open.push(json!({ "state": "unknown" }))),
        ] {
            assert!(wrong(&verdict)[2], "{verdict:?}");
        }
    }

    #[test]
    fn one_tinybar_anywhere_is_unbalanced() {
        let changes: [fn(&mut Seen); 6] = [
            |seen| seen.received[1] -= 1,
            |seen| seen.found.received += 1,
            |seen| seen.found.fees -= 1,
            |seen| seen.found.free -= 1,
            |seen| seen.campaigns[0].money.paid = "1.30000001".to_owned(),
            |seen| seen.doctor = Some("books WRONG".to_owned()),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let verdict = judged(change);
            assert!(wrong(&verdict)[3], "change {at}: {verdict:?}");
        }
    }
}
