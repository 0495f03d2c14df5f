//! The far end of a socket: answers what a test recorded, in order, and remembers what was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, Time};
use hashbuzz_social::{Access, Collect, Cursor, ListKey};
use hashbuzz_social_x::{Settings, X};
use tokio::net::TcpListener;

/// 2026-09-01T12:00:00Z, the present of every test here.
pub(crate) const NOW: Time = Time::from_micros(1_788_264_000_000_000);

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    /// The decoded query, in the order in which it was sent.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let whole = format!("http://x{}", self.uri);
        let url: Uri = whole.parse().unwrap();
        let query = url.query().unwrap_or_default().to_owned();
        query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap();
                (decode(key), decode(value))
            })
            .collect()
    }

    pub(crate) fn parameter(&self, key: &str) -> Option<String> {
        self.query().into_iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let (byte, more) = match first {
            b'+' => (b' ', more),
            b'%' => {
                let digits = std::str::from_utf8(&more[..2]).unwrap();
                (u8::from_str_radix(digits, 16).unwrap(), &more[2..])
            }
            plain => (*plain, more),
        };
        bytes.push(byte);
        rest = more;
    }
    String::from_utf8(bytes).unwrap()
}

struct Recorded {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Recorded>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A server with recorded answers.
pub(crate) struct Far {
    pub(crate) address: String,
    script: Script,
}

impl Far {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let script = Script::default();
        let app = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, script }
    }

    /// Starts with one answer recorded.
    pub(crate) async fn with(status: u16, body: &str) -> Self {
        Self::start().await.then(status, &[], body)
    }

    /// Records one more answer.
    pub(crate) fn then(self, status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let recorded = Recorded { status, headers, body: body.to_owned() };
        self.script.answers.lock().unwrap().push_back(recorded);
        self
    }

    pub(crate) fn x(&self) -> X {
        X::new(settings(&self.address)).unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    script.asked.lock().unwrap().push(Asked { method, uri, headers, body });
    let Some(recorded) = script.answers.lock().unwrap().pop_front() else {
        return (StatusCode::IM_A_TEAPOT, "asked more often than recorded").into_response();
    };
    let mut response =
        (StatusCode::from_u16(recorded.status).unwrap(), recorded.body).into_response();
    for (key, value) in recorded.headers {
        response.headers_mut().insert(
            HeaderName::from_bytes(key.as_bytes()).unwrap(),
            HeaderValue::from_str(&value).unwrap(),
        );
    }
    response
}

pub(crate) fn settings(address: &str) -> Settings {
    let mut settings = Settings::new(Arc::new(|| NOW));
    settings.api_base = address.to_owned();
    settings.request_timeout = Duration::from_secs(10);
    settings
}

pub(crate) fn access() -> Access {
    Access::oauth2("brand-token")
}

pub(crate) fn post(id: &str) -> PostId {
    id.parse().unwrap()
}

pub(crate) fn collect(kind: Kind, cursor: Option<Cursor>) -> Collect {
    let list = match kind {
        Kind::Like => "likers/1",
        Kind::Repost => "reposters/1",
        Kind::Quote => "quotes/1",
        Kind::Reply => "search/reply:1",
    };
    Collect { list: ListKey(list.to_owned()), posted_at: NOW, cursor }
}
