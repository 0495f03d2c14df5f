//! What goes wrong on the way to the network: nothing is posted twice, nothing is left out.

use hashbuzz_domain::Span;
use hashbuzz_testkit::{Campaigner, HBAR, World, samples};
use serde_json::{Value, json};

use super::{showing, shown, step};

/// A campaign with a GIF, about to be published.
async fn with_gif(world: &World) -> (Campaigner, String) {
    let brand = world.campaigner(110 * HBAR).await;
    let gif = world.medium(&brand, samples::gif(24, 24, 3), "stripes").await;
    let id = world.approved(&brand, &showing(&[gif])).await;
    (brand, id)
}

async fn shown_once_in_spite_of(fault: Value) {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.break_x(fault.clone()).await;
    assert_eq!(brand.api.command(&id, "publish").await.0, 202);
    world.work_until(&id, "Running").await;

    let shown = shown(&world).await;
    assert_eq!(shown.len(), 1, "{fault}");
    assert_eq!((&shown[0]["alt_text"], &shown[0]["state"]), (&json!("stripes"), &json!("ready")));
    assert_eq!(world.counted().await.posts.len(), 2, "{fault}");
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

async fn every_trouble_at(endpoint: &str) {
    for kind in
        ["drop_before_apply", "drop_after_apply", "status_after_apply", "status", "html_error"]
    {
        // Once it took effect, a look finds that: it is not asked for again.
        let found = endpoint == "media_finalize" && kind.ends_with("after_apply");
        let times = if found { 1 } else { 2 };
        shown_once_in_spite_of(json!({ "on": endpoint, "kind": kind, "times": times })).await;
    }
    let limited =
        json!({ "on": endpoint, "kind": "status", "status": 429, "retry_after_secs": 300 });
    shown_once_in_spite_of(limited).await;
}

#[tokio::test]
async fn trouble_at_the_beginning_of_an_upload_does_no_harm() {
    every_trouble_at("media_initialize").await;
}

#[tokio::test]
async fn an_upload_that_was_perhaps_begun_stands_in_the_evidence() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.break_x(json!({ "on": "media_initialize", "kind": "drop_after_apply" })).await;
    brand.api.command(&id, "publish").await;
    world.work_until(&id, "Running").await;

    let path = format!("/v2/ops/effects?campaign={id}&kind=social.media.begin&state=done");
    let (_, effects) = world.operator().await.get(&path).await;
    let effect = &effects["effects"][0];
    assert_eq!(effect["sends"], 2, "{effects}");
    assert!(effect["evidence"].to_string().contains("nobody sees it, and it expires"), "{effect}");
    assert_eq!(world.counted().await.media.len(), 2, "one of them is never posted");
    assert_eq!(shown(&world).await.len(), 1);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn trouble_with_a_piece_does_no_harm() {
    every_trouble_at("media_append").await;
}

#[tokio::test]
async fn trouble_at_the_end_of_an_upload_does_no_harm() {
    every_trouble_at("media_finalize").await;
}

#[tokio::test]
async fn trouble_while_waiting_does_no_harm() {
    every_trouble_at("media_status").await;
}

#[tokio::test]
async fn trouble_with_a_description_does_no_harm() {
    every_trouble_at("media_metadata").await;
}

#[tokio::test]
async fn a_post_with_media_whose_answer_was_lost_is_found() {
    shown_once_in_spite_of(json!({ "on": "create_post", "kind": "drop_after_apply" })).await;
    shown_once_in_spite_of(json!({ "on": "create_post", "kind": "drop_before_apply" })).await;
}

#[tokio::test]
async fn media_that_the_network_does_not_know_at_the_post_are_uploaded_again() {
    shown_once_in_spite_of(json!({ "kind": "media_invalid", "times": 2 })).await;
}

/// It is Approved again, with these words, and nothing is public; then it is published.
async fn stopped_and_published_again(world: World, brand: Campaigner, id: String, word: &str) {
    world.work_until_quiet().await;
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "Approved", "{view:#}");
    assert_eq!(world.counted().await.posts.len(), 0);
    assert_eq!(world.available(&brand).await, 110 * HBAR);
    let (_, timeline) = brand.api.get(&format!("/v2/campaigns/{id}/timeline")).await;
    let entries = timeline["entries"].as_array().into_iter().flatten();
    let told: Vec<&str> = entries.filter_map(|entry| entry["message"].as_str()).collect();
    assert!(told.iter().any(|line| line.contains(word)), "{told:#?}");

    assert_eq!(brand.api.command(&id, "publish").await.0, 202);
    world.work_until(&id, "Running").await;
    assert_eq!(shown(&world).await.len(), 1);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn media_that_the_network_never_knows_stop_the_publication() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.break_x(json!({ "kind": "media_invalid", "times": 3 })).await;
    brand.api.command(&id, "publish").await;
    stopped_and_published_again(world, brand, id, "media IDs are invalid").await;
}

#[tokio::test]
async fn a_medium_that_the_network_cannot_use_stops_the_publication() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.break_x(json!({ "kind": "media_fails" })).await;
    brand.api.command(&id, "publish").await;
    world.work_until_quiet().await;
    let (state, detail) = step(&brand, &id, "media").await;
    assert_eq!(state, "failed");
    assert!(detail.contains("the network cannot use it"), "{detail}");
    stopped_and_published_again(world, brand, id, "cannot be posted").await;
}

#[tokio::test]
async fn a_medium_that_the_network_refuses_stops_the_publication() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.break_x(json!({ "on": "media_initialize", "kind": "status", "status": 403 })).await;
    brand.api.command(&id, "publish").await;
    stopped_and_published_again(world, brand, id, "cannot be posted").await;
}

#[tokio::test]
async fn a_network_that_never_finishes_its_work_is_not_waited_for_for_ever() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.break_x(json!({ "kind": "media_slow", "delay_ms": 80_000_000 })).await;
    brand.api.command(&id, "publish").await;
    stopped_and_published_again(world, brand, id, "more than an hour").await;
}

#[tokio::test]
async fn uploads_that_expire_before_their_post_are_made_again() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    let limited = json!({ "on": "create_post", "kind": "status", "status": 429,
        "retry_after_secs": 90_000 });
    world.break_x(limited).await;
    brand.api.command(&id, "publish").await;
    world.work_until(&id, "Running").await;

    assert!(world.elapsed() > 89_000);
    assert_eq!(shown(&world).await.len(), 1);
    assert_eq!(world.counted().await.media.len(), 2, "the first one had expired");
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn an_access_that_was_revoked_stalls_and_the_upload_goes_on_once_it_is_back() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_MEDIA");
    world.break_x(json!({ "kind": "media_slow", "delay_ms": 60_000 })).await;
    brand.api.command(&id, "publish").await;
    world.work_now().await;
    world.revoke(&brand).await;
    world.work_until_quiet().await;
    let view = brand.api.campaign(&id).await;
    assert_eq!((&view["state"], &view["stalled"]["step"]), (&json!("Stalled"), &json!("media")));

    world.link_again(&brand).await;
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until(&id, "Running").await;
    assert_eq!(world.counted().await.media.len(), 1, "the same upload went on");
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_publication_that_stalled_with_its_media_can_be_rolled_back() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_MEDIA");
    world
        .break_x(json!({ "on": "media_append", "kind": "status", "status": 503, "times": 20 }))
        .await;
    brand.api.command(&id, "publish").await;
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["stalled"]["step"], "media");

    let (status, body) = brand.api.command(&id, "roll-back").await;
    assert_eq!(status, 202, "{body}");
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "RolledBack");
    assert_eq!(world.counted().await.posts.len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_description_that_changed_after_a_stop_is_the_one_that_is_published() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.break_x(json!({ "on": "create_post", "kind": "status", "status": 403 })).await;
    brand.api.command(&id, "publish").await;
    world.work_until_quiet().await;
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "Approved");
    let medium = view["media"][0]["id"].as_str().unwrap().to_owned();
    let put = reqwest::Method::PUT;
    let edited = showing(std::slice::from_ref(&medium));
    brand.api.send_json(put.clone(), &format!("/v2/campaigns/{id}"), &edited).await;
    let alt = json!({ "alt": "blue stripes" });
    assert_eq!(brand.api.send_json(put, &format!("/v2/media/{medium}"), &alt).await.0, 200);
    brand.api.command(&id, "submit").await;
    world.reviewer().command(&id, "approve").await;

    assert_eq!(brand.api.command(&id, "publish").await.0, 202);
    world.work_until(&id, "Running").await;
    assert_eq!(shown(&world).await[0]["alt_text"], "blue stripes");
    assert_eq!(world.counted().await.media.len(), 1);
    world.pass(Span::from_secs(1));
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn bytes_that_are_gone_from_the_store_stop_the_publication_until_they_are_handed_in_again() {
    let world = World::new().await;
    let (brand, id) = with_gif(&world).await;
    world.lose_media();
    brand.api.command(&id, "publish").await;
    world.work_until_quiet().await;
    let (state, detail) = step(&brand, &id, "media").await;
    assert_eq!(state, "failed");
    assert!(detail.contains("upload it again"), "{detail}");
    let content = brand.api.campaign(&id).await["media"][0]["content"].clone();
    assert_eq!(brand.api.get(content.as_str().unwrap()).await.1["code"], "media.missing");

    let again = brand.api.send_bytes("/v2/media", samples::gif(24, 24, 3)).await;
    assert_eq!(again.0, 200, "{}", again.1);
    stopped_and_published_again(world, brand, id, "not in the store any more").await;
}
