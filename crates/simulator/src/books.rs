//! The books as the far ends kept them: what was posted, called, paid and returned, counted at the
//! stand-ins and compared with what our API says. Nothing here reads our database.

use std::collections::{BTreeMap, BTreeSet};

use hashbuzz_domain::{Amount, Asset};
use serde::Serialize;

use crate::api::Campaign;
use crate::chain::{EscrowLog, OnChain, campaign_key, selector};
use crate::control::{HederaCounters, XCounters};

/// What was found at the stand-ins. Amounts in tinybars.
#[derive(Clone, Debug)]
pub struct Found {
    /// The escrow's log.
    pub log: EscrowLog,
    /// What the escrow holds.
    pub escrow: u64,
    /// What campaigners could withdraw from it.
    pub free: u64,
    /// What the treasury could withdraw from it.
    pub fees: u64,
    /// What participants have more than at the beginning.
    pub received: u64,
    /// Of these, people who linked a wallet in the claim window.
    pub received_late: u64,
    /// Of these, people who never linked one.
    pub received_unlinked: u64,
    /// The network's counters.
    pub x: XCounters,
    /// The ledger's counters.
    pub hedera: HederaCounters,
    /// The account that our service signs with.
    pub operator: String,
}

/// The sums, in decimal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Books {
    pub deposited: String,
    pub paid: String,
    pub refunded: String,
    pub fees: String,
    pub held: String,
    pub balanced: bool,
}

/// The result of comparing.
#[derive(Clone, Debug)]
pub struct Audit {
    pub books: Books,
    /// Posts that our service made.
    pub posts: usize,
    /// Contract calls that reached consensus, the campaigners' included.
    pub ledger_transactions: usize,
    /// Everything that happened once more than it should, in words.
    pub duplicates: Vec<String>,
    /// Everything else that is wrong, in words.
    pub problems: Vec<String>,
}

/// Tinybars in decimal text.
pub fn hbar(tinybars: u64) -> String {
    Amount::new(tinybars, Asset::Hbar).to_decimal()
}

/// What the chain says of a campaign; nothing when it does not know it.
pub fn on_chain(found: &Found, campaign: &Campaign) -> OnChain {
    found.log.campaigns.get(&campaign_key(&campaign.id)).cloned().unwrap_or_default()
}

impl Audit {
    /// Compares what was found with what the API says of its campaigns.
    pub fn of(found: &Found, campaigns: &[Campaign]) -> Self {
        let mut problems = Vec::new();
        let books = books(found, &mut problems);
        compare(found, campaigns, &mut problems);
        let mut duplicates = twice_posted(&found.x);
        duplicates.extend(twice_called(found));
        duplicates.extend(twice_paid(&found.log));
        strays(&found.x, campaigns, &mut problems);
        if found.received_unlinked > 0 {
            let amount = hbar(found.received_unlinked);
            problems.push(format!("people who never linked a wallet were paid {amount}"));
        }
        Self {
            books,
            posts: found.x.posts.len(),
            ledger_transactions: found.hedera.contract_calls.len(),
            duplicates,
            problems,
        }
    }
}

/// What was deposited is with the participants, free, a fee, or held; and each of these is what
/// the log says that it should be.
fn books(found: &Found, problems: &mut Vec<String>) -> Books {
    let log = &found.log;
    let sum = |part: fn(&OnChain) -> u64| log.campaigns.values().map(part).sum::<u64>();
    let locked = sum(|campaign| campaign.budget) + sum(|campaign| campaign.fee);
    let (paid, credited) = (sum(|campaign| campaign.paid), sum(|campaign| campaign.credited));
    let refunded = sum(|campaign| campaign.refunded);
    let held = i128::from(found.escrow) - i128::from(found.free) - i128::from(found.fees);
    let before = problems.len();
    let mut check = |name: &str, is: i128, should: i128| {
        if is != should {
            problems.push(format!("{name}: {is} tinybars, and {should} by the log"));
        }
    };
    let wide = i128::from;
    check("participants received", wide(found.received), wide(paid) - wide(credited));
    let earned = sum(|campaign| if campaign.closed { campaign.fee } else { 0 });
    check("fees", wide(found.fees), wide(earned));
    let free = wide(log.deposited) - wide(locked) + wide(refunded);
    check("campaigners' free balances", wide(found.free), free);
    let due = wide(locked) - wide(paid) - wide(refunded) - wide(found.fees) + wide(credited);
    check("held for campaigns", held, due);
    let parts = wide(found.received) + wide(found.free) + wide(found.fees) + held;
    check("everything together", parts, wide(log.deposited));
    let held = u64::try_from(held).unwrap_or_default();
    Books {
        deposited: hbar(log.deposited),
        paid: hbar(found.received),
        refunded: hbar(found.free),
        fees: hbar(found.fees),
        held: hbar(held),
        balanced: problems.len() == before,
    }
}

/// Our books against the chain's, campaign by campaign.
fn compare(found: &Found, campaigns: &[Campaign], problems: &mut Vec<String>) {
    for campaign in campaigns {
        let chain = on_chain(found, campaign);
        let rows = [
            ("paid", &campaign.money.paid, chain.paid),
            ("refunded", &campaign.money.refunded, chain.refunded),
            ("fee", &campaign.money.fee, chain.fee),
        ];
        for (name, ours, theirs) in rows {
            if Asset::Hbar.parse(ours).map(Amount::units) != Ok(theirs) {
                problems.push(format!(
                    "{}: {name} is {ours} by the API and {} on the chain",
                    campaign.name,
                    hbar(theirs)
                ));
            }
        }
        let over = chain.budget.checked_sub(chain.paid + chain.refunded);
        if campaign.state == "Closed" && over != Some(0) {
            problems.push(format!(
                "{}: of {} the chain paid {} and refunded {}",
                campaign.name,
                hbar(chain.budget),
                hbar(chain.paid),
                hbar(chain.refunded)
            ));
        }
    }
    for key in found.log.campaigns.keys() {
        if !campaigns.iter().any(|campaign| campaign_key(&campaign.id) == *key) {
            problems.push(format!("the chain has a campaign {key} that the API does not show"));
        }
    }
}

fn twice_posted(x: &XCounters) -> Vec<String> {
    let again = |ids: &[String]| ids.iter().skip(1).cloned().collect::<Vec<_>>();
    let posts = x.duplicate_posts.iter().flat_map(|post| again(&post.ids));
    let posts = posts.map(|id| format!("post {id} repeats an earlier one"));
    let refused = (0..x.duplicates_refused).map(|_| "a repeated post was refused".to_owned());
    posts.chain(refused).collect()
}

/// One call of each function a campaign, and one a batch of payments. A further one is a repeat,
/// even when the contract refused it.
fn twice_called(found: &Found) -> Vec<String> {
    let batch = selector("payBatch(bytes32,uint32,bytes32[])");
    let mut seen = BTreeSet::new();
    let mut again = Vec::new();
    for call in found.hedera.contract_calls.iter().filter(|call| call.payer == found.operator) {
        let number = call.selector.as_ref().filter(|name| **name == batch);
        let number = number.and(call.second_word.as_ref());
        if !seen.insert((&call.selector, &call.first_argument, number)) {
            let name = call.selector.as_deref().unwrap_or("?");
            again.push(format!("call {name} was made again and ended with {}", call.result));
        }
    }
    again
}

fn twice_paid(log: &EscrowLog) -> Vec<String> {
    let lines = log.campaigns.iter().flat_map(|(key, campaign)| {
        campaign.lines.iter().map(move |(line, times)| (key, *line, *times))
    });
    lines
        .filter(|(_, _, times)| *times > 1)
        .map(|(key, line, times)| format!("line {line} of {key} was paid {times} times"))
        .collect()
}

/// Posts of ours that belong to no campaign.
fn strays(x: &XCounters, campaigns: &[Campaign], problems: &mut Vec<String>) {
    let mut known: BTreeSet<&str> =
        campaigns.iter().flat_map(|c| &c.posts).map(|post| post.id.as_str()).collect();
    // Ids grow with time, so that a reply comes after what it answers.
    let mut posts: Vec<_> = x.posts.iter().collect();
    posts.sort_by_key(|post| post.id.parse::<u64>().unwrap_or(u64::MAX));
    for post in posts {
        let thread = post.reply_to.as_deref().is_some_and(|target| known.contains(target));
        if thread {
            known.insert(&post.id);
        } else if !known.contains(post.id.as_str()) {
            problems.push(format!("post {} belongs to no campaign", post.id));
        }
    }
}

/// Posts of ours in each campaign's thread, announcements included.
pub fn posts_of(x: &XCounters, campaign: &Campaign) -> usize {
    let parents: BTreeMap<&str, Option<&str>> =
        x.posts.iter().map(|post| (post.id.as_str(), post.reply_to.as_deref())).collect();
    let ours: BTreeSet<&str> = campaign.posts.iter().map(|post| post.id.as_str()).collect();
    let belongs = |id: &str| {
        let mut at = Some(id);
        // A thread is a handful of posts long; no chain is followed for ever.
        for _ in 0..x.posts.len() {
            match at {
                Some(id) if ours.contains(id) => return true,
                Some(id) => at = parents.get(id).copied().flatten(),
                None => return false,
            }
        }
        false
    };
    x.posts.iter().filter(|post| belongs(&post.id)).count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "0190c1f2-0000-7000-8000-00000000abcd";

    fn campaign() -> Campaign {
        serde_json::from_value(json!({
            "id": ID, "name": "Summer", "kind": "awareness", "state": "Closed",
            "posts": [
                { "step": "post_1", "id": "10", "url": "" },
                { "step": "post_2", "id": "11", "url": "" },
            ],
            "money": { "paid": "0.00000060", "refunded": "0.0000004", "fee": "0.0000001" },
            "totals": { "participants": 3, "eligible": 2, "excluded": 1 },
        }))
        .unwrap()
    }

    /// 110 deposited, 100 budget, 10 fee, 60 paid on two lines, 40 refunded.
    fn found() -> Found {
        let lines = BTreeMap::from([(0, 1), (1, 1)]);
        let (budget, fee, total, paid, refunded) = (100, 10, 60, 60, 40);
        let closed = true;
        let on_chain = OnChain { budget, fee, closed, total, paid, credited: 0, refunded, lines };
        let call = |selector: String, second: &str| {
            json!({
                "selector": selector, "first_argument": campaign_key(ID),
                "second_word": second, "payer": "0.0.1002", "result": "SUCCESS",
            })
        };
        let batch = selector("payBatch(bytes32,uint32,bytes32[])");
        let post = |id: &str, target: Option<&str>| {
            let author = "1";
            json!({ "id": id, "author": author, "reply_to": target, "deleted": false })
        };
        Found {
            log: EscrowLog {
                deposited: 110,
                campaigns: BTreeMap::from([(campaign_key(ID), on_chain)]),
            },
            escrow: 50,
            free: 40,
            fees: 10,
            received: 60,
            received_late: 10,
            received_unlinked: 0,
            x: serde_json::from_value(json!({
                "posts": [post("10", None), post("11", Some("10")), post("12", Some("11"))],
                "duplicates_refused": 0, "duplicate_posts": [],
            }))
            .unwrap(),
            hedera: serde_json::from_value(json!({
                "duplicates_refused": 1,
                "contract_calls": [
                    call(selector("finalise(bytes32)"), "0"),
                    call(batch.clone(), "1"),
                    call(batch, "2"),
                ],
            }))
            .unwrap(),
            operator: "0.0.1002".to_owned(),
        }
    }

    fn audit(found: &Found) -> Audit {
        Audit::of(found, &[campaign()])
    }

    #[test]
    fn books_that_agree_with_the_chain_balance_and_nothing_is_twice() {
        let audit = audit(&found());
        assert_eq!(audit.problems, Vec::<String>::new());
        assert_eq!(audit.duplicates, Vec::<String>::new());
        assert!(audit.books.balanced);
        assert_eq!(audit.books.paid, "0.0000006");
        assert_eq!(posts_of(&found().x, &campaign()), 3);
    }

    #[test]
    fn one_tinybar_too_few_anywhere_does_not_balance() {
        let changes: [fn(&mut Found); 5] = [
            |found| found.received -= 1,
            |found| found.escrow -= 1,
            |found| found.free -= 1,
            |found| found.fees -= 1,
            |found| found.log.deposited -= 1,
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let mut found = found();
            change(&mut found);
            assert!(!audit(&found).books.balanced, "change {i}");
        }
    }

    #[test]
    fn our_books_may_not_differ_from_the_chain() {
        let mut campaign = campaign();
        campaign.money.paid = "0.00000061".to_owned();
        assert_eq!(Audit::of(&found(), &[campaign]).problems.len(), 1);
    }

    #[test]
    fn a_repeated_post_a_refused_repeat_and_a_stray_are_found() {
        let mut found = found();
        found.x.duplicates_refused = 1;
        found.x.duplicate_posts =
            serde_json::from_value(json!([{ "ids": ["11", "13", "14"] }])).unwrap();
        found.x.posts.extend(
            serde_json::from_value::<Vec<crate::control::XPost>>(json!([
                { "id": "20", "author": "1", "reply_to": null, "deleted": true }
            ]))
            .unwrap(),
        );
        assert_eq!(audit(&found).duplicates.len(), 3);
        assert_eq!(audit(&found).problems.len(), 1);
    }

    #[test]
    fn a_call_made_again_is_a_duplicate_even_when_it_was_refused() {
        let mut found = found();
        let mut again = found.hedera.contract_calls[1].clone();
        again.result = "CONTRACT_REVERT_EXECUTED".to_owned();
        found.hedera.contract_calls.push(again);
        assert_eq!(audit(&found).duplicates.len(), 1);
    }

    #[test]
    fn a_line_paid_twice_is_a_duplicate() {
        let mut found = found();
        let campaign = found.log.campaigns.get_mut(&campaign_key(ID)).unwrap();
        campaign.lines.insert(1, 2);
        assert_eq!(audit(&found).duplicates.len(), 1);
    }

    #[test]
    fn whoever_never_linked_a_wallet_must_not_be_paid() {
        let mut found = found();
        found.received_unlinked = 1;
        assert_eq!(audit(&found).problems.len(), 1);
    }
}
