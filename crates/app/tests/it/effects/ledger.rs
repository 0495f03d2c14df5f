//! Transactions: signed and stored before they are sent, looked up by their id.

use hashbuzz_testkit::{HBAR, Participant, World, awareness};
use serde_json::{Value, json};

const CREATE: &str = "createCampaign(bytes32,address,address,uint128,uint128,uint32,uint64)";
const PAY: &str = "payBatch(bytes32,uint32,bytes32[])";

async fn funded_in_spite_of(fault: Value) -> i64 {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.break_hedera(fault).await;
    let before = world.elapsed();
    world.work_until(&id, "Running").await;
    let waited = world.elapsed() - before;

    assert_eq!(world.counted().await.succeeded(CREATE), 1);
    assert_eq!(world.available(&brand).await, 0);
    world.work_until_quiet().await;
    assert_eq!(world.available(&brand).await, 100 * HBAR);
    world.finish().await;
    waited
}

async fn paid_in_spite_of(fault: Value) {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people: Vec<Participant> = world.participants(2).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    world.like(&people, &world.posts(&id).await[0]).await;
    world.work_until(&id, "Settling").await;
    world.break_hedera(fault).await;
    world.work_until_quiet().await;

    assert_eq!(world.counted().await.succeeded(PAY), 1);
    for person in &people {
        assert_eq!(world.received(person).await, 2 * HBAR);
    }
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_budget_is_locked_once_when_the_answer_is_lost() {
    funded_in_spite_of(json!({ "on": "submit", "kind": "drop_after_apply" })).await;
}

#[tokio::test]
async fn a_budget_is_locked_once_when_the_request_is_lost() {
    funded_in_spite_of(json!({ "on": "submit", "kind": "drop_before_apply" })).await;
}

#[tokio::test]
async fn a_budget_is_locked_when_a_busy_ledger_has_time_again() {
    funded_in_spite_of(json!({ "on": "submit", "kind": "busy", "times": 4 })).await;
}

#[tokio::test]
async fn a_budget_is_locked_when_the_node_and_the_mirror_are_back() {
    funded_in_spite_of(json!([
        { "on": "submit", "kind": "status_503", "times": 2 },
        { "on": "mirror", "kind": "status_503", "times": 3 },
    ]))
    .await;
}

#[tokio::test]
async fn a_budget_is_locked_once_when_consensus_takes_its_time() {
    let waited =
        funded_in_spite_of(json!({ "on": "submit", "kind": "consensus_delay_ms", "ms": 20_000 }))
            .await;
    assert!((19..60).contains(&waited), "{waited}");
}

#[tokio::test]
async fn a_budget_is_locked_when_consensus_has_gas_again() {
    let waited =
        funded_in_spite_of(json!({ "on": "submit", "kind": "gas_exhausted", "times": 3 })).await;
    assert!((15..60).contains(&waited), "{waited}");
}

#[tokio::test]
async fn people_are_paid_once_when_consensus_has_gas_again() {
    paid_in_spite_of(json!({ "on": "submit", "kind": "gas_exhausted", "times": 2 })).await;
}

#[tokio::test]
async fn people_are_paid_once_when_the_answer_is_lost() {
    paid_in_spite_of(json!({ "on": "submit", "kind": "drop_after_apply" })).await;
}

#[tokio::test]
async fn people_are_paid_once_when_the_request_is_lost() {
    paid_in_spite_of(json!({ "on": "submit", "kind": "drop_before_apply" })).await;
}

#[tokio::test]
async fn people_are_paid_once_when_a_copy_reaches_consensus() {
    paid_in_spite_of(json!({ "on": "submit", "kind": "duplicate" })).await;
}
