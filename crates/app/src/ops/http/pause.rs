//! `PUT /v2/ops/pauses/{scope}/{name}`: nothing of a queue, a kind or an account is begun from now
//! on; what is in hand ends.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use hashbuzz_outbox::operator;
use serde::Deserialize;

use super::pauses::{known, scope};
use super::reason;
use crate::App;
use crate::account::Role;
use crate::audit::audit;
use crate::http::{Body, Problem, Signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseBody {
    reason: String,
}

/// Pauses; pausing again changes the reason.
pub(crate) async fn pause(
    State(app): State<App>,
    signed: Signed,
    Path((of, name)): Path<(String, String)>,
    Body(body): Body<PauseBody>,
) -> Result<StatusCode, Problem> {
    signed.need(Role::Operator)?;
    let (scope, reason) = (scope(&of)?, reason(&body.reason)?);
    known(scope, &name)?;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let new = operator::pause(&tx, scope, &name, reason, now).await?;
    let subject = format!("{of}/{name}");
    audit(&tx, now, &signed.0.account.to_string(), "events.pause", &subject, reason).await?;
    tx.commit().await?;
    Ok(if new { StatusCode::CREATED } else { StatusCode::OK })
}
