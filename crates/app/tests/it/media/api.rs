//! What is taken, who may see it, and what a draft may show.

use hashbuzz_domain::Span;
use hashbuzz_testkit::{HBAR, World, awareness, samples};
use reqwest::Method;
use serde_json::{Value, json};

use super::showing;

#[tokio::test]
async fn a_medium_is_what_its_bytes_say_and_is_given_back_as_it_came() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let video = samples::mp4(640, 480, 3_500, 2_000_000);
    let (status, view) =
        brand.api.send_bytes("/v2/media?alt=A%20can%20%26%20a%20straw", video.clone()).await;
    assert_eq!(status, 201, "{view}");
    assert_eq!((&view["kind"], &view["mime"]), (&json!("video"), &json!("video/mp4")));
    assert_eq!((&view["width"], &view["height"]), (&json!(640), &json!(480)));
    assert_eq!((&view["duration_ms"], &view["bytes"]), (&json!(3_500), &json!(video.len())));
    assert_eq!(view["alt"], "A can & a straw");

    let path = format!("/v2/media/{}", view["id"].as_str().unwrap());
    assert_eq!(brand.api.get(&path).await, (200, view.clone()));
    let (status, kind, bytes) = brand.api.bytes(view["content"].as_str().unwrap()).await;
    assert_eq!((status, kind.as_str()), (200, "video/mp4"));
    assert!(bytes == video, "other bytes than were sent");
    let (status, again) = brand.api.send_bytes("/v2/media", video).await;
    assert_eq!((status, again), (200, view), "the same bytes are the same medium");
    world.finish().await;
}

#[tokio::test]
async fn what_is_no_medium_is_refused_with_a_word_on_what_to_do() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let mut huge = samples::png(8, 8, 1);
    huge.resize(5 * 1024 * 1024 + 1, 0);
    let whole = samples::png(64, 64, 1);
    for (bytes, status, code, word) in [
        (Vec::new(), 422, "media.empty", "empty"),
        (b"%PDF-1.7 is a document".to_vec(), 415, "media.format", "no PNG"),
        (b"<svg onload=alert(1)></svg>".to_vec(), 415, "media.format", "no PNG"),
        (whole[..whole.len() / 2].to_vec(), 422, "media.broken", "cut off"),
        (huge, 413, "media.too_large", "at most 5 MB"),
        (samples::mp4(64, 64, 141_000, 9), 422, "media.too_long", "140 s"),
        (samples::coded(b"hvc1", (64, 64), 1_000, 9), 422, "media.codec", "H.264"),
    ] {
        let (answered, problem) = brand.api.send_bytes("/v2/media", bytes).await;
        assert_eq!((answered, &problem["code"]), (status, &json!(code)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    let long = format!("/v2/media?alt={}", "x".repeat(1_001));
    let (status, problem) = brand.api.send_bytes(&long, samples::png(8, 8, 1)).await;
    assert_eq!((status, &problem["code"]), (400, &json!("request.malformed")));
    let (status, _) = brand.api.send_bytes("/v2/media?atl=x", samples::png(8, 8, 1)).await;
    assert_eq!(status, 400);
    world.finish().await;
}

#[tokio::test]
async fn a_foreign_medium_and_one_that_does_not_exist_look_alike() {
    let world = World::new().await;
    let (owner, other) = (world.campaigner(0).await, world.campaigner(0).await);
    let foreign = world.medium(&owner, samples::png(8, 8, 1), "dots").await;
    for id in [foreign.as_str(), "01900000-0000-7000-8000-000000000000", "1"] {
        let path = format!("/v2/media/{id}");
        let alt = json!({ "alt": "mine now" });
        for api in [&other.api, &world.reviewer()] {
            for (status, body) in [
                api.get(&path).await,
                api.get(&format!("{path}/content")).await,
                api.send_json(Method::PUT, &path, &alt).await,
                api.delete(&path).await,
            ] {
                assert_eq!((status, &body["code"]), (404, &json!("not_found")), "{id}: {body}");
            }
        }
        let draft = showing(&[id.to_owned()]);
        let (status, body) = other.api.send_json(Method::POST, "/v2/campaigns", &draft).await;
        assert_eq!((status, &body["errors"][0]["code"]), (422, &json!("unknown")), "{body}");
    }
    assert_eq!(world.stranger().send_bytes("/v2/media", samples::png(8, 8, 1)).await.0, 401);
    assert_eq!(world.reviewer().send_bytes("/v2/media", samples::png(8, 8, 1)).await.0, 403);
    let (_, own) = owner.api.get(&format!("/v2/media/{foreign}")).await;
    assert_eq!(own["alt"], "dots");
    world.finish().await;
}

#[tokio::test]
async fn one_post_shows_four_pictures_or_one_gif_or_one_video() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let mut pictures = Vec::new();
    for shade in 0..5 {
        pictures.push(world.medium(&brand, samples::png(32, 32, shade), "").await);
    }
    let gif = world.medium(&brand, samples::gif(32, 32, 2), "").await;
    let video = world.medium(&brand, samples::mp4(64, 64, 1_000, 9), "").await;
    let short = world.medium(&brand, samples::mp4(64, 64, 400, 9), "").await;
    let wide = world.medium(&brand, samples::gif(1_290, 8, 1), "").await;
    let pick = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>();

    for media in [vec![], pictures[..4].to_vec(), pick(&[&gif]), pick(&[&video])] {
        let id = world.draft(&brand, &showing(&media)).await;
        let view = brand.api.campaign(&id).await;
        let ids = view["media"].as_array().unwrap().iter().map(|medium| medium["id"].clone());
        assert_eq!(ids.collect::<Vec<_>>(), media);
    }
    for media in [
        pictures.clone(),
        pick(&[&gif, &video]),
        pick(&[&pictures[0], &gif]),
        pick(&[&pictures[0], &pictures[0]]),
        pick(&[&short]),
        pick(&[&wide]),
        vec!["x".to_owned(); 17],
    ] {
        let draft = showing(&media);
        let (status, body) = brand.api.send_json(Method::POST, "/v2/campaigns", &draft).await;
        assert_eq!((status, &body["errors"][0]["field"]), (422, &json!("media")), "{body}");
    }
    world.finish().await;
}

#[tokio::test]
async fn what_a_reviewer_has_seen_is_neither_changed_nor_deleted() {
    let world = World::new().await;
    let brand = world.campaigner(0).await;
    let medium = world.medium(&brand, samples::png(32, 32, 1), "stripes").await;
    let path = format!("/v2/media/{medium}");
    let alt = |text: &str| json!({ "alt": text });
    let id = world.draft(&brand, &showing(std::slice::from_ref(&medium))).await;
    let changed = brand.api.send_json(Method::PUT, &path, &alt("red stripes")).await;
    assert_eq!((changed.0, &changed.1["alt"]), (200, &json!("red stripes")));
    assert_eq!(brand.api.command(&id, "submit").await.0, 200);

    let reviewer = world.reviewer();
    let view = reviewer.campaign(&id).await;
    assert_eq!(view["media"][0]["alt"], "red stripes");
    let content = view["media"][0]["content"].as_str().unwrap();
    assert!(reviewer.bytes(content).await.2 == samples::png(32, 32, 1));
    for (status, body) in [
        brand.api.send_json(Method::PUT, &path, &alt("something else")).await,
        brand.api.delete(&path).await,
    ] {
        assert_eq!((status, &body["code"]), (409, &json!("media.in_use")), "{body}");
    }

    let reason = json!({ "reason": "no stripes, please" });
    let reject = format!("/v2/campaigns/{id}/reject");
    assert_eq!(reviewer.send_json(Method::POST, &reject, &reason).await.0, 200);
    let campaign = format!("/v2/campaigns/{id}");
    let bare = awareness("100", "2", "5");
    assert_eq!(brand.api.send_json(Method::PUT, &campaign, &bare).await.0, 200);
    assert_eq!(brand.api.delete(&path).await, (204, Value::Null));
    assert_eq!(brand.api.get(&path).await.0, 404);
    assert_eq!(brand.api.bytes(content).await.0, 404);
    world.finish().await;
}

#[tokio::test]
async fn the_same_picture_of_two_accounts_is_two_media() {
    let world = World::new().await;
    let (one, other) = (world.campaigner(110 * HBAR).await, world.campaigner(0).await);
    let first = world.medium(&one, samples::png(16, 16, 1), "").await;
    let second = world.medium(&other, samples::png(16, 16, 1), "").await;
    assert_ne!(first, second);
    assert_eq!(other.api.delete(&format!("/v2/media/{second}")).await.0, 204);

    let id = world.running(&one, &showing(&[first])).await;
    assert_eq!(one.api.campaign(&id).await["state"], "Running");
    world.pass(Span::from_secs(1));
    world.work_until_quiet().await;
    world.finish().await;
}
