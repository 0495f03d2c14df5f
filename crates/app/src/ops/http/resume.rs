//! `DELETE /v2/ops/pauses/{scope}/{name}`: what was paused goes on.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use hashbuzz_outbox::operator;

use super::pauses::scope;
use crate::App;
use crate::account::Role;
use crate::audit::audit;
use crate::http::{Problem, Signed};

/// Ends a pause.
pub(crate) async fn resume(
    State(app): State<App>,
    signed: Signed,
    Path((of, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    signed.need(Role::Operator)?;
    let (scope, now) = (scope(&of)?, app.clock.now());
    let tx = app.db.begin().await?;
    if !operator::resume(&tx, scope, &name).await? {
        return Err(Problem::not_found());
    }
    let subject = format!("{of}/{name}");
    audit(&tx, now, &signed.0.account.to_string(), "events.resume", &subject, "").await?;
    tx.commit().await?;
    app.wake();
    Ok(StatusCode::NO_CONTENT)
}
