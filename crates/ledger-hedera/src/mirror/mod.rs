//! The mirror node's REST API. This file alone sends HTTP; `answers` says what comes back.
//!
//! Limits: 50 requests a second for an address on the public one; 100 entries a page.
//! Surprises: it trails the network by seconds, so "not found" is no proof of absence; a reading
//! without a time bound may be cut to the last 60 days; the answer to a bad parameter is 400.

mod answers;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hashbuzz_ledger::ReadError;
use reqwest::header::ACCEPT;
use reqwest::{Client, RequestBuilder, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::json;

pub(crate) use answers::{AccountAnswer, KeyAnswer, Log, TransactionRow};

use crate::settings::SetupError;

/// A page of 100 log entries is about 150 kB; nothing that we ask for is longer than this.
const LONGEST_ANSWER: usize = 4 << 20;

/// Gas for reading the contract. Our views take less than a tenth.
const VIEW_GAS: u32 = 500_000;

pub(crate) struct Mirror {
    client: Client,
    /// Ends in `/api/v1/`.
    base: Url,
}

impl Mirror {
    pub(crate) fn new(base: &str, timeout: Duration) -> Result<Self, SetupError> {
        let base = api_root(base)?;
        // No redirects: an answer about money comes from the host that was named. No proxy from
        // the environment for the same reason. Nothing is repeated here.
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .user_agent(concat!("hashbuzz/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SetupError::Settings(format!("no HTTP client: {error}")))?;
        Ok(Self { client, base })
    }

    /// `None` for 404.
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ReadError> {
        let request = self.client.get(self.url(path)?).header(ACCEPT, "application/json");
        match send(request).await? {
            (StatusCode::OK, body) => parse(path, &body).map(Some),
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (status, body) => Err(refusal(path, status, &body)),
        }
    }

    /// Runs a view of the contract; `to` and `data` in hexadecimal with `0x`.
    pub(crate) async fn call(&self, to: &str, data: &str) -> Result<String, ReadError> {
        let path = "contracts/call";
        let body = json!({
            "block": "latest", "data": data, "estimate": false, "gas": VIEW_GAS, "to": to,
        });
        let request = self.client.post(self.url(path)?).json(&body);
        match send(request).await? {
            (StatusCode::OK, body) => parse::<answers::CallAnswer>(path, &body).map(|a| a.result),
            (status, body) => Err(refusal(path, status, &body)),
        }
    }

    fn url(&self, path: &str) -> Result<Url, ReadError> {
        self.base.join(path).map_err(|error| ReadError::Malformed(format!("{path}: {error}")))
    }
}

/// One request, one answer of bounded length.
async fn send(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), ReadError> {
    let unavailable = |error: reqwest::Error| {
        ReadError::Unavailable(format!("mirror node: {}", chain(&error.without_url())))
    };
    hashbuzz_crash::point!("mirror.send.before");
    let mut response = request.send().await.map_err(unavailable)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(ReadError::Malformed("mirror node: the answer has no end".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    hashbuzz_crash::point!("mirror.receive.after");
    Ok((response.status(), body))
}

fn parse<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(body)
        .map_err(|error| ReadError::Malformed(format!("mirror node, {path}: {error}")))
}

fn refusal(path: &str, status: StatusCode, body: &[u8]) -> ReadError {
    let body: String = String::from_utf8_lossy(body).chars().take(200).collect();
    let text = format!("mirror node, {path}: {status} {body}");
    let later = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    if later { ReadError::Unavailable(text) } else { ReadError::Malformed(text) }
}

/// An error with its causes: the outermost of `reqwest` says only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn api_root(base: &str) -> Result<Url, SetupError> {
    let wrong = |why: &str| SetupError::Settings(format!("mirror node `{base}`: {why}"));
    let url = Url::parse(&format!("{}/api/v1/", base.trim_end_matches('/')))
        .map_err(|_| wrong("not an address"))?;
    let host = url.host_str().ok_or_else(|| wrong("no host"))?.trim_matches(['[', ']']);
    let loopback =
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => {
            Err(wrong("money is believed from it, so it must be https (or on a loopback address)"))
        }
    }
}

fn tls() -> Result<rustls::ClientConfig, SetupError> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Settings(format!("no TLS: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
