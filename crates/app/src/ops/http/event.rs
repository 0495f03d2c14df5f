//! `GET /v2/ops/events/{id}`: one event, its turns, and why it is where it is.

use axum::Json;
use axum::extract::{Path, State};
use hashbuzz_outbox::operator::{Attempt, Why, one, why_waiting};
use serde::Serialize;
use serde_json::Value;

use super::view::EventView;
use crate::account::Role;
use crate::campaign::http::rfc3339;
use crate::http::{Problem, Signed};
use crate::{App, events};

#[derive(Serialize)]
pub(crate) struct OneView {
    #[serde(flatten)]
    event: EventView,
    payload: Value,
    dedupe: Option<String>,
    trace: Option<String>,
    publications: i64,
    why: WhyView,
    attempts: Vec<AttemptView>,
}

#[derive(Serialize)]
struct WhyView {
    code: &'static str,
    sentence: String,
    until: Option<String>,
}

impl From<Why> for WhyView {
    fn from(why: Why) -> Self {
        Self { code: why.code(), sentence: why.sentence(rfc3339), until: why.until().map(rfc3339) }
    }
}

#[derive(Serialize)]
struct AttemptView {
    fence: Option<i64>,
    worker: Option<String>,
    started_at: Option<String>,
    ended_at: String,
    outcome: String,
    detail: String,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            fence: attempt.fence,
            worker: attempt.worker,
            started_at: attempt.started_at.map(rfc3339),
            ended_at: rfc3339(attempt.ended_at),
            outcome: attempt.outcome,
            detail: attempt.detail,
        }
    }
}

/// One event.
pub(crate) async fn event(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<OneView>, Problem> {
    signed.need(Role::Operator)?;
    let found = one(&app.db, &id).await?.ok_or_else(Problem::not_found)?;
    let limit = events::registry().attempts(&found.event.kind);
    let why = why_waiting(&app.db, &found.event, limit, app.clock.now()).await?;
    Ok(Json(OneView {
        event: found.event.into(),
        // What cannot be read is why it is a dead letter, and is shown as it is.
        payload: serde_json::from_str(&found.payload).unwrap_or(Value::String(found.payload)),
        dedupe: found.dedupe,
        trace: found.trace,
        publications: found.publication,
        why: why.into(),
        attempts: found.attempts.into_iter().map(AttemptView::from).collect(),
    }))
}
