//! Signing in at the network to link a profile.

use hashbuzz_domain::Span;
use hashbuzz_testkit::{HBAR, World, awareness};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_brand_that_signs_in_is_linked_and_its_campaigns_are_posted() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    assert_eq!(brand.api.send_json(Method::DELETE, "/v2/profiles/brand", &json!({})).await.0, 204);
    let id = world.approved(&brand, &awareness("100", "2", "5")).await;
    let (status, problem) = brand.api.command(&id, "publish").await;
    assert_eq!((status, &problem["code"]), (409, &json!("profile.missing")));

    let (state, code) = world.signs_in(&brand.api, "brand", &brand.handle).await;
    let (status, linked) = world.comes_back(&brand.api, &state, &code).await;

    assert_eq!(status, 200, "{linked}");
    assert_eq!(linked["handle"], json!(brand.handle));
    let (_, profiles) = brand.api.get("/v2/profiles").await;
    assert_eq!(profiles[0]["linked_as"], "brand", "{profiles}");
    assert_eq!(profiles[0]["link_again"], json!(null), "{profiles}");
    assert_eq!(brand.api.command(&id, "publish").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_person_who_signs_in_is_known_and_nothing_of_their_access_is_kept() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.passers_by(1).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let posts = world.posts(&id).await;
    world.like(&people, &posts[0]).await;
    let member = world.campaigner(0).await;

    let (state, code) = world.signs_in(&member.api, "personal", people[0].handle()).await;
    let (status, linked) = world.comes_back(&member.api, &state, &code).await;

    assert_eq!((status, &linked["profile"]), (200, &json!(people[0].profile)), "{linked}");
    assert_eq!(world.asked_x("oauth2_revoke").await, 1);
    let kept =
        "SELECT COUNT(*) AS n FROM profile WHERE purpose = 'personal' AND access IS NOT NULL";
    assert_eq!(world.count(kept).await, 0);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["money"]["paid"], "2");
    world.finish().await;
}

#[tokio::test]
async fn what_comes_back_is_good_once_for_ten_minutes_and_for_whoever_began() {
    let world = World::new().await;
    let (brand, other) = (world.campaigner(0).await, world.campaigner(0).await);
    let refused = |answer: (u16, serde_json::Value), code: &str| {
        assert_eq!((answer.0, &answer.1["code"]), (409, &json!(code)), "{}", answer.1);
    };

    let (state, code) = world.signs_in(&brand.api, "brand", &brand.handle).await;
    refused(world.comes_back(&other.api, &state, &code).await, "sign_in.not_known");
    refused(world.comes_back(&brand.api, "made-up", &code).await, "sign_in.not_known");
    assert_eq!(world.comes_back(&brand.api, &state, &code).await.0, 200);
    refused(world.comes_back(&brand.api, &state, &code).await, "sign_in.not_known");

    let (state, code) = world.signs_in(&brand.api, "brand", &brand.handle).await;
    world.pass(Span::from_secs(601));
    refused(world.comes_back(&brand.api, &state, &code).await, "sign_in.not_known");

    // X's own patience is shorter than ours.
    let (state, code) = world.signs_in(&brand.api, "brand", &brand.handle).await;
    world.pass(Span::from_secs(31));
    refused(world.comes_back(&brand.api, &state, &code).await, "sign_in.refused");

    let (state, _) = world.signs_in(&brand.api, "brand", &brand.handle).await;
    refused(world.comes_back(&brand.api, &state, "made-up").await, "sign_in.refused");
    assert_eq!(world.stranger().get("/v2/profiles").await.0, 401);
    world.finish().await;
}

#[tokio::test]
async fn a_profile_belongs_to_one_account_and_an_account_has_one_of_a_sort() {
    let world = World::new().await;
    let (brand, other) = (world.campaigner(0).await, world.campaigner(0).await);
    for (who, handle) in [(&other, &brand.handle), (&brand, &other.handle)] {
        let (state, code) = world.signs_in(&who.api, "brand", handle).await;
        let (status, problem) = world.comes_back(&who.api, &state, &code).await;
        assert_eq!((status, &problem["code"]), (409, &json!("profile.taken")), "{problem}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_brand_stays_linked_while_a_campaign_needs_it() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let unlink =
        async || brand.api.send_json(Method::DELETE, "/v2/profiles/brand", &json!({})).await;
    let (status, problem) = unlink().await;
    assert_eq!((status, &problem["code"]), (409, &json!("profile.needed")), "{problem}");
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    assert_eq!(unlink().await.0, 204);
    assert_eq!(unlink().await.0, 404);
    world.finish().await;
}
