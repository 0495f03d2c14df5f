//! What is paid, by whom, and what happens when nobody does.

use serde_json::{Value, json};

use crate::scene::Scene;

/// What was spent on a route: how many were paid for, and millionths of a dollar.
async fn spent(scene: &Scene, route: &str) -> (u64, u64) {
    let counters = scene.counters().await;
    let rows = counters["spend"]["routes"].as_array().unwrap().clone();
    let row = rows.into_iter().find(|row| row["route"] == route).unwrap_or_default();
    (row["units"].as_u64().unwrap_or_default(), row["micros"].as_u64().unwrap_or_default())
}

async fn total(scene: &Scene) -> Value {
    scene.counters().await["spend"]["total_micros"].clone()
}

#[tokio::test]
async fn a_post_costs_by_what_is_in_it() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let plain = scene.publish(&ann, "plain").await;
    assert_eq!(spent(&scene, "create_post").await, (1, 15_000));
    scene.publish(&ann, "see hashbuzz.example and https://hashbuzz.example").await;
    assert_eq!(spent(&scene, "create_post").await, (2, 215_000));
    let reply = |target: &str| json!({ "text": format!("so {target}"), "reply": { "in_reply_to_tweet_id": target } });
    scene.post("/2/tweets", &ann.token, reply(&plain)).await;
    assert_eq!(spent(&scene, "create_post").await, (3, 230_000), "to oneself: a post");
    let named = scene.act(&bob, "post", "", "what do you say, @ann?").await;
    scene.post("/2/tweets", &ann.token, reply(&named)).await;
    assert_eq!(spent(&scene, "create_post").await, (4, 240_000), "summoned");

    scene.post("/2/tweets", &ann.token, json!({ "text": "plain" })).await;
    assert_eq!(spent(&scene, "create_post").await, (4, 240_000), "a refusal is free");
    scene.delete(&format!("/2/tweets/{plain}"), &ann.token).await;
    assert_eq!(spent(&scene, "delete_post").await, (1, 10_000));
    assert_eq!(total(&scene).await, 250_000);
}

#[tokio::test]
async fn the_same_thing_is_paid_for_once_a_day_wherever_it_is_read() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let ids = [scene.publish(&ann, "one").await, scene.publish(&ann, "two").await];
    for fan in scene.crowd("fan", 3).await {
        scene.act(&fan, "repost", &ids[0], "").await;
    }
    let lookup = format!("/2/tweets?ids={},{},99&expansions=author_id", ids[0], ids[1]);
    for _ in 0..2 {
        assert_eq!(scene.get(&lookup, &ann.token).await.status, 200);
        assert_eq!(spent(&scene, "posts_by_ids").await, (2, 10_000), "what is gone is free");
    }
    scene.get(&format!("/2/users/{}/tweets", ann.id), &ann.token).await;
    assert_eq!(spent(&scene, "timeline").await, (0, 0), "they were read already");
    scene.get(&format!("/2/tweets/{}/retweeted_by", ids[0]), &ann.token).await;
    assert_eq!(spent(&scene, "reposted_by").await, (3, 30_000));
    scene.get("/2/users/me", &ann.token).await;
    assert_eq!(spent(&scene, "me").await, (1, 10_000));
    scene.get("/2/tweets/counts/recent?query=one", &ann.token).await;
    assert_eq!(spent(&scene, "count_recent").await, (1, 5_000));
    // Noon to midnight.
    scene.pass(12 * 3600);
    scene.get(&lookup, &ann.token).await;
    assert_eq!(spent(&scene, "posts_by_ids").await, (4, 20_000), "a new day");
}

#[tokio::test]
async fn the_owner_of_the_app_reads_their_own_posts_for_less() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    scene.set(json!({ "app_owner": "ann" })).await;
    let (own, other) = (scene.publish(&ann, "mine").await, scene.publish(&bob, "his").await);
    scene.get(&format!("/2/tweets?ids={own},{other}"), &ann.token).await;
    assert_eq!(spent(&scene, "posts_by_ids").await, (2, 6_000));
}

#[tokio::test]
async fn what_the_credit_does_not_cover_is_answered_with_402() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "credits": 30_000 })).await;
    let id = scene.publish(&ann, "costs 15,000").await;
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200, "10,000");
    assert_eq!(scene.settings().await["credits"], 5_000);
    let refused = scene.post("/2/tweets", &ann.token, json!({ "text": "too dear" })).await;
    assert_eq!((refused.status, &refused.body["title"]), (402, &json!("CreditsDepleted")));
    let path = format!("/2/tweets/{id}");
    scene.set(json!({ "credits": 199_999 })).await;
    let linked = json!({ "text": "see https://hashbuzz.example" });
    let refused = scene.post("/2/tweets", &ann.token, linked.clone()).await;
    assert_eq!(refused.status, 402, "a link costs 200,000");
    scene.set(json!({ "credits": 205_000 })).await;
    assert_eq!(scene.post("/2/tweets", &ann.token, linked).await.status, 201);
    assert_eq!(scene.get(&path, &ann.token).await.status, 200, "that is just enough");
    assert_eq!(scene.get(&path, &ann.token).await.status, 402, "and now there is nothing");
    let upload = scene.post("/2/media/upload/initialize", &ann.token, json!({})).await;
    assert_eq!(upload.status, 402, "not even what is free");
    scene.set(json!({ "credits": 1_000_000 })).await;
    assert_eq!(scene.get(&path, &ann.token).await.status, 200, "until somebody pays");
}

#[tokio::test]
async fn the_months_reads_end_and_come_back_with_the_next_month() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    assert_eq!(scene.settings().await["reads_left"], 3_000_000);
    let id = scene.publish(&ann, "read me").await;
    scene.set(json!({ "reads_left": 1 })).await;
    let path = format!("/2/tweets/{id}");
    assert_eq!(scene.get(&path, &ann.token).await.status, 200);
    let refused = scene.get(&path, &ann.token).await;
    assert_eq!((refused.status, &refused.body["title"]), (429, &json!("UsageCapExceeded")));
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200, "only posts are capped");
    // From the first of March to the first of April.
    scene.pass(31 * 24 * 3600);
    assert_eq!(scene.get(&path, &ann.token).await.status, 200);
    assert_eq!(scene.settings().await["reads_left"], 2_999_999);
}
