//! Who may ask what.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::scene::Scene;

const UNAUTHORIZED: &str =
    r#"{"detail":"Unauthorized","status":401,"title":"Unauthorized","type":"about:blank"}"#;

#[tokio::test]
async fn nothing_is_answered_without_a_valid_token() {
    let scene = Scene::new().await;
    for token in ["", "wrong", "AAAAAAAAAAAAAAAAAAAAA"] {
        for path in ["/2/users/me", "/2/tweets?ids=1", "/2/tweets/1/liking_users"] {
            let answer = scene.get(path, token).await;
            assert_eq!(answer.status, 401, "{path} {token}");
            assert_eq!(answer.body.to_string(), UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn the_app_alone_may_read_what_is_public_and_nothing_personal() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let post = scene.publish(&ann, "hello").await;
    let bearer = scene.app("bearer_token").to_owned();
    for path in [
        format!("/2/tweets?ids={post}"),
        format!("/2/tweets/{post}"),
        format!("/2/tweets/{post}/retweeted_by"),
        format!("/2/tweets/{post}/quote_tweets"),
        format!("/2/users/{}", ann.id),
        format!("/2/users/{}/tweets", ann.id),
        "/2/users/by/username/ann".to_owned(),
        "/2/tweets/search/recent?query=hello".to_owned(),
    ] {
        assert_eq!(scene.get(&path, &bearer).await.status, 200, "{path}");
    }
    let me = format!("/2/users/{}/likes", ann.id);
    for (method, path) in [
        (Method::GET, "/2/users/me".to_owned()),
        (Method::GET, format!("/2/tweets/{post}/liking_users")),
        (Method::POST, "/2/tweets".to_owned()),
        (Method::DELETE, format!("/2/tweets/{post}")),
        (Method::POST, me),
    ] {
        let answer = scene.ask(method, &path, &bearer, Some(json!({}))).await.unwrap();
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(answer.body["title"], "Unsupported Authentication");
        let kind = answer.body["type"].as_str().unwrap();
        assert!(kind.ends_with("/2/problems/unsupported-authentication"));
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused() {
    let scene = Scene::new().await;
    let reader = json!({ "handle": "ann", "scopes": ["tweet.read", "users.read"] });
    let ann = scene.person_with(reader).await;
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200);
    assert!(ann.refresh.is_empty(), "without offline.access there is no refresh token");
    let answer = scene.post("/2/tweets", &ann.token, json!({ "text": "x" })).await;
    assert!(answer.is(StatusCode::FORBIDDEN));
    let answer = scene.get("/2/tweets/1/liking_users", &ann.token).await;
    assert_eq!((answer.status, answer.detail()), (403, "Forbidden"));
}

#[tokio::test]
async fn an_access_token_lives_two_hours_and_a_revoked_one_not_at_all() {
    let scene = Scene::new().await;
    let ann = scene.person_with(json!({ "handle": "ann" })).await;
    scene.pass(2 * 3600 - 1);
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 200);
    scene.pass(1);
    assert_eq!(scene.get("/2/users/me", &ann.token).await.status, 401);

    let bob = scene.person("bob").await;
    assert_eq!(scene.get("/2/users/me", &bob.token).await.status, 200);
    scene.control("revoke", json!({ "user": "bob" })).await;
    assert_eq!(scene.get("/2/users/me", &bob.token).await.body.to_string(), UNAUTHORIZED);
}

#[tokio::test]
async fn a_suspended_account_cannot_act_and_is_not_found() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let post = scene.publish(&ann, "soon gone").await;
    scene.control("suspend", json!({ "user": "ann" })).await;

    let answer = scene.post("/2/tweets", &ann.token, json!({ "text": "x" })).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body["type"].as_str().unwrap().ends_with("/user-suspended"));
    let answer = scene.get("/2/users/by/username/ann", &bob.token).await;
    assert_eq!(answer.body["errors"][0]["detail"], "User has been suspended: [ann].");
    let answer = scene.get(&format!("/2/tweets?ids={post}"), &bob.token).await;
    assert_eq!((answer.status, &answer.body["data"]), (200, &Value::Null));

    scene.control("suspend", json!({ "user": "ann", "suspended": false })).await;
    assert_eq!(scene.get(&format!("/2/tweets?ids={post}"), &bob.token).await.ids(), [post]);
}
