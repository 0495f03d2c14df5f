//! A stand-in that is stopped and started again with the same file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hashbuzz_standin_x::{Config, Limits, start};
use serde_json::{Value, json};

use crate::media::{png, upload};
use crate::scene::Scene;

/// A file of this test's own, away again at its end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("standin-x-{}-{name}.json", std::process::id());
        let place = Self(std::env::temp_dir().join(name));
        let _none = std::fs::remove_file(&place.0);
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

async fn open(path: &Path) -> Scene {
    Scene::with(|config| Config { state: Some(path.to_owned()), founders: 2, ..config }).await
}

#[tokio::test]
async fn everything_survives_a_restart_but_the_limits() {
    let place = Place::new("restart");
    let scene = open(&place.0).await;
    let before = scene.running.introduction();
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "still here? https://hashbuzz.example").await;
    let picture = upload(&scene, &ann, ("image/png", "tweet_image"), &png(64)).await;
    let crowd = scene.crowd("fan", 3).await;
    for fan in &crowd {
        scene.act(fan, "like", &id, "").await;
        scene.act(fan, "repost", &id, "").await;
    }
    let later =
        json!([{ "at": "2026-03-01T13:00:00Z", "user": "fan0", "kind": "unlike", "post": id }]);
    scene.control("acts", later).await;
    scene.control("faults", json!({ "on": "me", "kind": "status", "status": 503 })).await;
    scene.set(json!({ "vocabulary": "post", "credits": 500_000 })).await;
    let path = format!("/2/tweets/{id}?post.fields=public_metrics,entities");
    let seen = scene.get(&path, &ann.token).await;
    let list = format!("/2/tweets/{id}/retweeted_by?max_results=2");
    let page = scene.get(&list, &ann.token).await;
    let (counted, settings) = (scene.counters().await, scene.settings().await);
    scene.running.shutdown().await;

    let scene = open(&place.0).await;
    let now = scene.running.introduction();
    assert_eq!((&now["app"], &now["users"]), (&before["app"], &before["users"]));
    let again = scene.counters().await;
    assert_eq!(again, counted);
    let mut kept = scene.settings().await;
    assert_eq!(kept["public_base_url"], scene.running.url(), "it follows the address");
    kept["public_base_url"] = settings["public_base_url"].clone();
    assert_eq!(kept, settings);

    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 503, "the fault waited");
    let seen_again = scene.get(&path, &ann.token).await;
    assert_eq!(seen_again.body, seen.body);
    let left = "x-rate-limit-remaining";
    assert_eq!(seen_again.header(left), seen.header(left) - 1, "windows go on");
    let next = format!("{list}&pagination_token={}", page.next().unwrap());
    assert_eq!(scene.get(&next, &ann.token).await.ids().len(), 1, "a page token is still good");
    let refused = scene.post(
        "/2/tweets",
        &ann.token,
        json!({ "text": "still here? https://hashbuzz.example" }),
    );
    assert_eq!(refused.await.status, 403, "and the text still a duplicate");
    let body = json!({ "media": { "media_ids": [picture] } });
    assert_eq!(scene.post("/2/tweets", &ann.token, body).await.status, 201);
    scene.pass(3600);
    let metrics = scene.get(&path, &ann.token).await.body["data"]["public_metrics"].clone();
    assert_eq!(metrics["like_count"], 2, "what was agreed has happened");
    scene.running.shutdown().await;

    let change = |config| Config { limits: Limits::load(), state: Some(place.0.clone()), ..config };
    let scene = Scene::with(change).await;
    assert_eq!(scene.settings().await["limits"], "load");
}

#[tokio::test]
async fn what_changed_is_written_while_it_runs() {
    let place = Place::new("kill");
    let scene = open(&place.0).await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "written down").await;
    let written = async {
        loop {
            let text = std::fs::read_to_string(&place.0).unwrap();
            let world: Value = serde_json::from_str(&text).expect("never half a file");
            if world.to_string().contains(&id) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), written).await.expect("within a second or so");
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_an_error_and_stays() {
    let place = Place::new("broken");
    for (text, why) in [
        ("{ \"format\": 1, \"wor", "EOF"),
        ("{ \"format\": 99 }", "it has format 99, and this program writes 1"),
        ("{ \"format\": 1, \"address\": \"127.0.0.1:1\", \"world\": {} }", "missing field"),
    ] {
        std::fs::write(&place.0, text).unwrap();
        let config = Config::new(hashbuzz_standin_x::Clock::manual(0));
        let error = start(Config { state: Some(place.0.clone()), ..config }).await.unwrap_err();
        let message = error.to_string();
        assert!(message.contains(why) && message.contains("broken.json"), "{message}");
        assert_eq!(std::fs::read_to_string(&place.0).unwrap(), text);
    }
    let nowhere = Config {
        state: Some("/nowhere/at/all.json".into()),
        ..Config::new(hashbuzz_standin_x::Clock::manual(0))
    };
    assert!(start(nowhere).await.is_err(), "and neither can it be written later");
}
