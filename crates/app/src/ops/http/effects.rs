//! `GET /v2/ops/effects`: calls to other systems, oldest first; those whose outcome is not known
//! unless a state is named.

use axum::Json;
use axum::extract::State;
use hashbuzz_outbox::effect::{self, Effect, EffectFilter, State as EffectState};
use hashbuzz_outbox::operator::Page;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limit;
use crate::App;
use crate::account::Role;
use crate::campaign::http::rfc3339;
use crate::effects::next_look;
use crate::http::{Params, Problem, Signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EffectsQuery {
    state: Option<String>,
    campaign: Option<String>,
    step: Option<String>,
    kind: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
pub(crate) struct EffectsView {
    effects: Vec<EffectView>,
    next: Option<String>,
}

#[derive(Serialize)]
struct EffectView {
    id: String,
    campaign: String,
    step: String,
    sequence: i64,
    kind: String,
    target: String,
    state: &'static str,
    /// What happens to it by itself: who looks where.
    next_look: String,
    /// The event whose turns do that.
    event: String,
    idempotency_key: Option<String>,
    remote_id: Option<String>,
    cost: Option<String>,
    sends: i64,
    clean_reads: i64,
    planned_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
    evidence: Value,
}

impl From<Effect> for EffectView {
    fn from(effect: Effect) -> Self {
        Self {
            next_look: next_look(&effect),
            evidence: serde_json::from_str(&effect.evidence).unwrap_or_default(),
            id: effect.id,
            campaign: effect.key,
            step: effect.step,
            sequence: effect.sequence,
            kind: effect.kind,
            target: effect.target,
            state: effect.state.as_str(),
            event: effect.event,
            idempotency_key: effect.idempotency_key,
            remote_id: effect.remote_id,
            cost: effect.cost,
            sends: effect.sends,
            clean_reads: effect.clean_reads,
            planned_at: rfc3339(effect.planned_at),
            started_at: effect.started_at.map(rfc3339),
            ended_at: effect.ended_at.map(rfc3339),
        }
    }
}

/// Effects with the properties that the query names, a page at a time.
pub(crate) async fn effects(
    State(app): State<App>,
    signed: Signed,
    Params(query): Params<EffectsQuery>,
) -> Result<Json<EffectsView>, Problem> {
    signed.need(Role::Operator)?;
    let filter = EffectFilter {
        states: states(query.state.as_deref())?,
        key: query.campaign,
        step: query.step,
        kind: query.kind,
    };
    let page = Page { after: query.cursor, limit: limit(query.limit)? };
    let found = effect::search(&app.db, &filter, &page).await?;
    let effects = found.items.into_iter().map(EffectView::from).collect();
    Ok(Json(EffectsView { effects, next: found.next }))
}

fn states(named: Option<&str>) -> Result<Vec<EffectState>, Problem> {
    match named {
        None => Ok(vec![EffectState::Started, EffectState::Unknown, EffectState::NeedsPerson]),
        Some("any") => Ok(Vec::new()),
        Some(name) => EffectState::named(name).map(|state| vec![state]).ok_or_else(|| {
            Problem::malformed(
                "`state` is one of planned, started, done, rejected, unknown, needs_person, any",
            )
        }),
    }
}
