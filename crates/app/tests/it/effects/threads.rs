//! What broke other people's posting tools, each as a test that bears the name of its public thread.

use hashbuzz_domain::Span;
use hashbuzz_testkit::{Campaigner, HBAR, World, awareness, samples};
use serde_json::json;

async fn stage() -> (World, Campaigner) {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    (world, brand)
}

/// To its end: four posts, each once.
async fn ends_well(world: World, brand: &Campaigner, id: &str) {
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(id).await["state"], "Closed");
    assert_eq!(world.counted().await.posts.len(), 4);
    world.finish().await;
}

/// gitroomhq/postiz-app#1321: an unrelated error after a publish made the job publish again, for ever.
#[tokio::test]
async fn postiz_1321_an_error_after_a_post_does_not_post_again() {
    let (world, brand) = stage().await;
    let id = world.approved(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(brand.api.command(&id, "publish").await.0, 202);
    // The post is public; what follows it fails, again and again.
    let fault = json!({ "on": "submit", "kind": "drop_before_apply", "times": 3 });
    world.break_hedera(fault).await;
    world.break_turn(0);
    world.work_until(&id, "Running").await;
    assert!(world.turn_was_broken());
    assert_eq!(world.counted().await.posts.len(), 2);
    ends_well(world, &brand, &id).await;
}

/// gitroomhq/postiz-app PR 1813: a time-out is an unknown outcome and no reason to post again.
#[tokio::test]
async fn postiz_1813_a_lost_answer_is_looked_for_and_never_repeated() {
    let (world, brand) = stage().await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_after_apply", "times": 2 })).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(world.asked_x("create_post").await, 2, "one request a post");
    ends_well(world, &brand, &id).await;
}

/// gitroomhq/postiz-app PR 1681: a post was live and reported as failed for a rate limit, and whoever
/// tried again posted twice. Here the network even takes the second one.
#[tokio::test]
async fn postiz_1681_a_post_that_is_live_and_reported_as_limited_is_found() {
    let (world, brand) = stage().await;
    world.set_x(json!({ "refuse_duplicates": false })).await;
    let fault = json!({
        "on": "create_post", "kind": "status_after_apply", "status": 429, "retry_after_secs": 60,
    });
    world.break_x(fault).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(world.counted().await.posts.len(), 2);
    ends_well(world, &brand, &id).await;
}

/// gitroomhq/postiz-app#1172 and #1748: one message was posted five times after its engine moved;
/// others never, by a process that looked healthy.
#[tokio::test]
async fn postiz_1172_a_post_that_outlives_five_servers_is_made_once() {
    let (mut world, brand) = stage().await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_after_apply" })).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    for _ in 0..5 {
        world.one_round().await;
        world.restart().await;
    }
    ends_well(world, &brand, &id).await;
}

/// trypostit/trypost#126: accesses were renewed every hour, and each renewal was a chance to lose one.
#[tokio::test]
async fn trypost_126_an_access_is_renewed_when_it_ends_and_not_before() {
    let (world, brand) = stage().await;
    world.link_again(&brand).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    world.work_for(Span::from_secs(3_000)).await;
    assert_eq!(world.asked_x("oauth2_token").await, 1, "the code was exchanged, nothing renewed");
    ends_well(world, &brand, &id).await;
}

/// gitroomhq/postiz-app PR 1884: linking again replaced the refresh token by an empty one.
#[tokio::test]
async fn postiz_1884_who_links_again_is_renewed_as_before() {
    let (world, brand) = stage().await;
    world.link_again(&brand).await;
    world.link_again(&brand).await;
    world.pass(Span::from_secs(3 * 3_600));
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(world.asked_x("oauth2_token").await, 3, "two codes and one renewal");
    ends_well(world, &brand, &id).await;
}

/// gitroomhq/postiz-app PR 1822: any failure to renew, even a network blip, disconnected the account.
#[tokio::test]
async fn postiz_1822_a_blip_disconnects_nobody() {
    let (world, brand) = stage().await;
    world.link_again(&brand).await;
    world.pass(Span::from_secs(3 * 3_600));
    for fault in [
        json!({ "on": "oauth2_token", "kind": "status", "status": 429 }),
        json!({ "on": "oauth2_token", "kind": "drop_before_apply" }),
        json!({ "on": "oauth2_token", "kind": "html_error" }),
    ] {
        world.break_x(fault).await;
    }
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let (_, profiles) = brand.api.get("/v2/profiles").await;
    assert_eq!(profiles[0]["link_again"], json!(null), "{profiles}");
    ends_well(world, &brand, &id).await;
}

/// gitroomhq/postiz-app#2041: 401 while media were uploaded was an "unknown error", 218 times.
#[tokio::test]
async fn postiz_2041_a_401_during_an_upload_is_told_and_mended() {
    let (world, brand) = stage().await;
    world.link_again(&brand).await;
    world.pass(Span::from_secs(120));
    let picture = world.medium(&brand, samples::png(40, 30, 1), "can").await;
    let mut draft = awareness("100", "2", "5");
    draft["media"] = json!([picture]);
    world.revoke(&brand).await;
    let id = world.published(&brand, &draft).await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_MEDIA");
    world.work_until(&id, "Stalled").await;
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["stalled"]["step"], "media", "{view}");
    assert!(view["stalled"]["reason"].as_str().unwrap().contains("linked again"), "{view}");
    world.link_again(&brand).await;
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    ends_well(world, &brand, &id).await;
}

/// abraham/twitteroauth#1222, inovector/mixpost#146: "Your media IDs are invalid", since the post was
/// sent before its media were ready, or they were forgotten.
#[tokio::test]
async fn twitteroauth_1222_a_post_waits_for_its_media_and_they_are_uploaded_again() {
    let (world, brand) = stage().await;
    let gif = world.medium(&brand, samples::gif(40, 30, 3), "can").await;
    let mut draft = awareness("100", "2", "5");
    draft["media"] = json!([gif]);
    world.set_x(json!({ "media_processing_ms": 120_000 })).await;
    world.break_x(json!({ "kind": "media_invalid" })).await;
    let before = world.elapsed();
    let id = world.running(&brand, &draft).await;
    assert!(world.elapsed() - before >= 240, "it was processed twice");
    assert_eq!(world.asked_x("create_post").await, 3, "refused once, and never sent unready");
    ends_well(world, &brand, &id).await;
}

/// coollabsio/shoutrrr PR 175 and bluesky-social/atproto#3960: single-use tokens were lost by renewing
/// too often, and by two renewals at a time.
#[tokio::test]
async fn shoutrrr_175_campaigns_of_one_brand_share_one_renewal() {
    let world = World::new().await;
    let brand = world.campaigner(330 * HBAR).await;
    world.link_again(&brand).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let mut draft = awareness("100", "2", "5");
        draft["text"] = json!(format!("Flavour number {number} is here"));
        ids.push(world.approved(&brand, &draft).await);
    }
    world.pass(Span::from_secs(3 * 3_600));
    for id in &ids {
        assert_eq!(brand.api.command(id, "publish").await.0, 202);
    }
    for id in &ids {
        world.work_until(id, "Running").await;
    }
    assert_eq!(world.asked_x("oauth2_token").await, 2, "a code and one renewal");
    world.work_until_quiet().await;
    world.finish().await;
}

/// plhery/node-twitter-api-v2#499: a 503 between the posts of a thread left half of it.
#[tokio::test]
async fn twitter_api_v2_499_a_thread_is_completed_after_503() {
    let (world, brand) = stage().await;
    let fault =
        json!({ "on": "create_post", "kind": "status", "status": 503, "skip": 1, "times": 2 });
    world.break_x(fault).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(world.counted().await.posts.len(), 2);
    ends_well(world, &brand, &id).await;
}

/// plhery/node-twitter-api-v2#469: the refusal of a duplicate does not say which post it is like.
#[tokio::test]
async fn twitter_api_v2_469_a_duplicate_of_our_own_is_found_by_reading() {
    let (world, brand) = stage().await;
    // The post is made, the first look does not show it, so it is sent again and refused.
    world.set_x(json!({ "timeline_delay_ms": 100_000 })).await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_after_apply" })).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let counted = world.counted().await;
    assert_eq!(counted.posts.len(), 2);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    assert_eq!(world.counted().await.posts.len(), 4);
    world.expect_duplicates(1);
    world.finish().await;
}

/// tweepy/tweepy#2227: the time at which a limit ends was swallowed.
#[tokio::test]
async fn tweepy_2227_the_end_of_a_limit_is_waited_for_and_shown() {
    let (world, brand) = stage().await;
    let fault =
        json!({ "on": "create_post", "kind": "status", "status": 429, "retry_after_secs": 777 });
    world.break_x(fault).await;
    let before = world.elapsed();
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.work_now().await;
    let operator = world.operator().await;
    let (_, events) = operator.get(&format!("/v2/ops/events?campaign={id}&state=deferred")).await;
    assert!(events["events"][0]["due_at"].is_string(), "{events}");
    world.work_until(&id, "Running").await;
    let waited = world.elapsed() - before;
    assert!((777..840).contains(&waited), "{waited} s");
    assert_eq!(world.asked_x("create_post").await, 3);
    ends_well(world, &brand, &id).await;
}

/// xdevplatform/xdk#25: 429 with thousands of requests left, since the month was used up.
#[tokio::test]
async fn xdk_25_a_cap_of_the_month_is_no_quarter_of_an_hour() {
    let (world, brand) = stage().await;
    let people = world.participants(1).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let posts = world.posts(&id).await;
    world.reply(&people, &posts[0]).await;
    world.set_x(json!({ "reads_left": 0 })).await;
    world.work_for(Span::from_secs(4_000)).await;
    let asked = world.asked_x("posts_by_ids").await;
    world.work_for(Span::from_secs(3_600)).await;
    assert_eq!(world.asked_x("posts_by_ids").await, asked, "nobody asks for what is used up");
    world.set_x(json!({ "reads_left": null })).await;
    world.work_until_quiet().await;
    assert_eq!(world.received(&people[0]).await, 5 * HBAR);
    ends_well(world, &brand, &id).await;
}

/// mastodon/mastodon#40399: a repeated idempotency key was answered with 500. We rely on no key of
/// theirs: after 500 one looks.
#[tokio::test]
async fn mastodon_40399_after_500_one_looks() {
    let (world, brand) = stage().await;
    let fault = json!({ "on": "create_post", "kind": "status_after_apply", "status": 500 });
    world.break_x(fault).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(world.asked_x("create_post").await, 2);
    ends_well(world, &brand, &id).await;
}

/// akrherz/iembot#163: the refusal of a duplicate was not handled. The brand itself has said the same.
#[tokio::test]
async fn iembot_163_a_duplicate_of_somebody_else_s_is_told_to_the_owner() {
    let (world, brand) = stage().await;
    world.says(&brand.handle, "A new flavour is here").await;
    world.expect_duplicates(1);
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.work_until(&id, "Approved").await;
    let view = brand.api.campaign(&id).await.to_string();
    assert!(view.contains("duplicate content"), "{view}");
    world.pass(Span::from_secs(86_401));
    assert_eq!(brand.api.command(&id, "publish").await.0, 202);
    ends_well(world, &brand, &id).await;
}

/// A report of July 2026: a catch-all made one refused reply stop everything.
#[tokio::test]
async fn one_refused_reply_stops_one_reply_and_nothing_else() {
    let world = World::new().await;
    let brand = world.campaigner(220 * HBAR).await;
    let fault = json!({ "on": "create_post", "kind": "status", "status": 403, "skip": 1 });
    world.break_x(fault).await;
    let first = world.running(&brand, &awareness("100", "2", "5")).await;
    let mut draft = awareness("100", "2", "5");
    draft["text"] = json!("Another flavour is here");
    let second = world.running(&brand, &draft).await;
    world.work_until_quiet().await;
    for id in [&first, &second] {
        assert_eq!(brand.api.campaign(id).await["state"], "Closed");
    }
    assert_eq!(world.counted().await.posts.len(), 3 + 4);
    world.finish().await;
}
