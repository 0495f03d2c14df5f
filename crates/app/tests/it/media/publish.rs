//! Publishing with media: all of them arrive, as they are, before the post.

use hashbuzz_testkit::{HBAR, World, samples};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{showing, shown, step};

fn hash(bytes: &[u8]) -> Value {
    json!(hex::encode(Sha256::digest(bytes)))
}

#[tokio::test]
async fn four_pictures_are_shown_in_their_order_with_their_descriptions() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let (mut media, mut hashes) = (Vec::new(), Vec::new());
    for shade in [9, 7, 5, 3] {
        let picture = samples::png(64, 48, shade);
        hashes.push(hash(&picture));
        media.push(world.medium(&brand, picture, &format!("shade{shade}")).await);
    }
    let before = world.elapsed();
    let id = world.running(&brand, &showing(&media)).await;

    let shown = shown(&world).await;
    let of = |field: &str| shown.iter().map(|one| one[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("sha256"), hashes);
    assert_eq!(of("alt_text"), ["shade9", "shade7", "shade5", "shade3"]);
    assert_eq!(of("category"), vec![json!("tweet_image"); 4]);
    assert_eq!(world.counted().await.media.len(), 4, "nothing was uploaded twice");
    assert!(world.elapsed() - before < 5, "pictures are ready at once");
    let said = ("done".to_owned(), "the network has all 4".to_owned());
    assert_eq!(step(&brand, &id, "media").await, said);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_gif_is_waited_for_while_the_network_works_on_it() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let gif = samples::gif(40, 40, 5);
    let medium = world.medium(&brand, gif.clone(), "").await;
    world.break_x(json!({ "kind": "media_slow", "delay_ms": 240_000 })).await;
    let before = world.elapsed();
    let id = world.published(&brand, &showing(&[medium])).await;
    world.work_now().await;

    assert_eq!(step(&brand, &id, "media").await.0, "started");
    assert_eq!(world.counted().await.posts.len(), 0);
    let operator = world.operator().await;
    let (_, events) = operator.get("/v2/ops/events?state=deferred").await;
    let waits = events["events"].as_array().unwrap().iter();
    let waits: Vec<&str> = waits.filter_map(|event| event["waits_for"].as_str()).collect();
    assert!(waits.iter().any(|why| why.contains("the network works on")), "{waits:?}");
    world.work_until(&id, "Running").await;
    let waited = world.elapsed() - before;
    assert!((240..260).contains(&waited), "{waited}");
    let shown = shown(&world).await;
    assert_eq!((&shown[0]["sha256"], &shown[0]["alt_text"]), (&hash(&gif), &Value::Null));
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_video_arrives_in_pieces_over_several_turns() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let video = samples::mp4(640, 360, 20_000, 18 * 1024 * 1024);
    let medium = world.medium(&brand, video.clone(), "crowd").await;
    let id = world.running(&brand, &showing(&[medium])).await;

    let shown = shown(&world).await;
    assert_eq!((&shown[0]["sha256"], &shown[0]["segments"]), (&hash(&video), &json!(19)));
    assert_eq!(shown[0]["alt_text"], "crowd");
    let operator = world.operator().await;
    let path = format!("/v2/ops/effects?campaign={id}&step=media&state=done&limit=100");
    let (_, effects) = operator.get(&path).await;
    let effects = effects["effects"].as_array().unwrap();
    let of = |kind: &str| effects.iter().filter(|effect| effect["kind"] == kind).count();
    assert_eq!(of("social.media.append"), 19, "one effect a piece: {effects:?}");
    assert_eq!((of("social.media.begin"), of("social.media.finish")), (1, 1));
    assert_eq!(of("social.media.describe"), 1);
    assert!(effects.iter().all(|effect| effect["state"] == "done"), "{effects:?}");
    let (_, events) = operator.get(&format!("/v2/ops/events?campaign={id}&limit=100")).await;
    let events = events["events"].as_array().unwrap().iter();
    let turns = events.filter(|event| event["kind"] == "CAMPAIGN_PUBLISH_MEDIA.v1").count();
    assert!(turns <= 2, "{turns}");
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn an_upload_goes_on_with_the_next_piece_in_a_new_process() {
    let mut world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let video = samples::mp4(640, 360, 20_000, 20 * 1024 * 1024);
    let medium = world.medium(&brand, video.clone(), "").await;
    let id = world.published(&brand, &showing(&[medium])).await;
    world
        .break_x(json!({ "on": "media_append", "kind": "status", "status": 429,
        "skip": 3, "retry_after_secs": 60 }))
        .await;
    world.work_now().await;
    let arrived = world.counted().await.media[0]["segments"].clone();
    world.restart().await;
    world.work_until(&id, "Running").await;

    assert_eq!(arrived, 3);
    let counted = world.counted().await;
    assert_eq!(counted.media.len(), 1, "the same upload went on: {:?}", counted.media);
    assert_eq!(shown(&world).await[0]["sha256"], hash(&video));
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_campaign_without_media_has_no_such_step() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.running(&brand, &showing(&[])).await;
    assert_eq!(step(&brand, &id, "media").await.0, "");
    assert_eq!(world.counted().await.media.len(), 0);
    world.work_until_quiet().await;
    world.finish().await;
}
