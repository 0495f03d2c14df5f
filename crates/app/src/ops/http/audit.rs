//! `GET /v2/ops/audit`: who did what, newest first, with the hashes that bind the entries.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::limit;
use crate::App;
use crate::account::Role;
use crate::audit::{Entry, page};
use crate::campaign::http::rfc3339;
use crate::http::{Params, Problem, Signed};
use crate::stored::count;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    cursor: Option<i64>,
    limit: Option<i64>,
}

#[derive(Serialize)]
pub(crate) struct AuditView {
    entries: Vec<EntryView>,
    next: Option<i64>,
}

#[derive(Serialize)]
struct EntryView {
    sequence: i64,
    at: String,
    actor: String,
    act: String,
    subject: String,
    detail: String,
    /// Nothing for entries from before there was a chain.
    hash: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            sequence: entry.sequence,
            at: rfc3339(entry.at),
            actor: entry.actor,
            act: entry.act,
            subject: entry.subject,
            detail: entry.detail,
            hash: Some(entry.hash).filter(|hash| !hash.is_empty()),
        }
    }
}

/// A page of the log.
pub(crate) async fn audit(
    State(app): State<App>,
    signed: Signed,
    Params(query): Params<AuditQuery>,
) -> Result<Json<AuditView>, Problem> {
    signed.need(Role::Operator)?;
    let limit = limit(query.limit)?;
    let mut entries = page(&app.db, query.cursor, limit + 1).await?;
    let more = count(entries.len()) > limit;
    if more {
        entries.pop();
    }
    let next = entries.last().filter(|_| more).map(|last| last.sequence);
    Ok(Json(AuditView { entries: entries.into_iter().map(EntryView::from).collect(), next }))
}
