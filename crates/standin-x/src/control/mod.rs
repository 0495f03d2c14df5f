//! `/_standin/*`: where a test or the demo plays the people, breaks things, and counts.
//!
//! Nothing here exists on the real network, and nothing here is metered, counted or broken. The
//! system under test never calls it.

mod acts;
mod founders;
mod people;
mod switches;

pub(crate) use founders::{introduction, settle};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde_json::json;

use crate::server::Shared;

/// The largest control request, in bytes: a hundred thousand acts fit.
const LARGEST_BODY: usize = 64 << 20;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/app", get(people::app))
        .route("/users", get(people::list).post(people::create))
        .route("/revoke", post(people::revoke))
        .route("/suspend", post(people::suspend))
        .route("/endpoints", get(switches::endpoints))
        .route("/acts", post(acts::perform))
        .route("/faults", get(switches::faults).post(switches::add).delete(switches::clear))
        .route("/faults/random", put(switches::chance))
        .route("/settings", get(switches::settings).patch(switches::change))
        .route("/clock", get(switches::clock).post(switches::advance))
        .route("/counters", get(switches::counters))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// A control request that makes no sense: 400 and a sentence.
#[derive(Debug)]
struct Senseless(String);

impl IntoResponse for Senseless {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": self.0 }))).into_response()
    }
}
