//! Every route of the API.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::account::{begin_sign_in, end_sign_in, profiles, unlink};
use crate::campaign::http::{commands, create, edit, read, statistics, timeline};
use crate::http::{Problem, healthz, readyz};
use crate::media::http as media;
use crate::ops::http as ops;
use crate::{App, budget};

/// No body of this API is larger.
const BODY_BYTES: usize = 64 * 1024;
/// A video takes minutes on a slow line; its size has a limit of its own.
const UPLOAD_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Nobody waits longer for an answer: work takes as long as it takes, answers do not.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The API as a service.
pub fn router(app: App) -> Router {
    let uploads = Router::new()
        .route("/v2/media", post(media::create))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, UPLOAD_WITHIN));
    let api = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/v2/campaigns", post(create).get(read::list))
        .route("/v2/campaigns/{id}", get(read::one).put(edit))
        .route("/v2/campaigns/{id}/submit", post(commands::submit))
        .route("/v2/campaigns/{id}/approve", post(commands::approve))
        .route("/v2/campaigns/{id}/reject", post(commands::reject))
        .route("/v2/campaigns/{id}/cancel", post(commands::cancel))
        .route("/v2/campaigns/{id}/publish", post(commands::publish))
        .route("/v2/campaigns/{id}/close", post(commands::close))
        .route("/v2/campaigns/{id}/resume", post(commands::resume))
        .route("/v2/campaigns/{id}/roll-back", post(commands::roll_back))
        .route("/v2/campaigns/{id}/timeline", get(timeline))
        .route("/v2/campaigns/{id}/statistics", get(statistics))
        .route("/v2/media/{id}", get(media::read).put(media::edit).delete(media::delete))
        .route("/v2/media/{id}/content", get(media::content))
        .route("/v2/profiles", get(profiles))
        .route("/v2/profiles/sign-ins", post(begin_sign_in))
        .route("/v2/profiles/sign-ins/return", post(end_sign_in))
        .route("/v2/profiles/{link_as}", delete(unlink))
        .route("/v2/balance", get(ops::balance))
        .route("/v2/ops/budget", get(budget::budget))
        .route("/v2/ops/budget/open", post(budget::open))
        .route("/v2/ops/events", get(ops::events))
        .route("/v2/ops/events/retry", post(ops::retry_matching))
        .route("/v2/ops/events/{id}", get(ops::event))
        .route("/v2/ops/events/{id}/retry", post(ops::retry))
        .route("/v2/ops/events/{id}/discard", post(ops::discard))
        .route("/v2/ops/dead-letters", get(ops::dead_letters))
        .route("/v2/ops/dead-letters/retry", post(ops::retry_dead_letters))
        .route("/v2/ops/pauses", get(ops::pauses))
        .route("/v2/ops/pauses/{scope}/{name}", put(ops::pause).delete(ops::resume))
        .route("/v2/ops/effects", get(ops::effects))
        .route("/v2/ops/effects/{id}/decide", post(ops::decide))
        .route("/v2/ops/instances", get(ops::instances))
        .route("/v2/ops/audit", get(ops::audit))
        .fallback(async || Problem::not_found())
        .layer(RequestBodyLimitLayer::new(BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER_WITHIN));
    api.merge(uploads)
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}
