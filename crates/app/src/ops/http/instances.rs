//! `GET /v2/ops/instances`: which processes work, whether they are alive, and what they serve.

use axum::Json;
use axum::extract::State;
use hashbuzz_outbox::operator::{self, Instance};
use serde::Serialize;

use crate::App;
use crate::account::Role;
use crate::campaign::http::rfc3339;
use crate::http::{Problem, Signed};

#[derive(Serialize)]
pub(crate) struct InstanceView {
    id: String,
    role: String,
    alive: bool,
    started_at: String,
    seen_at: String,
    queues: Vec<String>,
    kinds: Vec<String>,
    leases: i64,
}

impl From<Instance> for InstanceView {
    fn from(instance: Instance) -> Self {
        Self {
            id: instance.id,
            role: instance.role,
            alive: instance.alive,
            started_at: rfc3339(instance.started_at),
            seen_at: rfc3339(instance.seen_at),
            queues: instance.queues,
            kinds: instance.kinds,
            leases: instance.leases,
        }
    }
}

/// The processes, those heard of last first.
pub(crate) async fn instances(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Vec<InstanceView>>, Problem> {
    signed.need(Role::Operator)?;
    let all = operator::instances(&app.db, app.clock.now()).await?;
    Ok(Json(all.into_iter().map(InstanceView::from).collect()))
}
