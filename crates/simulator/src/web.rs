//! A play's own HTTP client, which asks our API like anybody else and tells the stand-ins what to
//! do. It has nothing to do with the clients of the adapters.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

const LONGEST: Duration = Duration::from_secs(20);

/// A server, by its address.
#[derive(Clone, Debug)]
pub struct Web {
    client: Client,
    base: String,
}

/// An answer that is an error, with its body.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url} was answered with {status}: {body}")]
pub struct Refused {
    method: Method,
    url: String,
    /// The status.
    pub status: StatusCode,
    /// The body, a problem document as a rule.
    pub body: String,
}

impl Refused {
    /// The stable code of a problem document; empty when there is none.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Web {
    /// The server at `base`, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When no client can be built.
    pub fn new(base: String) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(LONGEST).no_proxy().build()?;
        Ok(Self { client, base })
    }

    /// Another server, asked by the same client: building one takes longer than many requests.
    #[must_use]
    pub fn at(&self, base: String) -> Self {
        Self { client: self.client.clone(), base }
    }

    /// Asks, with a key when there is one and a body when there is one.
    ///
    /// # Errors
    /// [`Refused`] inside; no answer; an answer that is not of this shape.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method.clone(), &url);
        request = key.into_iter().fold(request, RequestBuilder::bearer_auth);
        request = body.into_iter().fold(request, RequestBuilder::json);
        let answer = request.send().await.with_context(|| format!("{method} {url}"))?;
        let status = answer.status();
        let body = answer.text().await.with_context(|| format!("{method} {url}"))?;
        if !status.is_success() {
            return Err(Refused { method, url, status, body }.into());
        }
        let text = if body.is_empty() { "null" } else { &body };
        serde_json::from_str(text)
            .with_context(|| format!("{method} {url} was answered with `{body}`"))
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn send_bytes(&self, path: &str, key: &str, bytes: Vec<u8>) -> anyhow::Result<Value> {
        let (method, url) = (Method::POST, format!("{}{path}", self.base));
        let request = self.client.post(&url).bearer_auth(key).body(bytes);
        let answer = request.send().await.with_context(|| format!("{method} {url}"))?;
        let status = answer.status();
        let body = answer.text().await.with_context(|| format!("{method} {url}"))?;
        if !status.is_success() {
            return Err(Refused { method, url, status, body }.into());
        }
        serde_json::from_str(&body)
            .with_context(|| format!("{method} {url} was answered with `{body}`"))
    }

    /// `GET`.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(Method::GET, path, None, None).await
    }

    /// `POST` of a document.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        self.ask(Method::POST, path, None, Some(body)).await
    }
}
