//! Uploading: three ways in, what is refused on each, and the wait until a film is ready.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hashbuzz_standin_x::Limits;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::scene::{Answer, Person, Scene, answer};

/// A picture's first bytes, 3 wide and 2 high, and as many more as make it `size` long.
pub(crate) fn png(size: usize) -> Vec<u8> {
    let mut bytes =
        b"\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR\x00\x00\x00\x03\x00\x00\x00\x02".to_vec();
    bytes.resize(size, b'\n');
    bytes
}

pub(crate) fn gif(size: usize) -> Vec<u8> {
    let mut bytes = b"GIF89a\x10\x00\x08\x00".to_vec();
    bytes.resize(size, 7);
    bytes
}

pub(crate) fn mp4(size: usize) -> Vec<u8> {
    let mut bytes = b"\x00\x00\x00\x18ftypmp42".to_vec();
    bytes.resize(size, 1);
    bytes
}

/// Sends a multipart message with these fields.
pub(crate) async fn send_parts(
    scene: &Scene,
    path: &str,
    token: &str,
    fields: &[(&str, &[u8])],
) -> Answer {
    const BOUNDARY: &str = "----bound";
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a;b\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let request = scene.client.post(format!("{}{path}", scene.running.url()));
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    answer(request.bearer_auth(token).header("content-type", kind).body(body)).await.unwrap()
}

pub(crate) async fn begin(
    scene: &Scene,
    who: &Person,
    (kind, category): (&str, &str),
    total: usize,
) -> String {
    let body = json!({ "media_type": kind, "media_category": category, "total_bytes": total });
    let begun = scene.post("/2/media/upload/initialize", &who.token, body).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    begun.body["data"]["id"].as_str().unwrap().to_owned()
}

async fn append(scene: &Scene, who: &Person, id: &str, index: u32, bytes: &[u8]) -> Answer {
    let path = format!("/2/media/upload/{id}/append");
    let index = index.to_string();
    let fields = [("segment_index", index.as_bytes()), ("media", bytes)];
    send_parts(scene, &path, &who.token, &fields).await
}

async fn finalize(scene: &Scene, who: &Person, id: &str) -> Answer {
    let path = format!("/2/media/upload/{id}/finalize");
    scene.ask(Method::POST, &path, &who.token, None).await.unwrap()
}

/// A complete upload in two pieces; its id.
pub(crate) async fn upload(
    scene: &Scene,
    who: &Person,
    (kind, category): (&str, &str),
    bytes: &[u8],
) -> String {
    let id = begin(scene, who, (kind, category), bytes.len()).await;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    for (index, part) in [(0, first), (1, second)] {
        assert_eq!(append(scene, who, &id, index, part).await.status, 200);
    }
    let ended = finalize(scene, who, &id).await;
    assert_eq!(ended.status, 200, "{}", ended.body);
    id
}

async fn status(scene: &Scene, who: &Person, id: &str) -> Answer {
    scene.get(&format!("/2/media/upload?command=STATUS&media_id={id}"), &who.token).await
}

pub(crate) async fn counted(scene: &Scene, id: &str) -> Value {
    let counters = scene.counters().await;
    let media = counters["media"].as_array().unwrap();
    media.iter().find(|row| row["id"] == id).unwrap().clone()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn message(answer: &Answer) -> &str {
    answer.body["errors"][0]["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_picture_in_pieces_is_ready_as_soon_as_it_is_complete() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let picture = png(3000);
    let body = json!({
        "media_type": "image/png", "media_category": "tweet_image", "total_bytes": 3000,
    });
    let begun = scene.post("/2/media/upload/initialize", &ann.token, body).await;
    let id = begun.body["data"]["id"].as_str().unwrap();
    assert_eq!(begun.body["data"]["media_key"], format!("3_{id}"));
    assert_eq!(begun.body["data"]["expires_after_secs"], 86_400);

    assert_eq!(append(&scene, &ann, id, 2, &picture[2000..]).await.status, 200);
    assert_eq!(append(&scene, &ann, id, 0, &picture[..1000]).await.status, 200);
    assert_eq!(append(&scene, &ann, id, 1, b"wrong").await.status, 200);
    let again = json!({
        "segment_index": 1, "media": BASE64_STANDARD.encode(&picture[1000..2000]),
    });
    let again = scene.post(&format!("/2/media/upload/{id}/append"), &ann.token, again).await;
    assert_eq!(again.status, 200, "JSON will do, and the later piece counts");
    assert_eq!(again.body["data"]["expires_at"], scene.seconds() + 86_400);

    let ended = finalize(&scene, &ann, id).await;
    let expected = json!({
        "id": id, "media_key": format!("3_{id}"), "size": 3000, "expires_after_secs": 86_400,
        "image": { "image_type": "image/png", "w": 3, "h": 2 },
    });
    assert_eq!(ended.body, json!({ "data": expected }), "no processing_info: it is ready");
    assert_eq!(status(&scene, &ann, id).await.body, ended.body);
    let counted = counted(&scene, id).await;
    assert_eq!(counted["sha256"], hash(&picture));
    assert_eq!((&counted["state"], &counted["segments"]), (&json!("ready"), &json!(3)));
}

#[tokio::test]
async fn a_small_file_may_come_in_one_request_and_the_older_form_still_works() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let picture = png(900);
    let path = "/2/media/upload";
    let fields = [("media", picture.as_slice()), ("media_category", b"tweet_image")];
    let parts = send_parts(&scene, path, &ann.token, &fields).await;
    let encoded = BASE64_STANDARD.encode(&picture);
    let body = json!({ "media": encoded, "media_category": "tweet_image" });
    let in_json = scene.post(path, &ann.token, body).await;
    for answer in [parts, in_json] {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let id = answer.body["data"]["id"].as_str().unwrap();
        assert_eq!(counted(&scene, id).await["sha256"], hash(&picture));
    }

    let film = mp4(900);
    let fields: [(&str, &[u8]); 4] = [
        ("command", b"INIT"),
        ("media_type", b"video/mp4"),
        ("total_bytes", b"900"),
        ("media_category", b"tweet_video"),
    ];
    let begun = send_parts(&scene, path, &ann.token, &fields).await;
    let id = begun.body["data"]["id"].as_str().unwrap();
    let fields: [(&str, &[u8]); 4] = [
        ("command", b"APPEND"),
        ("media_id", id.as_bytes()),
        ("segment_index", b"0"),
        ("media", &film),
    ];
    assert_eq!(send_parts(&scene, path, &ann.token, &fields).await.status, 200);
    let in_query = format!("{path}?command=FINALIZE&media_id={id}");
    let ended = scene.ask(Method::POST, &in_query, &ann.token, None).await.unwrap();
    assert_eq!(ended.body["data"]["media_key"], format!("7_{id}"));
    assert_eq!(ended.body["data"]["processing_info"]["state"], "pending");
}

#[tokio::test]
async fn a_film_is_worked_on_until_the_clock_says_so() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "media_processing_ms": 100_000 })).await;
    let id = upload(&scene, &ann, ("video/mp4", "tweet_video"), &mp4(64)).await;
    let info = || async { status(&scene, &ann, &id).await.body["data"]["processing_info"].clone() };
    let pending = json!({ "state": "pending", "check_after_secs": 10, "progress_percent": 0 });
    assert_eq!(info().await, pending);
    scene.pass(95);
    let working = json!({ "state": "in_progress", "check_after_secs": 5, "progress_percent": 95 });
    assert_eq!(info().await, working);
    scene.pass(5);
    assert_eq!(info().await, json!({ "state": "succeeded", "progress_percent": 100 }));

    let slow = json!({ "kind": "media_slow", "delay_ms": 3_600_000 });
    scene.control("faults", json!([slow, { "kind": "media_fails" }])).await;
    let slow = upload(&scene, &ann, ("image/gif", "tweet_gif"), &gif(64)).await;
    let failing = upload(&scene, &ann, ("image/gif", "tweet_gif"), &gif(64)).await;
    scene.pass(3_599);
    let states = [counted(&scene, &slow).await, counted(&scene, &failing).await];
    assert_eq!(states.map(|media| media["state"].clone()), ["in_progress", "failed"]);
    let failed = status(&scene, &ann, &failing).await;
    assert_eq!(failed.body["data"]["processing_info"]["state"], "failed");
}

#[tokio::test]
async fn what_does_not_fit_its_announcement_is_refused() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let announce = |kind: &str, category: &str, total: u64| json!({ "media_type": kind, "media_category": category, "total_bytes": total });
    for (body, expected) in [
        (announce("image/png", "tweet_image", (5 << 20) + 1), 400),
        (announce("image/gif", "tweet_gif", (15 << 20) + 1), 400),
        (announce("video/mp4", "tweet_video", (512 << 20) + 1), 400),
        (announce("video/mp4", "tweet_video", 512 << 20), 200),
        (announce("video/mp4", "tweet_image", 10), 400),
        (announce("image/png", "tweet_image", 0), 400),
        (announce("image/png", "dm_image", 10), 403),
        (announce("image/png", "portrait", 10), 400),
        (json!({ "media_type": "image/png", "media_category": "tweet_image" }), 400),
        (json!({ "total_bytes": 5, "media_category": "tweet_image" }), 400),
    ] {
        let answer = scene.post("/2/media/upload/initialize", &ann.token, body.clone()).await;
        assert_eq!(answer.status, expected, "{body}: {}", answer.body);
    }

    let id = begin(&scene, &ann, ("image/png", "tweet_image"), 100).await;
    assert_eq!(append(&scene, &ann, &id, 1000, b"x").await.status, 400, "0 to 999");
    assert_eq!(append(&scene, &ann, &id, 0, b"").await.status, 400, "nothing is no piece");
    assert_eq!(append(&scene, &ann, &id, 0, &png(101)).await.status, 400, "more than announced");
    assert_eq!(append(&scene, &ann, &id, 0, &png(99)).await.status, 200);
    let short = finalize(&scene, &ann, &id).await;
    assert_eq!(short.status, 400);
    assert_eq!(message(&short), "Segments do not add up to provided total file size.");
    assert_eq!(append(&scene, &ann, &id, 2, b"x").await.status, 200);
    assert_eq!(finalize(&scene, &ann, &id).await.status, 400, "the second is missing");

    let id = begin(&scene, &ann, ("image/jpeg", "tweet_image"), 50).await;
    assert_eq!(append(&scene, &ann, &id, 0, &png(50)).await.status, 200);
    assert_eq!(finalize(&scene, &ann, &id).await.status, 400, "a PNG is no JPEG");
    let fields = [("media", b"<html>".as_slice()), ("media_category", b"tweet_image")];
    assert_eq!(send_parts(&scene, "/2/media/upload", &ann.token, &fields).await.status, 400);
}

#[tokio::test]
async fn a_piece_has_five_megabytes_at_most() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let film = mp4(18 << 20);
    let id = begin(&scene, &ann, ("video/mp4", "tweet_video"), film.len()).await;
    assert_eq!(append(&scene, &ann, &id, 0, &film[..(5 << 20) + 1]).await.status, 413);
    for (index, part) in film.chunks(5 << 20).enumerate() {
        let index = u32::try_from(index).unwrap();
        assert_eq!(append(&scene, &ann, &id, index, part).await.status, 200);
    }
    let again = append(&scene, &ann, &id, 0, &film[..5 << 20]).await;
    assert_eq!(again.status, 200, "an answer that was lost is asked for again");
    assert_eq!(finalize(&scene, &ann, &id).await.status, 200);
    assert_eq!(append(&scene, &ann, &id, 0, b"x").await.status, 400, "it is complete");
    assert_eq!(counted(&scene, &id).await["sha256"], hash(&film));
}

#[tokio::test]
async fn an_upload_belongs_to_somebody_and_ends_after_a_day() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let id = upload(&scene, &ann, ("image/png", "tweet_image"), &png(64)).await;
    assert_eq!(status(&scene, &bob, &id).await.status, 400);
    assert_eq!(status(&scene, &ann, "123").await.status, 400);
    scene.pass(86_399);
    assert_eq!(status(&scene, &ann, &id).await.body["data"]["expires_after_secs"], 1);
    scene.pass(1);
    assert_eq!(status(&scene, &ann, &id).await.status, 400);

    let bearer = scene.app("bearer_token");
    let app = scene.post("/2/media/upload/initialize", bearer, json!({})).await;
    assert_eq!(app.body["title"], "Unsupported Authentication");
    let reader = json!({ "handle": "cat", "scopes": ["tweet.read", "tweet.write", "users.read"] });
    let reader = scene.person_with(reader).await;
    let refused = scene.post("/2/media/upload/initialize", &reader.token, json!({})).await;
    assert_eq!(refused.status, 403, "without media.write");
}

#[tokio::test]
async fn each_step_has_a_window_of_its_own() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = begin(&scene, &ann, ("image/png", "tweet_image"), 64).await;
    let appended = append(&scene, &ann, &id, 0, &png(64)).await;
    let ended = finalize(&scene, &ann, &id).await;
    let asked = status(&scene, &ann, &id).await;
    let fields = [("media", png(64)), ("media_category", b"tweet_image".to_vec())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_slice()));
    let whole = send_parts(&scene, "/2/media/upload", &ann.token, &fields).await;
    let limits = [appended, ended, asked, whole].map(|answer| answer.header("x-rate-limit-limit"));
    assert_eq!(limits, [1_875, 1_875, 1_000, 500]);
}

#[tokio::test]
async fn the_app_has_a_day_for_all_its_uploads() {
    let limits = Limits::documented().with("app_uploads_per_day", 2);
    let scene = Scene::with_limits(limits).await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let whole = |who: Person| {
        let fields = [("media", png(64)), ("media_category", b"tweet_image".to_vec())];
        let scene = &scene;
        async move {
            let fields = fields.each_ref().map(|(name, value)| (*name, value.as_slice()));
            send_parts(scene, "/2/media/upload", &who.token, &fields).await
        }
    };
    for (who, left) in [(&ann, 1), (&bob, 0)] {
        let answer = whole(who.clone()).await;
        assert_eq!((answer.status, answer.header("x-app-limit-24hour-remaining")), (200, left));
    }
    let refused = whole(ann.clone()).await;
    assert_eq!((refused.status, refused.header("x-rate-limit-remaining")), (429, 499));
    scene.pass(86_400);
    assert_eq!(whole(ann).await.status, 200);
}

#[tokio::test]
async fn a_picture_can_be_described() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = upload(&scene, &ann, ("image/png", "tweet_image"), &png(64)).await;
    let describe = |text: String| {
        let body = json!({ "id": id, "metadata": { "alt_text": { "text": text } } });
        scene.post("/2/media/metadata", &ann.token, body)
    };
    let answer = describe("A cat".into()).await;
    let metadata = json!({ "alt_text": { "text": "A cat" } });
    assert_eq!(answer.body, json!({ "data": { "id": id, "associated_metadata": metadata } }));
    assert_eq!(describe("x".repeat(1001)).await.status, 400);
    assert_eq!(counted(&scene, &id).await["alt_text"], "A cat");
    let more = json!({ "alt_text": { "text": "A cat" }, "shared_info": { "shared": true } });
    let body = json!({ "id": id, "metadata": more });
    assert_eq!(scene.post("/2/media/metadata", &ann.token, body).await.status, 403);
    let empty = scene.post("/2/media/metadata", &ann.token, json!({ "id": id })).await;
    assert_eq!(empty.status, 400);
}
