//! Posts: the network has no idempotency key, so what is unclear is read back.

use hashbuzz_testkit::{HBAR, World, awareness};
use reqwest::Method;
use serde_json::json;

/// The step's state and what is said of it.
async fn step(world: &World, id: &str, step: &str) -> (String, String) {
    let view = world.reviewer().campaign(id).await;
    let steps = view["steps"].as_array().expect("a campaign shows its steps");
    let step = steps.iter().find(|row| row["step"] == step).expect("a campaign shows its steps");
    (
        step["state"].as_str().expect("a campaign shows its steps").to_owned(),
        step["detail"].as_str().expect("a campaign shows its steps").to_owned(),
    )
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_found_by_reading_back() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_after_apply" })).await;
    let before = world.elapsed();
    let id = world.running(&brand, &awareness("100", "2", "5")).await;

    let (state, detail) = step(&world, &id, "post_1").await;
    assert_eq!(state, "done");
    assert!(detail.contains("its answer was lost"), "{detail}");
    assert!(world.elapsed() - before < 25, "one read is enough: {}", world.elapsed() - before);
    assert_eq!(world.counted().await.posts.len(), 2);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn whoever_replies_while_the_answer_is_still_looked_for_is_paid() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(1).await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_after_apply" })).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.one_round().await;
    let posts = world.counted().await.posts;
    assert_eq!(posts.len(), 1, "it is public, and the system does not know it");

    let post = posts[0]["id"].as_str().expect("a post has an id");
    world.reply(&people, post).await;
    world.work_until(&id, "Running").await;
    world.work_until_quiet().await;

    assert_eq!(world.received(&people[0]).await, 5 * HBAR);
    world.finish().await;
}

#[tokio::test]
async fn a_post_that_never_arrived_is_sent_again_after_two_reads_half_a_minute_apart() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_before_apply" })).await;
    let before = world.elapsed();
    let id = world.running(&brand, &awareness("100", "2", "5")).await;

    let waited = world.elapsed() - before;
    assert!((55..90).contains(&waited), "25 s to its deadline, 30 s between reads: {waited}");
    assert_eq!(step(&world, &id, "post_1").await.0, "done");
    assert_eq!(world.counted().await.posts.len(), 2);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_rate_limit_waits_for_its_reset_and_costs_no_attempt() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let limited =
        json!({ "on": "create_post", "kind": "status", "status": 429, "retry_after_secs": 400 });
    world.break_x(limited).await;
    let before = world.elapsed();
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.work_now().await;

    let operator = world.operator().await;
    let (_, events) = operator.get("/v2/ops/events?state=deferred").await;
    let waiting = events["events"].as_array().unwrap().iter();
    let waiting = waiting.filter(|event| event["kind"] == "CAMPAIGN_PUBLISH_CONTENT.v1");
    let waiting: Vec<_> = waiting.collect();
    assert_eq!(waiting.len(), 1, "{events}");
    assert_eq!(waiting[0]["failures"], 0);
    assert!(waiting[0]["waits_for"].is_string(), "{events}");
    world.work_until(&id, "Running").await;
    let waited = world.elapsed() - before;
    assert!((399..460).contains(&waited), "{waited}");
    assert_eq!(world.counted().await.posts.len(), 2);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_network_that_is_unavailable_for_a_while_is_tried_again() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world
        .break_x(json!({ "on": "create_post", "kind": "status", "status": 503, "times": 5 }))
        .await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;

    assert_eq!(step(&world, &id, "post_1").await.0, "done");
    assert_eq!(world.counted().await.posts.len(), 2);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_post_that_was_made_and_answered_with_an_error_is_not_made_again() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let lie = json!({ "on": "create_post", "kind": "status_after_apply", "status": 500 });
    world.break_x(lie).await;
    world.running(&brand, &awareness("100", "2", "5")).await;

    assert_eq!(world.counted().await.posts.len(), 2);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_second_post_that_is_refused_does_not_stop_the_campaign() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(1).await;
    let refused = json!({ "on": "create_post", "kind": "status", "status": 403, "skip": 1 });
    world.break_x(refused).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;

    let (state, detail) = step(&world, &id, "post_2").await;
    assert_eq!(state, "failed");
    assert!(detail.contains("going on without it"), "{detail}");
    let posts = world.posts(&id).await;
    assert_eq!(posts.len(), 1);
    world.like(&people, &posts[0]).await;
    world.work_until_quiet().await;
    assert_eq!(world.received(&people[0]).await, 2 * HBAR);
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn only_an_operator_decides_and_only_what_needs_a_person() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let body = json!({ "remote_id": "1", "reason": "looked at the profile" });
    let path = "/v2/ops/effects/0190c1f2-0000-7000-8000-000000000000/decide";

    let (status, problem) = brand.api.send_json(Method::POST, path, &body).await;
    assert_eq!((status, &problem["code"]), (403, &json!("auth.role")));
    let operator = world.operator().await;
    let (status, problem) = operator.send_json(Method::POST, path, &body).await;
    assert_eq!((status, &problem["code"]), (409, &json!("effect.decided")));
    let (status, problem) = operator.send_json(Method::POST, path, &json!({ "reason": " " })).await;
    assert_eq!((status, &problem["code"]), (400, &json!("request.malformed")));
    world.finish().await;
}
