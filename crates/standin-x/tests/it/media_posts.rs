//! Posts with pictures and films: which may be shown together, and what an answer says of them.

use serde_json::{Value, json};

use crate::media::{begin, counted, gif, mp4, png, upload};
use crate::scene::{Answer, Person, Scene};

const PNG: (&str, &str) = ("image/png", "tweet_image");
const GIF: (&str, &str) = ("image/gif", "tweet_gif");
const MP4: (&str, &str) = ("video/mp4", "tweet_video");

async fn publish(scene: &Scene, who: &Person, text: &str, media: &[&String]) -> Answer {
    let mut body = json!({ "media": { "media_ids": media } });
    if !text.is_empty() {
        body["text"] = json!(text);
    }
    scene.post("/2/tweets", &who.token, body).await
}

fn assert_invalid(answer: &Answer, ids: &[&String]) {
    let expected = json!({
        "errors": [{
            "parameters": { "media.media_ids": ids },
            "message": "Your media IDs are invalid.",
        }],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    });
    assert_eq!((answer.status, &answer.body), (400, &expected));
}

#[tokio::test]
async fn a_post_with_a_picture_needs_no_text_and_gets_a_link() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = upload(&scene, &ann, PNG, &png(64)).await;
    let metadata = json!({ "id": id, "metadata": { "alt_text": { "text": "A cat" } } });
    scene.post("/2/media/metadata", &ann.token, metadata).await;
    let bare = publish(&scene, &ann, "", &[&id]).await;
    assert_eq!(bare.status, 201, "{}", bare.body);
    let link = bare.body["data"]["text"].as_str().unwrap();
    assert!(link.starts_with("https://t.co/"), "{link}");

    let other = upload(&scene, &ann, PNG, &png(65)).await;
    let both = publish(&scene, &ann, "Look", &[&id, &other]).await;
    let post = both.body["data"]["id"].as_str().unwrap();
    let path = format!(
        "/2/tweets/{post}?expansions=attachments.media_keys&tweet.fields=entities&\
         media.fields=url,alt_text,width,height,preview_image_url"
    );
    let body = scene.get(&path, &ann.token).await.body;
    let keys = [&id, &other].map(|id| format!("3_{id}"));
    assert_eq!(body["data"]["attachments"], json!({ "media_keys": keys }));
    let urls = body["data"]["entities"]["urls"].as_array().unwrap();
    let text = body["data"]["text"].as_str().unwrap();
    let expanded = format!("https://x.com/ann/status/{post}/photo/1");
    for (url, key) in urls.iter().zip(&keys) {
        assert_eq!(text, format!("Look {}", url["url"].as_str().unwrap()));
        assert_eq!((&url["media_key"], &url["expanded_url"]), (&json!(key), &json!(expanded)));
        assert_eq!((&url["start"], &url["end"]), (&json!(5), &json!(28)));
    }
    let first = &body["includes"]["media"][0];
    assert_eq!(first["url"], format!("https://pbs.twimg.com/media/{id}.jpg"));
    let told = ["type", "alt_text", "width", "height"].map(|name| first[name].clone());
    assert_eq!(told, [json!("photo"), json!("A cat"), json!(3), json!(2)]);
    assert!(first.get("preview_image_url").is_none());
    let uploaded = counted(&scene, &id).await;
    assert_eq!(uploaded["posts"].as_array().unwrap().len(), 2, "the books know where it is shown");
}

#[tokio::test]
async fn four_pictures_or_one_gif_or_one_film() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let mut pictures = Vec::new();
    for n in 0..4 {
        pictures.push(upload(&scene, &ann, PNG, &png(100 + n)).await);
    }
    let (one, two) =
        (upload(&scene, &ann, GIF, &gif(64)).await, upload(&scene, &ann, GIF, &gif(65)).await);
    let film = upload(&scene, &ann, MP4, &mp4(64)).await;
    assert_invalid(&publish(&scene, &ann, "too early", &[&film]).await, &[&film]);
    scene.pass(5);
    for refused in [
        vec![&one, &two],
        vec![&one, &film],
        vec![&pictures[0], &one],
        vec![&pictures[0], &pictures[0]],
    ] {
        assert_invalid(&publish(&scene, &ann, "mixed", &refused).await, &refused);
    }
    for allowed in [pictures.iter().collect(), vec![&one], vec![&film]] {
        let text = format!("{}", scene.turn());
        assert_eq!(publish(&scene, &ann, &text, &allowed).await.status, 201);
    }
    let none = publish(&scene, &ann, "none", &[]).await;
    let five = publish(&scene, &ann, "five", &[&one, &one, &one, &one, &one]).await;
    assert_eq!((none.status, five.status), (400, 400));
}

#[tokio::test]
async fn what_is_unknown_unfinished_failed_expired_or_not_ones_own_is_refused_alike() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let unfinished = begin(&scene, &ann, PNG, 64).await;
    let old = upload(&scene, &ann, PNG, &png(64)).await;
    scene.pass(86_400);
    scene.control("faults", json!({ "kind": "media_fails" })).await;
    let failed = upload(&scene, &ann, PNG, &png(64)).await;
    let foreign = upload(&scene, &bob, PNG, &png(64)).await;
    let (unknown, word) = ("123".to_owned(), "cat".to_owned());
    for id in [&unfinished, &old, &failed, &foreign, &unknown, &word] {
        assert_invalid(&publish(&scene, &ann, "no", &[id]).await, &[id]);
    }
    assert_eq!(publish(&scene, &bob, "mine", &[&foreign]).await.status, 201);

    let good = upload(&scene, &ann, PNG, &png(64)).await;
    scene.control("faults", json!({ "kind": "media_invalid" })).await;
    assert_invalid(&publish(&scene, &ann, "scripted", &[&good]).await, &[&good]);
    assert_eq!(publish(&scene, &ann, "scripted", &[&good]).await.status, 201);
}

#[tokio::test]
async fn an_additional_owner_may_publish_what_nobody_has_published() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let mut ids = Vec::new();
    for n in 0..2_u8 {
        let encoded = ["iVBORw0KGgoAAAA=", "iVBORw0KGgoAAAE="][usize::from(n)];
        let body = json!({
            "media": encoded, "media_category": "tweet_image", "additional_owners": [bob.id],
        });
        let answer = scene.post("/2/media/upload", &ann.token, body).await;
        ids.push(answer.body["data"]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(publish(&scene, &bob, "hers, by me", &[&ids[0]]).await.status, 201);
    assert_eq!(publish(&scene, &ann, "mine", &[&ids[1]]).await.status, 201);
    assert_invalid(&publish(&scene, &bob, "too late", &[&ids[1]]).await, &[&ids[1]]);
}

#[tokio::test]
async fn the_same_text_with_the_same_picture_is_a_duplicate_and_with_another_is_not() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let first = upload(&scene, &ann, PNG, &png(64)).await;
    let again = upload(&scene, &ann, PNG, &png(64)).await;
    let other = upload(&scene, &ann, PNG, &png(65)).await;
    assert_eq!(publish(&scene, &ann, "Look", &[&first]).await.status, 201);
    assert_eq!(publish(&scene, &ann, "Look", &[&other]).await.status, 201);
    let refused = publish(&scene, &ann, "Look", &[&again]).await;
    assert!(refused.detail().contains("duplicate content"), "{}", refused.body);
    scene.set(json!({ "refuse_duplicates": false })).await;
    assert_eq!(publish(&scene, &ann, "Look", &[&again]).await.status, 201);
    let counters = scene.counters().await;
    let groups: &Vec<Value> = counters["duplicate_posts"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{groups:?}");
    assert_eq!(groups[0]["ids"].as_array().unwrap().len(), 2);
}
