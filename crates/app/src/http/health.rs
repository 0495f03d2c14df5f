//! `GET /healthz` (the process answers) and `GET /readyz` (it can do its work).

use axum::Json;
use axum::extract::State;
use hashbuzz_db::{Sql as _, values};
use hashbuzz_outbox::Pulse;
use serde::Serialize;

use super::Problem;
use crate::App;

#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    loops: Vec<Loop>,
}

/// A loop of this process, and how long ago it last got round.
#[derive(Serialize)]
struct Loop {
    name: &'static str,
    seconds_ago: i64,
}

/// The process answers.
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", loops: Vec::new() })
}

/// The database answers, and the loops that do the work get round. Network and ledger are not
/// asked: work for them is kept until they are back.
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    app.db.number("SELECT CAST(1 AS BIGINT) AS n", values![]).await?;
    let pulses = app.watchdog.pulses(app.clock.now());
    if let Some(stuck) = pulses.iter().find(|pulse| pulse.stuck) {
        let detail = format!(
            "the loop `{}` did not get round for {} s; restart this process, nothing is lost",
            stuck.name,
            stuck.age / 1_000_000
        );
        return Err(Problem::stuck(detail));
    }
    let seen = |pulse: Pulse| Loop { name: pulse.name, seconds_ago: pulse.age / 1_000_000 };
    Ok(Json(Health { status: "ready", loops: pulses.into_iter().map(seen).collect() }))
}
