//! Retrying and discarding, and what that must not do to a campaign.

use hashbuzz_testkit::{Api, HBAR, World, awareness};
use reqwest::Method;
use serde_json::{Value, json};

use super::{event, events, limited, stalled};

/// The limit whose name begins so, as an operator sees it: closed.
async fn limit_of(operator: &Api, prefix: &str) -> String {
    let (_, budget) = operator.get("/v2/ops/budget").await;
    assert_eq!(budget["windows_in"], "database");
    let limits = budget["limits"].as_array().expect("a list");
    let named = |limit: &&Value| limit["name"].as_str().expect("a name").starts_with(prefix);
    let limit = limits.iter().find(named).expect("such a limit");
    assert!(limit["closed_until"].is_string(), "{limit}");
    limit["name"].as_str().expect("a name").to_owned()
}

#[tokio::test]
async fn an_event_that_waits_for_a_limit_runs_when_it_is_told_to() {
    let world = World::new().await;
    let (brand, id) = limited(&world).await;
    let operator = world.operator().await;
    let event = event(&operator, &id, "deferred").await;
    let before = world.elapsed();
    let retry = format!("/v2/ops/events/{event}/retry");

    // The network said until when, and nobody asks it again before that.
    let asked = world.asked_x("create_post").await;
    assert_eq!(operator.post(&retry).await.0, 200);
    world.work_now().await;
    assert_eq!(world.asked_x("create_post").await, asked);
    assert_eq!(brand.api.campaign(&id).await["state"], "Publishing");

    // Unless an operator knows better.
    let limit = limit_of(&operator, "x/create_post/").await;
    let body = json!({ "limit": limit, "reason": "X has raised it" });
    assert_eq!(operator.send_json(Method::POST, "/v2/ops/budget/open", &body).await.0, 204);
    let (status, body) = operator.post(&retry).await;
    assert_eq!((status, &body["note"]), (200, &json!(null)), "{body}");
    world.work_until(&id, "Running").await;
    assert!(world.elapsed() - before < 60, "it did not wait for the limit");
    let (status, body) = operator.post(&format!("/v2/ops/events/{event}/retry")).await;
    assert_eq!((status, &body["code"]), (409, &json!("event.finished")));
    let (status, _) = operator.post("/v2/ops/events/nobody/retry").await;
    assert_eq!(status, 404);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_dead_step_that_is_retried_while_its_campaign_is_stalled_does_nothing() {
    let world = World::new().await;
    let (brand, id) = stalled(&world).await;
    let operator = world.operator().await;
    world.link_again(&brand).await;
    let dead = event(&operator, &id, "dead").await;

    let (status, body) = operator.post(&format!("/v2/ops/events/{dead}/retry")).await;

    assert_eq!(status, 200, "{body}");
    assert!(body["note"].as_str().unwrap().contains("resume"), "{body}");
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Stalled");
    assert_eq!(world.counted().await.posts.len(), 0);

    // Resuming is what goes on.
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_step_that_is_resumed_and_retried_is_done_once() {
    let world = World::new().await;
    let (brand, id) = stalled(&world).await;
    let operator = world.operator().await;
    world.link_again(&brand).await;
    let dead = event(&operator, &id, "dead").await;

    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    assert_eq!(operator.post(&format!("/v2/ops/events/{dead}/retry")).await.0, 200);
    world.work_until(&id, "Running").await;

    assert_eq!(world.counted().await.posts.len(), 2);
    assert_eq!(world.available(&brand).await, 0, "budget and fee were locked once");
    world.work_until_quiet().await;
    let view = brand.api.campaign(&id).await;
    assert_eq!((&view["state"], &view["money"]["held"]), (&json!("Closed"), &json!("0")));
    // Looks for repeated posts and calls, and compares the books.
    world.finish().await;
}

#[tokio::test]
async fn a_payment_that_is_resumed_is_not_retried_beside_it_and_pays_once() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(2).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    world.like(&people, &world.posts(&id).await[0]).await;
    world.work_until(&id, "Settling").await;
    let operator = world.operator().await;
    let path = format!("/v2/ops/events?campaign={id}&kind=CAMPAIGN_PAY_BATCH.v1");
    let (_, found) = operator.get(&path).await;
    let pay = found["events"][0]["id"].as_str().unwrap().to_owned();
    let why = json!({ "reason": "to see what happens" });
    let discard = format!("/v2/ops/events/{pay}/discard");
    assert_eq!(operator.send_json(Method::POST, &discard, &why).await.0, 204);
    let view = brand.api.campaign(&id).await;
    assert_eq!((&view["state"], &view["stalled"]["step"]), (&json!("Stalled"), &json!("pay")));

    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    let (status, body) = operator.post(&format!("/v2/ops/events/{pay}/retry")).await;
    assert_eq!((status, &body["code"]), (409, &json!("event.equal_waits")), "{body}");
    world.work_until_quiet().await;
    // Its work is done, and so there is nothing left for it to do.
    assert_eq!(operator.post(&format!("/v2/ops/events/{pay}/retry")).await.0, 200);
    world.work_until_quiet().await;

    assert_eq!(world.counted().await.succeeded("payBatch(bytes32,uint32,bytes32[])"), 1);
    for person in &people {
        assert_eq!(world.received(person).await, 2 * HBAR);
    }
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_step_that_is_discarded_stalls_its_campaign_with_the_reason() {
    let world = World::new().await;
    let (brand, id) = limited(&world).await;
    let operator = world.operator().await;
    let waiting = event(&operator, &id, "deferred").await;
    let path = format!("/v2/ops/events/{waiting}/discard");

    let (status, body) = operator.send_json(Method::POST, &path, &json!({ "reason": " " })).await;
    assert_eq!((status, &body["code"]), (400, &json!("request.malformed")));
    let why = json!({ "reason": "the brand asked for it" });
    assert_eq!(operator.send_json(Method::POST, &path, &why).await.0, 204);
    assert_eq!(operator.send_json(Method::POST, &path, &why).await.0, 204, "it is so already");

    let view = brand.api.campaign(&id).await;
    assert_eq!((&view["state"], &view["stalled"]["step"]), (&json!("Stalled"), &json!("post_1")));
    let reason = view["stalled"]["reason"].as_str().unwrap();
    assert!(reason.contains("the brand asked for it"), "{reason}");
    let (_, seen) = operator.get(&format!("/v2/ops/events/{waiting}")).await;
    assert_eq!(seen["why"]["code"], "discarded");
    assert!(seen["why"]["sentence"].as_str().unwrap().contains("the brand asked for it"), "{seen}");

    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn all_that_match_are_retried_after_a_dry_run() {
    let world = World::new().await;
    let (first, one) = stalled(&world).await;
    let (second, two) = stalled(&world).await;
    let operator = world.operator().await;
    let path = "/v2/ops/events/retry";
    let filter = json!({ "kind": "CAMPAIGN_PUBLISH_CONTENT.v1", "error": "ACCESS" });
    for (brand, id) in [(&first, &one), (&second, &two)] {
        world.link_again(brand).await;
        assert_eq!(brand.api.command(id, "resume").await.0, 202);
    }

    let (status, body) =
        operator.send_json(Method::POST, path, &json!({ "filter": filter.clone() })).await;
    assert_eq!((status, &body["dry_run"]), (200, &json!(true)), "{body}");
    assert_eq!((&body["matched"], &body["retried"]), (&json!(2), &json!(0)));
    assert_eq!(body["sample"].as_array().unwrap().len(), 2);
    assert_eq!(events(&operator, &one, "dead").await.len(), 1, "a dry run changes nothing");

    let order = json!({ "filter": filter, "dry_run": false });
    let (status, body) = operator.send_json(Method::POST, path, &order).await;
    assert_eq!((status, &body["retried"], &body["skipped"]), (200, &json!(2), &json!(0)), "{body}");
    assert_eq!(events(&operator, &one, "dead").await.len(), 0);
    world.work_until_quiet().await;

    for (brand, id) in [(&first, &one), (&second, &two)] {
        assert_eq!(brand.api.campaign(id).await["state"], "Closed");
    }
    assert_eq!(world.counted().await.posts.len(), 8, "four a campaign");
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused() {
    let world = World::new().await;
    let operator = world.operator().await;
    let path = "/v2/ops/events/retry";
    for order in [
        json!({ "dryrun": false }),
        json!({ "filter": { "kid": "X" } }),
        json!({ "filter": { "state": "leased" } }),
        json!({ "filter": { "state": "ready" } }),
        json!({ "limit": 0 }),
        json!({ "limit": 10_001 }),
    ] {
        let (status, body) = operator.send_json(Method::POST, path, &order).await;
        assert_eq!((status, &body["code"]), (400, &json!("request.malformed")), "{order}");
    }
    world.finish().await;
}
