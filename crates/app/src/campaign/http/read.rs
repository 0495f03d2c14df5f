//! `GET /v2/campaigns/{id}` and `GET /v2/campaigns`.

use axum::Json;
use axum::extract::{Path, Query, State};
use hashbuzz_domain::CampaignId;
use serde::{Deserialize, Serialize};

use super::visible;
use crate::App;
use crate::account::Role;
use crate::campaign::store;
use crate::campaign::view::{CampaignView, view};
use crate::http::{Problem, Signed};
use crate::stored::count;

/// One campaign.
pub(crate) async fn one(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<CampaignView>, Problem> {
    let campaign = visible(&app, &signed, &id).await?;
    Ok(Json(view(&app, &signed, &campaign).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
pub(crate) struct ListView {
    campaigns: Vec<CampaignView>,
    next: Option<String>,
}

/// The caller's campaigns, newest first; everybody's for reviewers and operators.
pub(crate) async fn list(
    State(app): State<App>,
    signed: Signed,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<ListView>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
    let limit = query.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::malformed("`limit` is 1 to 100"));
    }
    let before: Option<CampaignId> = match query.cursor {
        Some(cursor) => Some(
            cursor
                .parse()
                .map_err(|_| Problem::malformed("`cursor` is what `next` said before"))?,
        ),
        None => None,
    };
    let all = signed.0.is(Role::Reviewer) || signed.0.is(Role::Operator);
    let account = (!all).then_some(signed.0.account);
    let page = store::page(&app.db, account, before, limit).await?;
    let next = (count(page.len()) == limit).then(|| page.last().map(|last| last.id.to_string()));
    let mut campaigns = Vec::with_capacity(page.len());
    for campaign in &page {
        campaigns.push(view(&app, &signed, campaign).await?);
    }
    Ok(Json(ListView { campaigns, next: next.flatten() }))
}
