//! Who may decide what, and in which state.

use hashbuzz_app::account::{Role, register};
use hashbuzz_testkit::{HBAR, World, awareness};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_nothing_is_answered() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let id = world.draft(&brand, &awareness("100", "2", "5")).await;

    for api in [world.stranger(), world.stranger().with_key(Some("hb_no-such-key"))] {
        for (status, body) in [
            api.get("/v2/campaigns").await,
            api.get(&format!("/v2/campaigns/{id}")).await,
            api.command(&id, "publish").await,
            api.get("/v2/balance").await,
            api.send_json(Method::POST, "/v2/campaigns", &awareness("1", "1", "1")).await,
        ] {
            assert_eq!((status, &body["code"]), (401, &"auth.required".into()));
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn a_role_that_is_missing_is_named() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let id = world.draft(&brand, &awareness("100", "2", "5")).await;
    brand.api.command(&id, "submit").await;

    let draft = awareness("100", "2", "5");
    for (status, body) in [
        brand.api.command(&id, "approve").await,
        world.reviewer().send_json(Method::POST, "/v2/campaigns", &draft).await,
        brand.api.get("/v2/ops/events").await,
        brand.api.get("/v2/ops/dead-letters").await,
        brand.api.get("/v2/ops/effects").await,
        world.reviewer().get("/v2/ops/events").await,
    ] {
        assert_eq!((status, &body["code"]), (403, &"auth.role".into()), "{body}");
    }
    world.finish().await;
}

#[tokio::test]
async fn nobody_approves_their_own_campaign() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let id = world.draft(&brand, &awareness("100", "2", "5")).await;
    brand.api.command(&id, "submit").await;
    let both = [Role::Campaigner, Role::Reviewer];
    register(world.app(), brand.account(), brand.address(), &both).await.unwrap();

    let (status, body) = brand.api.command(&id, "approve").await;

    assert_eq!((status, &body["code"]), (409, &"campaign.own".into()));
    assert_eq!(brand.api.campaign(&id).await["state"], "InReview");
    world.finish().await;
}

#[tokio::test]
async fn a_rejection_says_why_and_the_owner_edits_and_submits_again() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let id = world.draft(&brand, &awareness("100", "2", "5")).await;
    brand.api.command(&id, "submit").await;
    let reject = format!("/v2/campaigns/{id}/reject");
    let path = format!("/v2/campaigns/{id}");

    let empty = world.reviewer().send_json(Method::POST, &reject, &json!({"reason": " "})).await;
    assert_eq!((empty.0, &empty.1["code"]), (400, &"request.malformed".into()));
    let why = json!({ "reason": "Say which flavour" });
    let (status, body) = world.reviewer().send_json(Method::POST, &reject, &why).await;
    assert_eq!(status, 200, "{body}");
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "Draft");
    assert_eq!(view["reject_reason"], "Say which flavour");

    let mut better = awareness("100", "2", "5");
    better["text"] = "Mango is here".into();
    let (status, body) = brand.api.send_json(Method::PUT, &path, &better).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["reject_reason"].is_null());
    assert_eq!(brand.api.command(&id, "submit").await.0, 200);
    assert_eq!(world.reviewer().command(&id, "approve").await.0, 200);
    assert_eq!(brand.api.campaign(&id).await["state"], "Approved");
    world.finish().await;
}

#[tokio::test]
async fn editing_an_approved_campaign_makes_it_a_draft_that_has_to_be_reviewed_again() {
    let world = World::new().await;
    let brand = world.campaigner(220 * HBAR).await;
    let id = world.approved(&brand, &awareness("100", "2", "5")).await;
    let path = format!("/v2/campaigns/{id}");

    let (status, body) = brand.api.send_json(Method::PUT, &path, &awareness("200", "2", "5")).await;

    assert_eq!((status, &body["state"]), (200, &"Draft".into()));
    assert_eq!((&body["budget"], &body["fee"]), (&"200".into(), &"20".into()));
    let (status, body) = brand.api.command(&id, "publish").await;
    assert_eq!((status, &body["code"]), (409, &"campaign.not_approved".into()));
    world.finish().await;
}

#[tokio::test]
async fn a_campaign_is_cancelled_before_it_is_published_and_not_after() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let first = world.approved(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(brand.api.command(&first, "cancel").await.0, 200);
    assert_eq!(brand.api.campaign(&first).await["state"], "Cancelled");
    let again = brand.api.command(&first, "publish").await;
    assert_eq!((again.0, &again.1["code"]), (409, &"campaign.over".into()));

    let second = world.published(&brand, &awareness("100", "2", "5")).await;
    let late = brand.api.command(&second, "cancel").await;
    assert_eq!(late.0, 409, "{}", late.1);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&second).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn an_owner_ends_a_running_campaign_early_and_it_is_settled() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(1).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    world.like(&people, &world.posts(&id).await[0]).await;

    assert_eq!(brand.api.command(&id, "close").await.0, 202);
    let again = brand.api.command(&id, "close").await;
    assert_eq!((again.0, &again.1["code"]), (409, &"campaign.not_running".into()));
    world.work_until(&id, "Claimable").await;
    assert!(world.elapsed() < 3_600, "{}", world.elapsed());

    world.work_until_quiet().await;
    assert_eq!(world.received(&people[0]).await, 2 * HBAR);
    world.finish().await;
}
