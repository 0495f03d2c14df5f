//! Accesses that end by themselves, are refused before their time, or whose renewal is lost.

use hashbuzz_domain::Span;
use hashbuzz_testkit::{Campaigner, HBAR, World, awareness};
use serde_json::json;

/// As long as X's accesses live.
const LIFETIME: Span = Span::from_secs(2 * 3_600);

/// A brand linked by OAuth 2.0, whose access has ended, with `campaigns` that are approved.
async fn stage(world: &World, campaigns: u64) -> (Campaigner, Vec<String>) {
    let brand = world.campaigner(campaigns * 110 * HBAR).await;
    world.link_again(&brand).await;
    let mut ids = Vec::new();
    for number in 0..campaigns {
        let mut draft = awareness("100", "2", "5");
        draft["text"] = json!(format!("Flavour number {number} is here"));
        ids.push(world.approved(&brand, &draft).await);
    }
    world.pass(LIFETIME);
    (brand, ids)
}

async fn publish(brand: &Campaigner, ids: &[String]) {
    for id in ids {
        let (status, body) = brand.api.command(id, "publish").await;
        assert_eq!(status, 202, "{body}");
    }
}

/// Requests at X's token endpoint since the brand was linked.
async fn renewals(world: &World) -> u64 {
    world.asked_x("oauth2_token").await - 1
}

#[tokio::test]
async fn many_workers_need_an_access_that_has_ended_and_one_renews_it() {
    let world = World::new().await;
    let (brand, ids) = stage(&world, 8).await;
    publish(&brand, &ids).await;

    world.work_now().await;

    assert_eq!(renewals(&world).await, 1);
    for id in &ids {
        world.work_until(id, "Running").await;
    }
    assert_eq!(renewals(&world).await, 1);
    world.work_until_quiet().await;
    for id in &ids {
        assert_eq!(brand.api.campaign(id).await["state"], "Closed");
    }
    world.finish().await;
}

#[tokio::test]
async fn an_access_is_renewed_over_and_over_and_nobody_has_to_link_again() {
    let world = World::new().await;
    let (brand, _) = stage(&world, 0).await;
    world.deposit(&brand, 110 * HBAR).await;
    let mut draft = awareness("100", "2", "5");
    draft["duration_seconds"] = json!(3 * 86_400);
    let id = world.running(&brand, &draft).await;
    world.work_for(Span::from_secs(3 * 86_400)).await;
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    assert!(renewals(&world).await > 10, "three days are more than ten lifetimes");
    world.finish().await;
}

#[tokio::test]
async fn a_network_that_is_away_disconnects_nobody() {
    let world = World::new().await;
    let (brand, ids) = stage(&world, 1).await;
    let fault = json!({ "on": "oauth2_token", "kind": "drop_before_apply", "times": 3 });
    world.break_x(fault).await;
    publish(&brand, &ids).await;
    world.work_until(&ids[0], "Running").await;
    assert_eq!(renewals(&world).await, 4);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_renewal_whose_answer_is_lost_ends_in_linking_again_and_nothing_is_posted_twice() {
    let world = World::new().await;
    let (brand, ids) = stage(&world, 1).await;
    world.break_x(json!({ "on": "oauth2_token", "kind": "drop_after_apply" })).await;
    publish(&brand, &ids).await;

    // The refresh token was good once, and its successor never arrived.
    world.work_until(&ids[0], "Stalled").await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_CONTENT");
    let view = brand.api.campaign(&ids[0]).await;
    let reason = view["stalled"]["reason"].as_str().unwrap();
    assert!(reason.contains("linked again"), "{reason}");
    let (_, profiles) = brand.api.get("/v2/profiles").await;
    assert!(profiles[0]["link_again"].is_string(), "{profiles}");

    world.link_again(&brand).await;
    assert_eq!(brand.api.command(&ids[0], "resume").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&ids[0]).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn an_access_that_is_refused_before_its_time_is_renewed_once() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.link_again(&brand).await;
    world.pass(Span::from_secs(120));
    world.break_x(json!({ "on": "create_post", "kind": "status", "status": 401 })).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(renewals(&world).await, 1);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn one_refusal_of_an_access_that_does_not_end_condemns_nobody() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.break_x(json!({ "on": "create_post", "kind": "status", "status": 401 })).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn an_access_that_was_revoked_is_not_renewed_for_ever() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.link_again(&brand).await;
    world.pass(Span::from_secs(120));
    world.revoke(&brand).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_CONTENT");
    world.work_until(&id, "Stalled").await;
    assert_eq!(renewals(&world).await, 1);
    world.link_again(&brand).await;
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}
