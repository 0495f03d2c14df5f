//! A client of the API that notices lost answers, as a careful program of a campaigner would.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::far::client;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The stable code of a problem; empty for a success.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// The request was sent, or not, and there is no answer.
#[derive(Debug)]
pub(crate) struct Lost;

/// Asks with one connection pool, whatever address the server has now.
#[derive(Clone)]
pub(crate) struct Api {
    web: reqwest::Client,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self { web: client() }
    }

    /// Asks the server at `address`.
    pub(crate) async fn ask(
        &self,
        method: Method,
        address: &str,
        path: &str,
        key: &SecretString,
        body: Option<&Value>,
    ) -> Result<Answer, Lost> {
        let url = format!("http://{address}{path}");
        let mut request = self.web.request(method, url).bearer_auth(key.expose_secret());
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|_| Lost)?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|_| Lost)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    /// Asks a server that stays; anything but a success ends the test.
    pub(crate) async fn must(
        &self,
        method: Method,
        address: &str,
        path: &str,
        key: &SecretString,
        body: Option<&Value>,
    ) -> Value {
        let asked = self.ask(method.clone(), address, path, key, body).await;
        let answer = asked.expect("the server answers");
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        answer.body
    }

    /// Whether the server is ready.
    pub(crate) async fn is_ready(&self, address: &str) -> bool {
        let asked = self.web.get(format!("http://{address}/readyz")).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }
}
