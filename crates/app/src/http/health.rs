//! `GET /healthz` (the process answers) and `GET /readyz` (it can do its work).

use axum::Json;
use axum::extract::State;
use hashbuzz_db::{Sql as _, values};
use serde::Serialize;

use super::Problem;
use crate::App;

#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

/// The process answers.
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database answers, and with it everything that must not wait can be accepted. Network and
/// ledger are not asked: work for them is kept until they are back.
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    app.db.number("SELECT CAST(1 AS BIGINT) AS n", values![]).await?;
    Ok(Json(Health { status: "ready" }))
}
