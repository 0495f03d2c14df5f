//! The only file that sends.
//!
//! One exchange a call: no redirects, no repetition (reqwest's own is switched off too), a limit
//! on time and on the size of what comes back. A span per request names endpoint, status and X's
//! transaction id; never a token, a text or an address with a query.
//!
//! What a request uses up is reserved before it is sent, and settled with what the answer said
//! ([`crate::rates`]).

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use hashbuzz_domain::Time;
use hashbuzz_social::{Access, ReadError, Settled, WriteError};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Response, Url, redirect, retry};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;
use url::form_urlencoded;

use crate::rates::{Billed, Rate, Tab};
use crate::remedy::{self, Answer, Failure};
use crate::settings::{Settings, SettingsError, Vocabulary};
use crate::sign::{self, Keys, Right};

/// The largest answer that is read: a page of 100 posts with everything is below 1 MiB.
const BODY_LIMIT: usize = 5 * 1024 * 1024;
/// Less than a lease, so that an answer can still be recorded by whoever asked.
const LONGEST_REQUEST: Duration = Duration::from_secs(50);
/// Shorter than servers usually keep a silent connection, so that few are found dead.
const IDLE: Duration = Duration::from_secs(20);

/// One request, before it is addressed and signed.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) rate: &'static Rate,
    /// What it costs where that is not the endpoint's usual price.
    pub(crate) billed: Billed,
    /// The most objects that it can deliver.
    pub(crate) at_most: u64,
    pub(crate) method: Method,
    /// Below the address, one entry a segment.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Body>,
}

/// What a request carries.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) content_type: HeaderValue,
    pub(crate) bytes: Vec<u8>,
}

impl Call {
    pub(crate) fn get(rate: &'static Rate, path: &[&str]) -> Self {
        Self::new(rate, Method::GET, path)
    }

    pub(crate) fn delete(rate: &'static Rate, path: &[&str]) -> Self {
        Self::new(rate, Method::DELETE, path)
    }

    /// With a body of JSON.
    pub(crate) fn post(rate: &'static Rate, path: &[&str], body: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(body).expect("our own shapes have string keys");
        let content_type = HeaderValue::from_static("application/json");
        let body = Some(Body { content_type, bytes });
        Self { body, ..Self::new(rate, Method::POST, path) }
    }

    /// With a body of any other type.
    pub(crate) fn post_body(rate: &'static Rate, path: &[&str], body: Body) -> Self {
        Self { body: Some(body), ..Self::new(rate, Method::POST, path) }
    }

    /// A command that says everything by its path.
    pub(crate) fn post_nothing(rate: &'static Rate, path: &[&str]) -> Self {
        Self::new(rate, Method::POST, path)
    }

    /// With a form as its body.
    pub(crate) fn form(rate: &'static Rate, path: &[&str], fields: &[(&str, &str)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let body = Some(Body { content_type, bytes: form.into_bytes() });
        Self { body, ..Self::new(rate, Method::POST, path) }
    }

    fn new(rate: &'static Rate, method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|&segment| segment.to_owned()).collect();
        let (billed, query) = (rate.billed, Vec::new());
        Self { rate, billed, at_most: 1, method, path, query, body: None }
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// It can deliver so many objects, and is billed for those that it does.
    pub(crate) const fn at_most(mut self, objects: u64) -> Self {
        self.at_most = objects;
        self
    }
}

/// An answer that says how much was delivered.
pub(crate) trait Delivers {
    /// The objects that X bills.
    fn objects(&self) -> u64;
}

/// Connections to X, and what every request needs.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    pub(crate) settings: Settings,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(settings: Settings) -> Result<Self, SettingsError> {
        let base = address(&settings.api_base);
        let base = base.ok_or_else(|| SettingsError::Address(settings.api_base.clone()))?;
        let request_timeout = settings.request_timeout;
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
        Ok(Self { http, base, settings })
    }

    /// The time by our clock.
    pub(crate) fn now(&self) -> Time {
        (self.settings.clock)()
    }

    /// Which names to ask by.
    pub(crate) const fn vocabulary(&self) -> Vocabulary {
        self.settings.vocabulary
    }

    /// The rights for what everybody may read: the app's own where there is one, and while that is
    /// used up, the profile's.
    pub(crate) fn public<'a>(&self, access: &'a Access) -> Vec<Right<'a>> {
        let app = self.settings.bearer.as_ref().map(|_| Right::App(access));
        app.into_iter().chain([Right::Profile(access)]).collect()
    }

    /// Reads with the first of `rights` under which something may still be asked. Anything but a
    /// success in the expected shape is an error.
    pub(crate) async fn read<T: DeserializeOwned + Delivers>(
        &self,
        rights: &[Right<'_>],
        call: Call,
    ) -> Result<T, ReadError> {
        let mut full: Option<ReadError> = None;
        let mut call = Some(call);
        for (i, right) in rights.iter().enumerate() {
            let last = i + 1 == rights.len();
            let this = if last { call.take() } else { call.as_ref().map(Call::again) };
            let Some(this) = this else { break };
            let name = this.rate.name;
            let (answer, tab) = match self.exchange(*right, this).await {
                Ok(answered) => answered,
                Err(Failure::Full(why)) if !last => {
                    full = sooner(full, remedy::of_unread(Failure::Full(why)));
                    continue;
                }
                Err(failure @ Failure::Full(_)) => {
                    let this = remedy::of_unread(failure);
                    return Err(sooner(full, this.clone()).unwrap_or(this));
                }
                Err(failure) => return Err(remedy::of_unread(failure)),
            };
            if answer.status.is_success() {
                let read: Result<T, _> = serde_json::from_slice(&answer.body);
                let objects = read.as_ref().map_or(0, Delivers::objects);
                self.settle(tab.answered(&answer, objects, self.now())).await;
                return read.map_err(|error| ReadError::Unavailable(malformed(name, &error)));
            }
            self.settle(tab.answered(&answer, 0, self.now())).await;
            match remedy::of_read(&answer, self.now()) {
                // The deployment's own token is not the profile's, and says nothing of it.
                ReadError::Unauthorized(words) if matches!(right, Right::App(_)) => {
                    tracing::error!(words, "X refuses the app's own bearer token");
                }
                ReadError::Unauthorized(_) if full.is_some() => break,
                error @ ReadError::RateLimited { .. } => full = sooner(full, error),
                error => return Err(error),
            }
        }
        Err(full.unwrap_or_else(|| ReadError::Unavailable("nobody may ask this".to_owned())))
    }

    /// Writes. A success whose body cannot be understood is an unknown outcome.
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        access: &Access,
        call: Call,
    ) -> Result<T, WriteError> {
        let name = call.rate.name;
        let answer = self.ask(Right::Profile(access), call).await.map_err(remedy::of_unwritten)?;
        if !answer.status.is_success() {
            return Err(remedy::of_write(&answer, self.now()));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| WriteError::Unknown(malformed(name, &error)))
    }

    /// Writes what has no answer worth reading: a success is one, whatever its body.
    pub(crate) async fn command(&self, access: &Access, call: Call) -> Result<(), WriteError> {
        let answer = self.ask(Right::Profile(access), call).await.map_err(remedy::of_unwritten)?;
        if answer.status.is_success() { Ok(()) } else { Err(remedy::of_write(&answer, self.now())) }
    }

    /// Sends once and reads what comes back, whatever its status. A success delivers one object.
    pub(crate) async fn ask(&self, right: Right<'_>, call: Call) -> Result<Answer, Failure> {
        let (answer, tab) = self.exchange(right, call).await?;
        let objects = u64::from(answer.status.is_success());
        self.settle(tab.answered(&answer, objects, self.now())).await;
        Ok(answer)
    }

    async fn settle(&self, settled: Settled) {
        if let Err(error) = self.settings.budget.settle(self.now(), &settled).await {
            tracing::warn!(%error, "what an answer said of X's limits is lost");
        }
    }

    /// Reserves, and sends once.
    async fn exchange(&self, right: Right<'_>, call: Call) -> Result<(Answer, Tab), Failure> {
        let money = (&self.settings.prices, &self.settings.caps);
        let tab = Tab::new(call.rate, call.billed, call.at_most, right, money);
        self.settings.budget.reserve(self.now(), tab.draws()).await.map_err(Failure::Full)?;
        let span = tracing::info_span!(
            "x.request",
            endpoint = call.rate.name,
            status = tracing::field::Empty,
            transaction = tracing::field::Empty,
        );
        match self.send(right, call).instrument(span).await {
            Ok(answer) => Ok((answer, tab)),
            Err(failure) => {
                self.settle(match failure {
                    Failure::NoAnswer(_) => tab.unanswered(),
                    Failure::Full(_) | Failure::Unsendable(_) | Failure::NotSent(_) => {
                        tab.not_sent()
                    }
                })
                .await;
                Err(failure)
            }
        }
    }

    async fn send(&self, right: Right<'_>, call: Call) -> Result<Answer, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("checked to be http(s)").pop_if_empty().extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let keys = Keys { app: self.settings.app.as_ref(), bearer: self.settings.bearer.as_ref() };
        let authorization = sign::authorization(right, keys, &call.method, &url, self.now())
            .map_err(Failure::Unsendable)?;
        let mut request = self
            .http
            .request(call.method, url)
            .header(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, body.content_type).body(body.bytes);
        }
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

impl Call {
    /// The same once more, under another right. Reads only: they carry nothing.
    fn again(&self) -> Self {
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            body: None,
            ..*self
        }
    }
}

/// The wait that is over first.
fn sooner(one: Option<ReadError>, other: ReadError) -> Option<ReadError> {
    match (one, other) {
        (
            Some(ReadError::RateLimited { until, scope }),
            ReadError::RateLimited { until: then, .. },
        ) if until <= then => Some(ReadError::RateLimited { until, scope }),
        (_, other) => Some(other),
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
