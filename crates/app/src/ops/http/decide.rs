//! `POST /v2/ops/effects/{id}/decide`: a person looked where reading could not decide. The campaign
//! is then resumed by its owner or an operator.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use hashbuzz_outbox::effect;
use serde::Deserialize;

use super::reason;
use crate::App;
use crate::account::Role;
use crate::audit::audit;
use crate::http::{Body, Problem, Signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideBody {
    /// What the other system calls the result; without it, it does not exist and may be sent again.
    remote_id: Option<String>,
    /// What was looked at.
    reason: String,
}

/// Decides an effect that needs a person.
pub(crate) async fn decide(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Body(body): Body<DecideBody>,
) -> Result<StatusCode, Problem> {
    signed.need(Role::Operator)?;
    let reason = reason(&body.reason)?;
    let (now, actor) = (app.clock.now(), signed.0.account.to_string());
    let tx = app.db.begin().await?;
    match effect::decide(&tx, &id, body.remote_id.as_deref(), now, reason).await {
        Ok(true) => {}
        Ok(false) => {
            let detail = "there is no such effect that needs a person";
            return Err(Problem::conflict("effect.decided", detail));
        }
        Err(error) if error.is_unique_violation() => {
            let detail = "another effect has this as its result; look again which one is whose";
            return Err(Problem::conflict("effect.remote_id_taken", detail));
        }
        Err(error) => return Err(error.into()),
    }
    let detail = match &body.remote_id {
        Some(remote_id) => format!("done as {remote_id}: {reason}"),
        None => format!("not done: {reason}"),
    };
    audit(&tx, now, &actor, "effect.decide", &id, &detail).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
