//! `GET /v2/ops/events`: live and finished events, newest first.

use axum::Json;
use axum::extract::State;
use hashbuzz_outbox::operator::{Page, search};
use serde::{Deserialize, Serialize};

use super::filter::FilterBody;
use super::limit;
use super::view::EventView;
use crate::App;
use crate::account::Role;
use crate::http::{Params, Problem, Signed};

// The filter's fields once more: a query is flat, and a flattened struct cannot be strict.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    kind: Option<String>,
    campaign: Option<String>,
    account: Option<String>,
    queue: Option<String>,
    state: Option<String>,
    error: Option<String>,
    older_than_seconds: Option<i64>,
    younger_than_seconds: Option<i64>,
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
pub(crate) struct ListView {
    events: Vec<EventView>,
    next: Option<String>,
}

/// Events with the properties that the query names, a page at a time.
pub(crate) async fn events(
    State(app): State<App>,
    signed: Signed,
    Params(query): Params<ListQuery>,
) -> Result<Json<ListView>, Problem> {
    signed.need(Role::Operator)?;
    let page = Page { after: query.cursor, limit: limit(query.limit)? };
    let wanted = FilterBody {
        kind: query.kind,
        campaign: query.campaign,
        account: query.account,
        queue: query.queue,
        state: query.state,
        error: query.error,
        older_than_seconds: query.older_than_seconds,
        younger_than_seconds: query.younger_than_seconds,
    };
    let found = search(&app.db, &wanted.read(app.clock.now())?, &page).await?;
    let events = found.items.into_iter().map(EventView::from).collect();
    Ok(Json(ListView { events, next: found.next }))
}
