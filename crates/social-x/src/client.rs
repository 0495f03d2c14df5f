//! The only file that sends.
//!
//! One exchange a call: no redirects, no repetition (reqwest's own is switched off too), a limit
//! on time and on the size of what comes back. A span per request names endpoint, status and X's
//! transaction id; never a token, a text or an address with a query.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use hashbuzz_domain::Time;
use hashbuzz_social::{Access, ReadError, WriteError};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::multipart::Form;
use reqwest::{Method, Response, Url, redirect, retry};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use crate::remedy::{self, Answer, Failure};
use crate::settings::{AppKeys, ClockFn, Settings, SettingsError, Vocabulary};
use crate::sign::{self, Right};

/// The largest answer that is read: a page of 100 posts with everything is below 1 MiB.
const BODY_LIMIT: usize = 5 * 1024 * 1024;
/// Less than a lease, so that an answer can still be recorded by whoever asked.
const LONGEST_REQUEST: Duration = Duration::from_secs(50);
/// Shorter than servers usually keep a silent connection, so that few are found dead.
const IDLE: Duration = Duration::from_secs(20);

/// One request, before it is addressed and signed.
#[derive(Debug)]
pub(crate) struct Call {
    /// What it is called in traces.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// Below the address, one entry a segment.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Body>,
}

/// What a request carries. None of it is part of a signature.
#[derive(Debug)]
pub(crate) enum Body {
    Json(Vec<u8>),
    Parts(Form),
}

impl Call {
    pub(crate) fn get(name: &'static str, path: &[&str]) -> Self {
        Self::new(name, Method::GET, path)
    }

    pub(crate) fn delete(name: &'static str, path: &[&str]) -> Self {
        Self::new(name, Method::DELETE, path)
    }

    pub(crate) fn post(name: &'static str, path: &[&str], body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own shapes have string keys");
        Self { body: Some(Body::Json(body)), ..Self::new(name, Method::POST, path) }
    }

    pub(crate) fn post_parts(name: &'static str, path: &[&str], parts: Form) -> Self {
        Self { body: Some(Body::Parts(parts)), ..Self::new(name, Method::POST, path) }
    }

    /// A command that says everything by its path.
    pub(crate) fn post_nothing(name: &'static str, path: &[&str]) -> Self {
        Self::new(name, Method::POST, path)
    }

    fn new(name: &'static str, method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|&segment| segment.to_owned()).collect();
        Self { name, method, path, query: Vec::new(), body: None }
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }
}

/// Connections to X, and what every request needs.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    app: Option<AppKeys>,
    bearer: Option<SecretString>,
    clock: ClockFn,
    pub(crate) vocabulary: Vocabulary,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(settings: Settings) -> Result<Self, SettingsError> {
        let Settings { api_base, app, bearer, request_timeout, clock, vocabulary } = settings;
        let base = address(&api_base).ok_or(SettingsError::Address(api_base))?;
        if request_timeout.is_zero() || request_timeout > LONGEST_REQUEST {
            return Err(SettingsError::TimeLimit(request_timeout));
        }
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| SettingsError::Connections(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("HashBuzz/", env!("CARGO_PKG_VERSION")))
            .timeout(request_timeout)
            .connect_timeout(request_timeout / 2)
            .pool_idle_timeout(IDLE)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .build()
            .map_err(|error| SettingsError::Connections(chain(&error)))?;
        Ok(Self { http, base, app, bearer, clock, vocabulary })
    }

    /// The time by our clock.
    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    /// The right for what everybody may read: the app's own where there is one.
    pub(crate) fn public<'a>(&'a self, access: &'a Access) -> Right<'a> {
        self.bearer.as_ref().map_or(Right::Profile(access), Right::App)
    }

    /// Reads. Anything but a success in the expected shape is an error.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        right: Right<'_>,
        call: Call,
    ) -> Result<T, ReadError> {
        let name = call.name;
        let answer = self.exchange(right, call).await.map_err(remedy::of_unread)?;
        if !answer.status.is_success() {
            return Err(remedy::of_read(&answer, self.now()));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| ReadError::Unavailable(malformed(name, &error)))
    }

    /// Writes. A success whose body cannot be understood is an unknown outcome.
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        access: &Access,
        call: Call,
    ) -> Result<T, WriteError> {
        let name = call.name;
        let right = Right::Profile(access);
        let answer = self.exchange(right, call).await.map_err(remedy::of_unwritten)?;
        if !answer.status.is_success() {
            return Err(remedy::of_write(&answer, self.now()));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| WriteError::Unknown(malformed(name, &error)))
    }

    /// Writes what has no answer worth reading: a success is one, whatever its body.
    pub(crate) async fn command(&self, access: &Access, call: Call) -> Result<(), WriteError> {
        let right = Right::Profile(access);
        let answer = self.exchange(right, call).await.map_err(remedy::of_unwritten)?;
        if answer.status.is_success() { Ok(()) } else { Err(remedy::of_write(&answer, self.now())) }
    }

    /// Sends once and reads what comes back, whatever its status.
    pub(crate) async fn exchange(&self, right: Right<'_>, call: Call) -> Result<Answer, Failure> {
        let span = tracing::info_span!(
            "x.request",
            endpoint = call.name,
            status = tracing::field::Empty,
            transaction = tracing::field::Empty,
        );
        self.send(right, call).instrument(span).await
    }

    async fn send(&self, right: Right<'_>, call: Call) -> Result<Answer, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("checked to be http(s)").pop_if_empty().extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let authorization =
            sign::authorization(right, self.app.as_ref(), &call.method, &url, self.now())
                .map_err(Failure::Unsendable)?;
        let mut request = self
            .http
            .request(call.method, url)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
        request = match call.body {
            Some(Body::Json(body)) => request
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body),
            Some(Body::Parts(parts)) => request.multipart(parts),
            None => request,
        };
        hashbuzz_crash::point!("x.send.before");
        let response = request.send().await.map_err(failure)?;
        // X has done what it was asked, and its answer is unread.
        hashbuzz_crash::point!("x.receive.before");
        let (status, headers) = (response.status(), response.headers().clone());
        let span = tracing::Span::current();
        span.record("status", status.as_u16());
        if let Some(id) = headers.get("x-transaction-id").and_then(|id| id.to_str().ok()) {
            span.record("transaction", id);
        }
        let body = match body(response).await {
            Ok(body) => body,
            // The status alone says that nothing was done; only the reason is lost.
            Err(_) if status.is_client_error() => Vec::new(),
            Err(why) => return Err(Failure::NoAnswer(why)),
        };
        hashbuzz_crash::point!("x.receive.after");
        tracing::debug!(bytes = body.len(), "answered");
        Ok(Answer { status, headers, body })
    }
}

/// Reads a body to its end or to the limit.
async fn body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| chain(&error.without_url()))? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(format!("the answer is longer than {BODY_LIMIT} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failure(error: reqwest::Error) -> Failure {
    let (connect, builder) = (error.is_connect(), error.is_builder());
    let why = chain(&error.without_url());
    if builder {
        Failure::Unsendable(why)
    } else if connect {
        Failure::NotSent(why)
    } else {
        Failure::NoAnswer(why)
    }
}

/// An error with its causes; reqwest's own text stops at the first.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn malformed(name: &str, error: &serde_json::Error) -> String {
    format!("{name} answered in a shape that is not X's (line {})", error.line())
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}
