//! `POST /v2/ops/events/{id}/discard`: an event will not be handled, and whoever waits for it is
//! told in the same transaction: a campaign stalls, so that it can be resumed or rolled back.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use hashbuzz_outbox::operator::{self, EventState};
use serde::Deserialize;

use super::acted::changed;
use super::reason;
use crate::account::Role;
use crate::audit::audit;
use crate::http::{Body, Problem, Signed};
use crate::{App, events};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscardBody {
    reason: String,
}

/// Sets it aside for good.
pub(crate) async fn discard(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Body(body): Body<DiscardBody>,
) -> Result<StatusCode, Problem> {
    signed.need(Role::Operator)?;
    let reason = reason(&body.reason)?;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let found = operator::one(&tx, &id).await?.ok_or_else(Problem::not_found)?;
    if !changed(operator::discard(&tx, &id, reason, now).await?)? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let (kind, state) = (found.event.kind.as_str(), found.event.state);
    // Whoever waits for a dead letter was told when it gave up.
    if state != EventState::Dead {
        let why = format!("an operator discarded {kind}: {reason}");
        events::registry().gave_up(&app, &tx, kind, &found.payload, &why).await?;
    }
    let detail = format!("{kind}, was {}: {reason}", state.as_str());
    audit(&tx, now, &signed.0.account.to_string(), "event.discard", &id, &detail).await?;
    tx.commit().await?;
    app.wake();
    Ok(StatusCode::NO_CONTENT)
}
