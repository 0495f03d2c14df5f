//! OAuth 1.0a, signed here by a library that is not ours.

use std::num::NonZeroU64;

use oauth1_request::signature_method::HmacSha1;
use oauth1_request::{Builder, Credentials, ParameterList};
use reqwest::header::AUTHORIZATION;
use serde_json::json;

use crate::scene::{Answer, Person, Scene, answer};

/// What is signed, and with what.
struct Signing<'a> {
    base: String,
    secret: &'a str,
    nonce: &'a str,
    timestamp: i64,
}

impl<'a> Signing<'a> {
    fn of(scene: &Scene, person: &'a Person, nonce: &'a str) -> Self {
        Signing {
            base: scene.running.url(),
            secret: &person.secret,
            nonce,
            timestamp: scene.seconds(),
        }
    }

    fn header(
        &self,
        scene: &Scene,
        person: &Person,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> String {
        let client = Credentials::new(scene.app("consumer_key"), scene.app("consumer_secret"));
        let mut builder = Builder::<_, &str, &str>::new(client, HmacSha1::new());
        builder
            .token(Credentials::new(person.key.as_str(), self.secret))
            .nonce(self.nonce)
            .timestamp(NonZeroU64::new(self.timestamp.unsigned_abs()));
        let uri = format!("{}{path}", self.base);
        let mut query = query.to_vec();
        query.sort_unstable();
        builder.authorize(method, uri, &ParameterList::new(query))
    }
}

async fn me(scene: &Scene, person: &Person, signing: &Signing<'_>) -> Answer {
    let query = [("user.fields", "created_at,public_metrics")];
    let header = signing.header(scene, person, "GET", "/2/users/me", &query);
    let address = format!("{}/2/users/me", scene.running.url());
    answer(scene.client.get(address).query(&query).header(AUTHORIZATION, header)).await.unwrap()
}

#[tokio::test]
async fn a_signed_request_is_the_persons_own() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let answered = me(&scene, &ann, &Signing::of(&scene, &ann, "n1")).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    assert_eq!(answered.body["data"]["id"], ann.id.as_str());

    let signing = Signing::of(&scene, &ann, "n2");
    let header = signing.header(&scene, &ann, "POST", "/2/tweets", &[]);
    let address = format!("{}/2/tweets", scene.running.url());
    let request = scene.client.post(address).header(AUTHORIZATION, header);
    let answered = answer(request.json(&json!({ "text": "signed & sent ☑" }))).await.unwrap();
    assert_eq!(answered.status, 201, "a JSON body is not signed: {}", answered.body);
}

#[tokio::test]
async fn a_signature_is_good_once_and_near_its_time_only() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    let first = Signing::of(&scene, &ann, "once");
    assert_eq!(me(&scene, &ann, &first).await.status, 200);
    assert_eq!(me(&scene, &ann, &first).await.status, 401, "the nonce was used");

    let early = Signing { timestamp: scene.seconds() - 301, ..Signing::of(&scene, &ann, "n3") };
    assert_eq!(me(&scene, &ann, &early).await.status, 401);
    let late = Signing { timestamp: scene.seconds() + 301, ..Signing::of(&scene, &ann, "n4") };
    assert_eq!(me(&scene, &ann, &late).await.status, 401);
    scene.set(json!({ "oauth1_skew_secs": null })).await;
    assert_eq!(me(&scene, &ann, &late).await.status, 200, "unless nobody looks at it");
}

#[tokio::test]
async fn a_signature_with_a_wrong_secret_or_address_or_query_is_refused() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.person("ann").await, scene.person("bob").await);
    let forged = Signing { secret: &bob.secret, ..Signing::of(&scene, &ann, "n1") };
    assert_eq!(me(&scene, &ann, &forged).await.status, 401);
    let honest = Signing::of(&scene, &ann, "n1");
    assert_eq!(me(&scene, &ann, &honest).await.status, 200, "a forgery uses up no nonce");

    let elsewhere =
        || Signing { base: "https://api.example.org".into(), ..Signing::of(&scene, &ann, "n2") };
    assert_eq!(me(&scene, &ann, &elsewhere()).await.status, 401);
    scene.set(json!({ "public_base_url": "https://api.example.org" })).await;
    assert_eq!(me(&scene, &ann, &elsewhere()).await.status, 200);

    let unsigned =
        Signing { base: "https://api.example.org".into(), ..Signing::of(&scene, &ann, "n5") };
    let header = unsigned.header(&scene, &ann, "GET", "/2/users/me", &[]);
    let address = format!("{}/2/users/me?user.fields=created_at", scene.running.url());
    let tampered = scene.client.get(address).header(AUTHORIZATION, header);
    assert_eq!(answer(tampered).await.unwrap().status, 401);
}

#[tokio::test]
async fn revoking_ends_a_signed_token_too() {
    let scene = Scene::new().await;
    let ann = scene.person("ann").await;
    scene.control("revoke", json!({ "user": ann.id })).await;
    assert_eq!(me(&scene, &ann, &Signing::of(&scene, &ann, "n1")).await.status, 401);
}
