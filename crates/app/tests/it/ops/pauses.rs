//! Pausing queues, kinds and accounts.

use hashbuzz_testkit::{HBAR, World, awareness};
use reqwest::Method;
use serde_json::json;

use super::event;

#[tokio::test]
async fn what_is_paused_waits_until_it_is_resumed_whatever_the_scope() {
    let world = World::new().await;
    let operator = world.operator().await;
    for scope in ["queue", "kind", "account"] {
        let brand = world.campaigner(110 * HBAR).await;
        let account = brand.account().to_string();
        let name = match scope {
            "queue" => "social",
            "kind" => "CAMPAIGN_PUBLISH_CONTENT.v1",
            _ => account.as_str(),
        };
        let path = format!("/v2/ops/pauses/{scope}/{name}");
        let why = json!({ "reason": "X is being moved" });
        assert_eq!(operator.send_json(Method::PUT, &path, &why).await.0, 201);
        assert_eq!(operator.send_json(Method::PUT, &path, &why).await.0, 200, "it is paused");
        let id = world.published(&brand, &awareness("100", "2", "5")).await;
        world.work_now().await;

        assert_eq!(brand.api.campaign(&id).await["state"], "Publishing");
        assert!(world.posts(&id).await.is_empty());
        let (_, all) = operator.get("/v2/ops/pauses").await;
        assert_eq!((&all[0]["scope"], &all[0]["name"]), (&json!(scope), &json!(name)));
        let waiting = event(&operator, &id, "paused").await;
        let (_, seen) = operator.get(&format!("/v2/ops/events/{waiting}")).await;
        let sentence = seen["why"]["sentence"].as_str().unwrap();
        assert!(sentence.contains(name) && sentence.contains("X is being moved"), "{seen}");
        let (status, body) = operator.post(&format!("/v2/ops/events/{waiting}/retry")).await;
        assert_eq!((status, &body["code"]), (409, &json!("event.paused")), "{body}");

        let empty = json!({});
        assert_eq!(operator.send_json(Method::DELETE, &path, &empty).await.0, 204);
        assert_eq!(operator.send_json(Method::DELETE, &path, &empty).await.0, 404);
        world.work_until(&id, "Running").await;
    }
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_pause_of_what_does_not_exist_is_refused_with_what_does() {
    let world = World::new().await;
    let operator = world.operator().await;
    let why = json!({ "reason": "because" });
    for (path, names) in [
        ("queue/socail", "social"),
        ("kind/CAMPAIGN_PUBLISH_CONTENT", "CAMPAIGN_PUBLISH_CONTENT.v1"),
        ("account/somebody", "0.0.1234"),
        ("campaign/x", "account"),
    ] {
        let path = format!("/v2/ops/pauses/{path}");
        let (status, body) = operator.send_json(Method::PUT, &path, &why).await;
        assert_eq!((status, &body["code"]), (400, &json!("request.malformed")), "{path}: {body}");
        assert!(body["detail"].as_str().unwrap().contains(names), "{body}");
    }
    let (_, all) = operator.get("/v2/ops/pauses").await;
    assert_eq!(all, json!([]));
    world.finish().await;
}
