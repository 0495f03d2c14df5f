//! What an operator sees and does.

mod acts;
mod audit;
mod clean_up;
mod effects;
mod letters;
mod pauses;
mod sees;

use hashbuzz_testkit::{Api, Campaigner, HBAR, World, awareness};
use serde_json::{Value, json};

/// A published campaign whose first post waits for a rate limit.
pub(crate) async fn limited(world: &World) -> (Campaigner, String) {
    let brand = world.campaigner(110 * HBAR).await;
    let fault =
        json!({ "on": "create_post", "kind": "status", "status": 429, "retry_after_secs": 400 });
    world.break_x(fault).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.work_now().await;
    (brand, id)
}

/// A campaign that stalled at its first post, because its brand's access was revoked.
pub(crate) async fn stalled(world: &World) -> (Campaigner, String) {
    let brand = world.campaigner(110 * HBAR).await;
    world.revoke(&brand).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.work_until(&id, "Stalled").await;
    (brand, id)
}

/// The events of a campaign in `state`, newest first.
pub(crate) async fn events(operator: &Api, campaign: &str, state: &str) -> Vec<Value> {
    let path = format!("/v2/ops/events?campaign={campaign}&state={state}");
    let (status, body) = operator.get(&path).await;
    assert_eq!(status, 200, "{body}");
    body["events"].as_array().expect("a list").clone()
}

/// The only event of a campaign in `state`.
pub(crate) async fn event(operator: &Api, campaign: &str, state: &str) -> String {
    let found = events(operator, campaign, state).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]["id"].as_str().expect("an id").to_owned()
}
