//! `POST /v2/ops/events/{id}/retry`: an event that waits, gave up or was set aside runs now.

use axum::Json;
use axum::extract::{Path, State};
use hashbuzz_domain::CampaignId;
use hashbuzz_outbox::operator;
use serde::Serialize;

use super::acted::changed;
use crate::account::Role;
use crate::audit::audit;
use crate::http::{Problem, Signed};
use crate::{App, campaign};

#[derive(Serialize)]
pub(crate) struct RetriedView {
    event: String,
    kind: String,
    /// What else there is to know.
    note: Option<String>,
}

/// Lets it run now, with its failures forgotten.
pub(crate) async fn retry(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<RetriedView>, Problem> {
    signed.need(Role::Operator)?;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let found = operator::one(&tx, &id).await?.ok_or_else(Problem::not_found)?.event;
    changed(operator::retry(&tx, &id, now).await?)?;
    let detail = format!("{}, was {}", found.kind, found.state.as_str());
    audit(&tx, now, &signed.0.account.to_string(), "event.retry", &id, &detail).await?;
    tx.commit().await?;
    app.wake();
    let note = note(&app, found.key.as_deref()).await?;
    Ok(Json(RetriedView { event: id, kind: found.kind, note }))
}

/// A step's event does nothing while its campaign is stalled; whoever retries it means to resume.
async fn note(app: &App, key: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(id) = key.and_then(|key| key.parse::<CampaignId>().ok()) else { return Ok(None) };
    let Some(found) = campaign::find(&app.db, id).await? else { return Ok(None) };
    let stalled = matches!(found.state, hashbuzz_domain::campaign::State::Stalled { .. });
    Ok(stalled.then(|| {
        format!(
            "its campaign is {}: the event will find nothing to do. To go on at the step that \
             failed, resume the campaign: POST /v2/campaigns/{id}/resume",
            found.state
        )
    }))
}
