//! Effects whose outcome nobody knows, in an operator's list.

use hashbuzz_testkit::{Api, HBAR, World, awareness};
use serde_json::{Value, json};

async fn open(operator: &Api, more: &str) -> Vec<Value> {
    let (status, body) = operator.get(&format!("/v2/ops/effects{more}")).await;
    assert_eq!(status, 200, "{body}");
    body["effects"].as_array().expect("a list of effects").clone()
}

#[tokio::test]
async fn an_unknown_effect_is_listed_with_what_was_seen_and_who_looks_next() {
    let world = World::new().await;
    let operator = world.operator().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_after_apply" })).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    while open(&operator, "").await.is_empty() {
        world.one_round().await;
    }

    let found = open(&operator, &format!("?campaign={id}&kind=social.post")).await;

    assert_eq!(found.len(), 1, "{found:?}");
    let effect = &found[0];
    assert_eq!((&effect["state"], &effect["step"]), (&json!("unknown"), &json!("post_1")));
    assert_eq!((&effect["sends"], &effect["ended_at"]), (&json!(1), &json!(null)));
    assert!(effect["started_at"].is_string(), "{effect}");
    let look = effect["next_look"].as_str().unwrap();
    assert!(look.starts_with("the posts of x:"), "{look}");
    assert_eq!(effect["evidence"][0]["state"], "unknown", "{effect}");
    // The event whose turns look, and why it waits.
    let (_, event) =
        operator.get(&format!("/v2/ops/events/{}", effect["event"].as_str().unwrap())).await;
    assert_eq!(event["why"]["code"], "later", "{event}");

    world.work_until(&id, "Running").await;
    assert!(open(&operator, "").await.is_empty());
    let paid = open(&operator, "?state=done&kind=ledger.call").await;
    assert!(paid[0]["cost"].as_str().unwrap().ends_with(" tinybar"), "{paid:?}");
    assert_eq!(open(&operator, "?state=any&step=post_1").await.len(), 1);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn an_unknown_transaction_names_its_id_and_the_time_it_is_valid() {
    let world = World::new().await;
    let operator = world.operator().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.break_hedera(json!({ "on": "submit", "kind": "drop_after_apply" })).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    while open(&operator, "?state=unknown").await.is_empty() {
        world.one_round().await;
    }

    let effect = open(&operator, "?state=unknown").await.remove(0);

    let look = effect["next_look"].as_str().unwrap();
    assert!(look.contains(effect["idempotency_key"].as_str().unwrap()), "{effect}");
    assert!(look.contains("mirror node"), "{look}");
    world.work_until(&id, "Running").await;
    world.work_until_quiet().await;
    world.finish().await;
}
