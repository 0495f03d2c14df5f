//! `PUT /v2/campaigns/{id}`: replaces a draft. An approved campaign becomes a draft again.

use axum::Json;
use axum::extract::{Path, State};
use hashbuzz_domain::campaign::Command;

use super::draft::{DraftBody, read, show};
use super::{owns, visible};
use crate::App;
use crate::campaign::transition::With;
use crate::campaign::view::{CampaignView, view};
use crate::campaign::{apply, find, load_for_update, store};
use crate::http::{Body, Problem, Signed};

pub(crate) async fn edit(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Body(body): Body<DraftBody>,
) -> Result<Json<CampaignView>, Problem> {
    let id = visible(&app, &signed, &id).await.and_then(|campaign| {
        if owns(&signed, &campaign) { Ok(campaign.id) } else { Err(Problem::not_found()) }
    })?;
    let (draft, fee) = read(&app, signed.0.account, body).await?;
    let tx = app.db.begin().await?;
    let mut campaign = load_for_update(&tx, id).await?.ok_or_else(Problem::not_found)?;
    apply(&tx, &mut campaign, Command::Edit, With::default(), app.now()).await?;
    store::save_draft(&tx, id, &draft, fee).await?;
    show(&tx, id, &draft).await?;
    tx.commit().await?;
    let campaign = find(&app.db, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(view(&app, &signed, &campaign).await?))
}
