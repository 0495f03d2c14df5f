//! A running stand-in with a clock that stands still, and people in it.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use hashbuzz_standin_x::{Clock, Config, Limits, Running, start};
use oauth1_request::signature_method::HmacSha1;
use oauth1_request::{Builder, Credentials, ParameterList};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// 2026-03-01T12:00:00Z in microseconds.
pub(crate) const NOON: i64 = 1_772_366_400_000_000;

/// A stand-in and a client.
pub(crate) struct Scene {
    pub(crate) running: Running,
    pub(crate) client: Client,
    now: Arc<AtomicI64>,
    app: Value,
    turn: AtomicU64,
}

/// Somebody, with their keys.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    /// The ids of `data`, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let rows = self.body["data"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn next(&self) -> Option<&str> {
        self.body["meta"]["next_token"].as_str()
    }

    pub(crate) fn header(&self, name: &str) -> i64 {
        self.headers[name].to_str().unwrap().parse().unwrap()
    }

    pub(crate) fn is(&self, status: StatusCode) -> bool {
        self.status == status.as_u16()
    }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(|config| config).await
    }

    pub(crate) async fn with(change: impl FnOnce(Config) -> Config) -> Self {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| {
            rustls::crypto::ring::default_provider().install_default().unwrap();
        });
        let now = Arc::new(AtomicI64::new(NOON));
        let config = Config::new(Clock::Manual(now.clone()));
        let running = start(change(config)).await.unwrap();
        let client = Client::builder()
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let app = client.get(format!("{}/_standin/app", running.url())).send().await.unwrap();
        let app = app.json().await.unwrap();
        Self { running, client, now, app, turn: AtomicU64::new(0) }
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::with(|config| Config { limits, ..config }).await
    }

    pub(crate) fn app(&self, key: &str) -> &str {
        self.app[key].as_str().unwrap()
    }

    /// Seconds since the epoch.
    pub(crate) fn seconds(&self) -> i64 {
        self.now.load(Ordering::SeqCst) / 1_000_000
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// A number that was not given out before, to keep texts apart.
    pub(crate) fn turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) async fn person(&self, handle: &str) -> Person {
        self.person_with(json!({ "handle": handle, "token_lifetime_secs": 0 })).await
    }

    pub(crate) async fn person_with(&self, spec: Value) -> Person {
        self.people(vec![spec]).await.remove(0)
    }

    pub(crate) async fn crowd(&self, prefix: &str, count: usize) -> Vec<Person> {
        let spec = |n| json!({ "handle": format!("{prefix}{n}"), "token_lifetime_secs": 0 });
        self.people((0..count).map(spec).collect()).await
    }

    async fn people(&self, specs: Vec<Value>) -> Vec<Person> {
        let answer = self.control("users", json!(specs)).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows = answer["users"].as_array().unwrap_or_else(|| panic!("{answer}"));
        rows.iter()
            .map(|user| Person {
                id: text(&user["id"]),
                token: text(&user["oauth2"]["access_token"]),
                refresh: text(&user["oauth2"]["refresh_token"]),
                key: text(&user["oauth1"]["token"]),
                secret: text(&user["oauth1"]["secret"]),
            })
            .collect()
    }

    /// `POST /_standin/{what}`
    pub(crate) async fn control(&self, what: &str, body: Value) -> Value {
        let address = format!("{}/_standin/{what}", self.running.url());
        self.client.post(address).json(&body).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn set(&self, settings: Value) {
        let address = format!("{}/_standin/settings", self.running.url());
        let answer = self.client.patch(address).json(&settings).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }

    pub(crate) async fn settings(&self) -> Value {
        let address = format!("{}/_standin/settings", self.running.url());
        self.client.get(address).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn counters(&self) -> Value {
        let address = format!("{}/_standin/counters", self.running.url());
        self.client.get(address).send().await.unwrap().json().await.unwrap()
    }

    /// One act, now; the id of the post that came of it.
    pub(crate) async fn act(&self, user: &Person, kind: &str, post: &str, text: &str) -> String {
        let mut act = json!({ "user": user.id, "kind": kind, "text": text });
        if !post.is_empty() {
            act["post"] = json!(post);
        }
        let answer = self.control("acts", json!([act])).await;
        assert!(answer["acts"][0]["refused"].is_null(), "{answer}");
        answer["acts"][0]["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A request of the API; `Err` when there was no answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        let address = format!("{}{path}", self.running.url());
        let mut request = self.client.request(method, address);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, token, None).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, token, Some(body)).await.unwrap()
    }

    /// The same, signed by OAuth 1.0a; a body that is null is not sent.
    pub(crate) async fn signed(
        &self,
        method: Method,
        person: &Person,
        path: &str,
        body: Value,
    ) -> Answer {
        let client = Credentials::new(self.app("consumer_key"), self.app("consumer_secret"));
        let nonce = format!("n{}", self.turn());
        let mut builder = Builder::<_, &str, &str>::new(client, HmacSha1::new());
        builder
            .token(Credentials::new(person.key.as_str(), person.secret.as_str()))
            .nonce(nonce.as_str())
            .timestamp(NonZeroU64::new(self.seconds().unsigned_abs()));
        let address = format!("{}{path}", self.running.url());
        let nothing: [(&str, &str); 0] = [];
        let header = builder.authorize(method.as_str(), &address, &ParameterList::new(nothing));
        let mut request = self.client.request(method, address).header("authorization", header);
        if !body.is_null() {
            request = request.json(&body);
        }
        answer(request).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::DELETE, path, token, None).await.unwrap()
    }

    /// Publishes, and expects that to work; the new post's id.
    pub(crate) async fn publish(&self, author: &Person, text: &str) -> String {
        let answer = self.post("/2/tweets", &author.token, json!({ "text": text })).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["data"]["id"].as_str().unwrap().to_owned()
    }
}

/// Sends a request and reads the answer.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { status, headers, body })
}
