//! Turning replies into HTTP.

use std::io;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use crate::call::{Answer, Reply};
use crate::limits::Readings;
use crate::problem::Problem;
use crate::vocabulary::Vocabulary;
use crate::world::World;

/// What something in front of the API says when it is overloaded.
const OVERLOADED: &str = "<!DOCTYPE html><html><head><title>503 Service Temporarily Unavailable\
                          </title></head><body><center><h1>503 Service Temporarily Unavailable\
                          </h1></center></body></html>";

/// The headers and names that an answer is given.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    vocabulary: Vocabulary,
    transaction: String,
    readings: Option<Readings>,
}

impl Manner {
    pub(super) fn new(world: &mut World, readings: Option<Readings>) -> Self {
        let transaction = world.secret(16).to_ascii_lowercase();
        Self { vocabulary: world.settings.vocabulary, transaction, readings }
    }

    /// The reply as HTTP, with the headers that every answer of the API has.
    pub(super) fn respond(&self, reply: Reply) -> Response {
        let mut response = match reply {
            Ok(Answer::Json(status, body)) => self.json(status, body),
            Ok(Answer::Html(status, body)) => (status, Html(body)).into_response(),
            Ok(Answer::Redirect(address)) => redirect(&address),
            Err(Problem { status, body }) => {
                // The older part of the API and the endpoints of OAuth have other forms.
                let is_problem = body.get("type").is_some();
                let mut response = self.json(status, body);
                if is_problem {
                    let problem = HeaderValue::from_static("application/problem+json");
                    response.headers_mut().insert(CONTENT_TYPE, problem);
                }
                response
            }
        };
        self.write(response.headers_mut());
        response
    }

    fn json(&self, status: StatusCode, body: Value) -> Response {
        (status, axum::Json(self.vocabulary.dress(body))).into_response()
    }

    fn write(&self, headers: &mut HeaderMap) {
        if let Some(readings) = &self.readings {
            readings.write(headers);
        }
        let version = HeaderValue::from_static(self.vocabulary.version());
        headers.insert("api-version", version);
        headers.insert("x-access-level", HeaderValue::from_static("read-write"));
        if let Ok(id) = HeaderValue::from_str(&self.transaction) {
            headers.insert("x-transaction-id", id);
        }
    }
}

/// The answer with half of its body, after which the connection ends.
pub(super) async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let mut pieces = vec![Piece::Break, Piece::Pause, Piece::Bytes(whole.slice(..whole.len() / 2))];
    let pieces = futures::stream::poll_fn(move |context| match pieces.pop() {
        Some(Piece::Bytes(bytes)) => Poll::Ready(Some(Ok(bytes))),
        // So that the bytes before it are sent before the line breaks.
        Some(Piece::Pause) => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
        Some(Piece::Break) => Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
        None => Poll::Ready(None::<io::Result<Bytes>>),
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// What a body that breaks off consists of.
#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    Pause,
    Break,
}

/// A page of HTML that did not come from the API, and so has none of its headers.
pub(super) fn overloaded() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Html(OVERLOADED)).into_response()
}

/// An address that does not exist.
pub(super) async fn no_such_page() -> Response {
    let body = Problem::plain(StatusCode::NOT_FOUND, "Not Found", "Not Found").body;
    (StatusCode::NOT_FOUND, axum::Json(body)).into_response()
}

fn redirect(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (StatusCode::FOUND, [(LOCATION, address)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
