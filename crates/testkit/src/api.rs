//! Our API as a program sees it.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// Status and body; the body is null when it is no JSON.
pub type Answer = (u16, Value);

/// The API in the hands of whoever holds a key.
#[derive(Clone, Debug)]
pub struct Api {
    http: Client,
    /// Changes when the server starts again.
    base: Arc<Mutex<String>>,
    key: Option<SecretString>,
}

impl Api {
    pub(crate) fn new(http: Client, base: Arc<Mutex<String>>, key: Option<SecretString>) -> Self {
        Self { http, base, key }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.ask(Method::GET, path)).await
    }

    /// Gives a command without a body.
    pub async fn post(&self, path: &str) -> Answer {
        self.send(self.ask(Method::POST, path)).await
    }

    /// Sends a JSON body.
    pub async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(self.ask(method, path).json(body)).await
    }

    /// Sends bytes as they are.
    pub async fn send_bytes(&self, path: &str, bytes: Vec<u8>) -> Answer {
        self.send(self.ask(Method::POST, path).body(bytes)).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.ask(Method::DELETE, path)).await
    }

    /// Reads what is no JSON: status, type and bytes.
    ///
    /// # Panics
    /// When the API does not answer.
    pub async fn bytes(&self, path: &str) -> (u16, String, Vec<u8>) {
        let answer = self.ask(Method::GET, path).send().await.expect("the API answers");
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let (status, kind) = (answer.status().as_u16(), kind.unwrap_or_default().to_owned());
        (status, kind, answer.bytes().await.expect("an answer can be read").to_vec())
    }

    /// One of `submit`, `publish`, `close`, … on a campaign.
    pub async fn command(&self, campaign: &str, command: &str) -> Answer {
        self.post(&format!("/v2/campaigns/{campaign}/{command}")).await
    }

    /// A campaign.
    ///
    /// # Panics
    /// When it is not shown.
    pub async fn campaign(&self, campaign: &str) -> Value {
        let (status, body) = self.get(&format!("/v2/campaigns/{campaign}")).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The same API without a key, or with another one.
    #[must_use]
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self { key: key.map(SecretString::from), ..self.clone() }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.base.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let request = self.http.request(method, format!("{base}{path}"));
        match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.expect("the API answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("an answer can be read");
        (status, serde_json::from_str(&text).unwrap_or_default())
    }
}
