//! What an operator, and for the balance a campaigner, can ask.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use hashbuzz_domain::{Amount, Asset};
use hashbuzz_outbox::{Waiting, dead_letters as all_dead, effect, waiting};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::account::{Role, audit};
use crate::campaign::http::rfc3339;
use crate::http::{Body, Problem, Signed};
use crate::treasury::available;

/// Rows an answer has at most.
const LIMIT: i64 = 200;

#[derive(Serialize)]
pub(crate) struct Balance {
    asset: String,
    free: String,
    allowance: String,
    max_fee_bps: u16,
    reserved: String,
    available: String,
}

/// `GET /v2/balance`: what the caller has in the escrow, as the ledger says, and what of it is
/// promised to campaigns.
pub(crate) async fn balance(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Balance>, Problem> {
    let available = available(&app, signed.0.account).await?;
    let text = |units| Amount::new(units, Asset::Hbar).to_decimal();
    Ok(Json(Balance {
        asset: Asset::Hbar.to_string(),
        free: text(available.funds.free),
        allowance: text(available.funds.allowance),
        max_fee_bps: available.funds.max_fee_bps,
        reserved: text(available.reserved),
        available: text(available.units()),
    }))
}

#[derive(Serialize)]
pub(crate) struct EventView {
    id: String,
    kind: String,
    campaign: Option<String>,
    state: String,
    due_at: String,
    failures: i64,
    waits_for: Option<String>,
    last_error: Option<String>,
}

impl From<Waiting> for EventView {
    fn from(event: Waiting) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            campaign: event.key,
            state: event.state,
            due_at: rfc3339(event.due_at),
            failures: event.attempt,
            waits_for: event.waits_for,
            last_error: event.last_error,
        }
    }
}

/// `GET /v2/ops/events`: what waits, soonest first, and why.
pub(crate) async fn events(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Vec<EventView>>, Problem> {
    signed.need(Role::Operator)?;
    let events = waiting(&app.db, None, LIMIT).await?;
    Ok(Json(events.into_iter().map(EventView::from).collect()))
}

/// `GET /v2/ops/dead-letters`: what gave up, newest first.
pub(crate) async fn dead_letters(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Vec<EventView>>, Problem> {
    signed.need(Role::Operator)?;
    let events = all_dead(&app.db, LIMIT).await?;
    Ok(Json(events.into_iter().map(EventView::from).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideBody {
    /// What the other system calls the result; without it, it does not exist and may be sent again.
    remote_id: Option<String>,
    /// What was looked at.
    reason: String,
}

/// `POST /v2/ops/effects/{id}/decide`: a person looked where reading could not decide. The
/// campaign is then resumed by its owner or an operator.
pub(crate) async fn decide(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Body(body): Body<DecideBody>,
) -> Result<StatusCode, Problem> {
    signed.need(Role::Operator)?;
    let reason = body.reason.trim();
    if reason.is_empty() || reason.len() > 1_000 {
        return Err(Problem::malformed("give a reason of 1 to 1000 characters"));
    }
    let (now, actor) = (app.clock.now(), signed.0.account.to_string());
    let tx = app.db.begin().await?;
    if !effect::decide(&tx, &id, body.remote_id.as_deref(), now, reason).await? {
        let detail = "there is no such effect that needs a person";
        return Err(Problem::conflict("effect.decided", detail));
    }
    audit(&tx, now, &actor, "effect.decide", &id, reason).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
pub(crate) struct EffectView {
    id: String,
    campaign: String,
    step: String,
    sequence: i64,
    kind: String,
    target: String,
    state: &'static str,
    idempotency_key: Option<String>,
    sends: i64,
    evidence: serde_json::Value,
}

/// `GET /v2/ops/effects`: calls whose outcome is not known, oldest first, with what was seen.
pub(crate) async fn effects(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Vec<EffectView>>, Problem> {
    signed.need(Role::Operator)?;
    let effects = effect::open_effects(&app.db, LIMIT).await?;
    let view = |effect: effect::Effect| EffectView {
        evidence: serde_json::from_str(&effect.evidence).unwrap_or_default(),
        id: effect.id,
        campaign: effect.key,
        step: effect.step,
        sequence: effect.sequence,
        kind: effect.kind,
        target: effect.target,
        state: effect.state.as_str(),
        idempotency_key: effect.idempotency_key,
        sends: effect.sends,
    };
    Ok(Json(effects.into_iter().map(view).collect()))
}
