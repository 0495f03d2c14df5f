//! `GET /v2/ops/budget`: what may still be asked of the network, and what asking has cost.
//! `POST /v2/ops/budget/open`: an operator knows better than what was learned of a limit.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hashbuzz_domain::Time;
use hashbuzz_social::{Budget as _, Limit};
use serde::{Deserialize, Serialize};

use super::store::{EndpointRow, by_endpoint, forget, today_and_first};
use crate::App;
use crate::account::Role;
use crate::audit::audit;
use crate::campaign::http::rfc3339;
use crate::http::{Body, Problem, Signed};

/// Limits that are shown: those that are used or closed, the fullest first.
const MOST: usize = 500;

/// Limits and spending.
#[derive(Serialize)]
pub(crate) struct BudgetView {
    /// Where windows are counted at present.
    windows_in: &'static str,
    limits: Vec<LimitView>,
    spent_today: Vec<SpentView>,
    spent_this_month: Vec<SpentView>,
    usd_today: String,
    usd_this_month: String,
}

#[derive(Serialize)]
struct LimitView {
    name: String,
    size: u64,
    used: u64,
    left: u64,
    full_again_at: String,
    closed_until: Option<String>,
    why: Option<String>,
}

#[derive(Serialize)]
struct SpentView {
    endpoint: String,
    requests: i64,
    objects: i64,
    usd: String,
}

/// Limits in use, and what was spent.
pub(crate) async fn budget(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<BudgetView>, Problem> {
    signed.need(Role::Operator)?;
    let now = app.now();
    let (today, first) = today_and_first(now);
    let limits = app.budget.limits(now, MOST).await?;
    let limits = limits.into_iter().map(|limit| view(limit, now)).collect();
    let spent_today = by_endpoint(&app.db, today).await?;
    let spent_this_month = by_endpoint(&app.db, first).await?;
    Ok(Json(BudgetView {
        windows_in: app.budget.windows_in(now),
        limits,
        usd_today: usd(spent_today.iter().map(|row| row.micros).sum()),
        usd_this_month: usd(spent_this_month.iter().map(|row| row.micros).sum()),
        spent_today: spent_today.into_iter().map(SpentView::from).collect(),
        spent_this_month: spent_this_month.into_iter().map(SpentView::from).collect(),
    }))
}

/// Which limit, and why it is thought to be open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    limit: String,
    reason: String,
}

/// Forgets what was learned of a limit: the next request asks the network again. What waits for it
/// waits until its time, or until it is retried.
pub(crate) async fn open(
    State(app): State<App>,
    signed: Signed,
    Body(body): Body<Open>,
) -> Result<StatusCode, Problem> {
    signed.need(Role::Operator)?;
    let reason = crate::ops::http::reason(&body.reason)?;
    let tx = app.db.begin().await?;
    let known = forget(&tx, &body.limit).await?;
    if !(app.budget.forget_window(&body.limit).await || known) {
        return Err(Problem::not_found());
    }
    let actor = signed.0.account.to_string();
    audit(&tx, app.clock.now(), &actor, "budget.open", &body.limit, reason).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(limit: Limit, now: Time) -> LimitView {
    let (closed_until, why) = limit.closed.clone().unzip();
    LimitView {
        left: limit.left(now),
        name: limit.bucket,
        size: limit.size,
        used: limit.used,
        full_again_at: rfc3339(limit.resets_at.micros()),
        closed_until: closed_until.map(|until| rfc3339(until.micros())),
        why,
    }
}

impl From<EndpointRow> for SpentView {
    fn from(row: EndpointRow) -> Self {
        let EndpointRow { endpoint, requests, objects, micros } = row;
        Self { endpoint, requests, objects, usd: usd(micros) }
    }
}

/// Millionths of a dollar as decimal text.
pub(crate) fn usd(micros: i64) -> String {
    format!("{}.{:06}", micros / 1_000_000, (micros % 1_000_000).abs())
}
