//! What goes wrong on purpose: answers that are lost after the deed, refusals, crowded lists.
//!
//! Where each strikes is drawn from the seed. None strikes the first post, so that the demo begins
//! at once.

use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use hashbuzz_simulator::chain::selector;

/// The social network's script.
pub(super) fn of_the_network(rng: &mut impl Rng) -> Vec<Value> {
    vec![
        json!({
            "on": "create_post", "method": "POST", "kind": "drop_after_apply",
            "skip": rng.random_range(1..=5),
        }),
        json!({ "on": "search_recent", "kind": "status", "status": 503,
            "skip": rng.random_range(0..3) }),
        json!({
            "on": "reposted_by", "kind": "status", "status": 429, "retry_after_secs": 1,
            "skip": rng.random_range(0..3),
        }),
        json!({ "on": "search_recent", "kind": "duplicate_page", "times": 2 }),
    ]
}

/// The ledger's script.
pub(super) fn of_the_ledger(rng: &mut impl Rng) -> Vec<Value> {
    const CALLS: [&str; 3] = [
        "createCampaign(bytes32,address,address,uint128,uint128,uint32,uint64)",
        "close(bytes32,bytes32,uint128)",
        "payBatch(bytes32,uint32,bytes32[])",
    ];
    let call = CALLS.choose(rng).copied().unwrap_or_default();
    vec![
        json!({ "on": "submit", "kind": "drop_after_apply", "match": selector(call) }),
        json!({ "on": "submit", "kind": "busy", "match": "ContractCall" }),
        json!({ "on": "mirror", "kind": "status_503", "times": 2, "match": "/contracts/" }),
    ]
}
