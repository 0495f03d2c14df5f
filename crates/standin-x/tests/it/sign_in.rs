//! OAuth 2.0 from the consent page to the last refresh.

use reqwest::header::LOCATION;
use serde_json::{Value, json};

use crate::scene::{Answer, Scene, answer};

const BACK: &str = "http://127.0.0.1:9/back";
/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn request<'a>(scene: &'a Scene, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", scene.app("client_id")),
        ("redirect_uri", BACK),
        ("scope", scope),
        ("state", "a&b"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

async fn consent(scene: &Scene, user: &str, scope: &str) -> String {
    let address = format!("{}/i/oauth2/authorize", scene.running.url());
    let mut form = request(scene, scope);
    form.push(("user", user));
    let answered = answer(scene.client.post(address).form(&form)).await.unwrap();
    assert_eq!(answered.status, 302, "{}", answered.body);
    let location = answered.headers[LOCATION].to_str().unwrap().to_owned();
    let code = location.strip_prefix(&format!("{BACK}?state=a%26b&code="));
    code.unwrap_or_else(|| panic!("{location}")).to_owned()
}

async fn token(scene: &Scene, form: &[(&str, &str)]) -> Answer {
    let address = format!("{}/2/oauth2/token", scene.running.url());
    let (id, secret) = (scene.app("client_id"), scene.app("client_secret"));
    let request = scene.client.post(address).basic_auth(id, Some(secret)).form(form);
    answer(request).await.unwrap()
}

async fn exchange(scene: &Scene, code: &str, verifier: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", verifier),
    ];
    token(scene, &form).await
}

async fn refresh(scene: &Scene, held: &Value) -> Answer {
    let held = held["refresh_token"].as_str().unwrap();
    token(scene, &[("grant_type", "refresh_token"), ("refresh_token", held)]).await
}

async fn me(scene: &Scene, tokens: &Value) -> u16 {
    scene.get("/2/users/me", tokens["access_token"].as_str().unwrap()).await.status
}

const ALL: &str = "tweet.read tweet.write users.read like.read offline.access";

#[tokio::test]
async fn a_code_becomes_a_token_within_30_seconds_and_once() {
    let scene = Scene::new().await;
    scene.person("ann").await;
    let code = consent(&scene, "ann", ALL).await;
    scene.pass(29);
    let answered = exchange(&scene, &code, VERIFIER).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    assert_eq!(answered.body["expires_in"], 7200);
    assert_eq!(answered.body["scope"], ALL);
    assert_eq!(me(&scene, &answered.body).await, 200);
    assert_eq!(exchange(&scene, &code, VERIFIER).await.status, 400);

    let code = consent(&scene, "ann", ALL).await;
    scene.pass(30);
    assert_eq!(exchange(&scene, &code, VERIFIER).await.status, 400, "too late");
    let code = consent(&scene, "ann", ALL).await;
    assert_eq!(exchange(&scene, &code, "guessed").await.status, 400, "not who asked");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_replay_ends_the_family() {
    let scene = Scene::new().await;
    scene.person("ann").await;
    let code = consent(&scene, "ann", ALL).await;
    let first = exchange(&scene, &code, VERIFIER).await.body;
    let second = refresh(&scene, &first).await.body;
    assert_eq!(me(&scene, &first).await, 401, "the token before it ends");
    assert_eq!(me(&scene, &second).await, 200);

    let replay = refresh(&scene, &first).await;
    assert_eq!(replay.status, 400);
    assert_eq!(
        replay.body,
        json!({
            "error": "invalid_request",
            "error_description": "Value passed for the token was invalid.",
        })
    );
    assert_eq!(me(&scene, &second).await, 401, "nobody knows who holds it");
    assert_eq!(refresh(&scene, &second).await.status, 400);
}

#[tokio::test]
async fn a_refresh_token_that_nobody_uses_ends_after_half_a_year() {
    let scene = Scene::new().await;
    let ann = scene.person_with(json!({ "handle": "ann" })).await;
    let bob = scene.person_with(json!({ "handle": "bob" })).await;
    let held = |refresh: &str| json!({ "refresh_token": refresh });
    scene.pass(182 * 24 * 3600 - 1);
    assert_eq!(refresh(&scene, &held(&ann.refresh)).await.status, 200);
    scene.pass(1);
    assert_eq!(refresh(&scene, &held(&bob.refresh)).await.status, 400);
}

#[tokio::test]
async fn a_lost_answer_to_a_refresh_costs_the_connection() {
    let scene = Scene::new().await;
    let ann = scene.person_with(json!({ "handle": "ann" })).await;
    scene.control("faults", json!({ "on": "oauth2_token", "kind": "drop_after_apply" })).await;
    let address = format!("{}/2/oauth2/token", scene.running.url());
    let form = [("grant_type", "refresh_token"), ("refresh_token", ann.refresh.as_str())];
    let client = (scene.app("client_id"), Some(scene.app("client_secret")));
    let lost = scene.client.post(address).basic_auth(client.0, client.1).form(&form).send().await;
    assert!(lost.is_err());
    assert_eq!(token(&scene, &form).await.status, 400);
}

#[tokio::test]
async fn clients_and_callbacks_have_to_be_known() {
    let scene = Scene::new().await;
    scene.person("ann").await;
    let address = format!("{}/2/oauth2/token", scene.running.url());
    let code = consent(&scene, "ann", ALL).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
        ("client_id", scene.app("client_id")),
    ];
    let public = || answer(scene.client.post(&address).form(&form));
    assert_eq!(public().await.unwrap().status, 401);
    scene.set(json!({ "confidential_client": false })).await;
    assert_eq!(public().await.unwrap().status, 200);

    scene.set(json!({ "callback_urls": ["https://hashbuzz.example/back"] })).await;
    let page = format!("{}/i/oauth2/authorize", scene.running.url());
    let query = request(&scene, ALL);
    let answered = answer(scene.client.get(page).query(&query)).await.unwrap();
    assert_eq!(answered.status, 400);
}

#[tokio::test]
async fn the_consent_page_lists_people_and_one_may_say_no() {
    let scene = Scene::new().await;
    scene.person_with(json!({ "handle": "ann", "name": "<Ann> \"A\"" })).await;
    let page = format!("{}/i/oauth2/authorize", scene.running.url());
    let query = request(&scene, ALL);
    let answered = answer(scene.client.get(&page).query(&query)).await.unwrap();
    let html = answered.body.as_str().unwrap();
    assert!(html.contains("&lt;Ann&gt; &quot;A&quot; (@ann)"), "{html}");
    let mut form = query.clone();
    form.push(("deny", "1"));
    let answered = answer(scene.client.post(&page).form(&form)).await.unwrap();
    let location = answered.headers[LOCATION].to_str().unwrap();
    assert_eq!(location, format!("{BACK}?state=a%26b&error=access_denied"));
}

#[tokio::test]
async fn a_revoked_token_and_its_family_are_gone() {
    let scene = Scene::new().await;
    scene.person("ann").await;
    let code = consent(&scene, "ann", ALL).await;
    let held = exchange(&scene, &code, VERIFIER).await.body;
    let address = format!("{}/2/oauth2/revoke", scene.running.url());
    let form = [("token", held["access_token"].as_str().unwrap())];
    let (id, secret) = (scene.app("client_id"), scene.app("client_secret"));
    let request = scene.client.post(address).basic_auth(id, Some(secret)).form(&form);
    assert_eq!(answer(request).await.unwrap().body, json!({ "revoked": true }));
    assert_eq!(me(&scene, &held).await, 401);
    assert_eq!(refresh(&scene, &held).await.status, 400);
}

#[tokio::test]
async fn the_app_gets_the_same_token_every_time() {
    let scene = Scene::new().await;
    let address = format!("{}/oauth2/token", scene.running.url());
    let (key, secret) = (scene.app("consumer_key"), scene.app("consumer_secret"));
    let form = [("grant_type", "client_credentials")];
    let request = scene.client.post(&address).basic_auth(key, Some(secret)).form(&form);
    let answered = answer(request).await.unwrap();
    assert_eq!(answered.body["access_token"], scene.app("bearer_token"));
    let wrong = scene.client.post(&address).basic_auth(key, Some("x")).form(&form);
    assert_eq!(answer(wrong).await.unwrap().status, 401);
}
