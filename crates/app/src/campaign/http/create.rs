//! `POST /v2/campaigns`: a new draft. The caller becomes its owner and must be a campaigner.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hashbuzz_domain::CampaignId;
use uuid::Uuid;

use super::draft::{DraftBody, read, show};
use crate::App;
use crate::account::Role;
use crate::audit::audit;
use crate::campaign::view::{CampaignView, view};
use crate::campaign::{find, note, store};
use crate::http::{Body, Problem, Signed};

pub(crate) async fn create(
    State(app): State<App>,
    signed: Signed,
    Body(body): Body<DraftBody>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    signed.need(Role::Campaigner)?;
    let (draft, fee) = read(&app, signed.0.account, body).await?;
    let id = CampaignId::from_bytes(Uuid::now_v7().into_bytes());
    let (account, now) = (signed.0.account, app.now());
    let tx = app.db.begin().await?;
    store::insert(&tx, id, account, &draft, fee, now).await?;
    show(&tx, id, &draft).await?;
    note(&tx, id, "created", None, "drafted", now.micros()).await?;
    let actor = account.to_string();
    audit(&tx, now.micros(), &actor, "campaign.create", &id.to_string(), "").await?;
    tx.commit().await?;
    let campaign = find(&app.db, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(view(&app, &signed, &campaign).await?)))
}
