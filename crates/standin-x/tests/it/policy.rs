//! What X's plans and its console forbid, and when what was done can be seen.

use reqwest::Method;
use serde_json::json;

use crate::scene::Scene;

#[tokio::test]
async fn quotes_and_likes_through_the_api_are_for_enterprise_customers() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let id = scene.publish(&ann, "like me").await;
    let likes = format!("/2/users/{}/likes", ann.id);
    let like = || scene.post(&likes, &ann.token, json!({ "tweet_id": id }));
    let quote = || {
        let body = json!({ "text": "look at this", "quote_tweet_id": id });
        scene.post("/2/tweets", &ann.token, body)
    };
    assert_eq!((like().await.status, quote().await.status), (403, 403));
    scene.set(json!({ "enterprise": true })).await;
    assert_eq!((like().await.status, quote().await.status), (200, 201));
    let quotes = scene.get(&format!("/2/tweets/{id}/quote_tweets"), &ann.token).await;
    assert_eq!(quotes.ids().len(), 1);
}

#[tokio::test]
async fn some_links_are_invalid() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "refused_hosts": ["bad.example"] })).await;
    let body = json!({ "text": "see https://BAD.example/x?y=1 now" });
    let refused = scene.post("/2/tweets", &ann.token, body).await;
    assert_eq!((refused.status, refused.detail()), (403, "The Tweet contains an invalid URL."));
    scene.publish(&ann, "see https://good.example").await;
}

#[tokio::test]
async fn an_app_that_is_set_up_wrongly_is_told_so() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "app_trouble": "not_enrolled" })).await;
    let refused = scene.get("/2/users/me", &ann.token).await;
    assert_eq!((refused.status, &refused.body["reason"]), (403, &json!("client-not-enrolled")));
    assert!(refused.body["type"].as_str().unwrap().ends_with("/client-forbidden"));
    scene.set(json!({ "app_trouble": "read_only" })).await;
    scene.publish(&ann, "a bearer token has scopes instead").await;
    let refused = scene.signed(Method::POST, &ann, "/2/tweets", json!({ "text": "x" })).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body["type"].as_str().unwrap().ends_with("/oauth1-permissions"));
}

#[tokio::test]
async fn a_young_post_may_not_be_found_by_its_id_yet() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.set(json!({ "lookup_delay_ms": 3_000 })).await;
    let id = scene.publish(&ann, "wait for me").await;
    let path = format!("/2/tweets?ids={id}");
    let early = scene.get(&path, &ann.token).await;
    assert!(early.ids().is_empty());
    assert_eq!(early.body["errors"][0]["title"], "Not Found Error");
    scene.pass(3);
    assert_eq!(scene.get(&path, &ann.token).await.ids(), [id]);
}

#[tokio::test]
async fn people_are_found_by_their_handles() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let answer = scene.get("/2/users/by?usernames=BOB,nobody,ann", &ann.token).await;
    assert_eq!(answer.ids(), [bob.id, ann.id.clone()]);
    let missing = &answer.body["errors"][0];
    assert_eq!((&missing["value"], &missing["parameter"]), (&json!("nobody"), &json!("usernames")));
    let many = vec!["ann"; 101].join(",");
    for wrong in ["", "usernames=", "usernames=a-b", &format!("usernames={many}")] {
        let path = format!("/2/users/by?{wrong}");
        assert_eq!(scene.get(&path, &ann.token).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn counting_takes_a_bearer_token() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let path = "/2/tweets/counts/recent";
    let signed = scene.signed(Method::GET, &ann, path, json!(null)).await;
    assert_eq!((signed.status, &signed.body["title"]), (403, &json!("Unsupported Authentication")));
    assert!(signed.detail().starts_with("Authenticating with OAuth 1.0a User Context is forb"));
    for token in [ann.token.as_str(), scene.app("bearer_token")] {
        assert_eq!(scene.get(&format!("{path}?query=x"), token).await.status, 200);
    }
}

#[tokio::test]
async fn what_surrounds_media_is_checked_too() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    for (media, expected) in [
        (json!({ "media_ids": ["1"], "owner": "x" }), 400),
        (json!({ "media_ids": ["1"], "title": "x" }), 403),
        (json!({ "media_ids": ["1"], "tagged_user_ids": ["x"] }), 400),
        (json!({ "media_ids": ["1"], "tagged_user_ids": vec!["1"; 11] }), 400),
    ] {
        let body = json!({ "text": "x", "media": media });
        let answer = scene.post("/2/tweets", &ann.token, body.clone()).await;
        assert_eq!(answer.status, expected, "{body}");
    }
}
