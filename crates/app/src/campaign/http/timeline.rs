//! `GET /v2/campaigns/{id}/timeline`: what happened, in order.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};

use super::{rfc3339, visible};
use crate::App;
use crate::campaign::store;
use crate::http::{Problem, Signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimelineQuery {
    after: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct TimelineView {
    entries: Vec<EntryView>,
    next: Option<String>,
}

#[derive(Serialize)]
struct EntryView {
    id: String,
    at: String,
    kind: String,
    step: Option<String>,
    message: String,
}

/// Lines an answer has at most.
const LIMIT: i64 = 200;

/// The lines after `after` (an entry's id); `next` is where to go on.
pub(crate) async fn timeline(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    query: Result<Query<TimelineQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<TimelineView>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
    let campaign = visible(&app, &signed, &id).await?;
    let rows = store::timeline(&app.db, campaign.id, query.after.as_deref(), LIMIT).await?;
    let next = rows.last().map(|row| row.id.clone()).or(query.after);
    let entries = rows
        .into_iter()
        .map(|row| EntryView {
            id: row.id,
            at: rfc3339(row.at),
            kind: row.kind,
            step: row.step,
            message: row.message,
        })
        .collect();
    Ok(Json(TimelineView { entries, next }))
}
