//! `PUT /v2/media/{id}`: describes a medium for people who do not see it. Not once a reviewer has
//! it: the description is published too.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::{alt_text, own};
use crate::http::{Body, Problem, Signed};
use crate::media::{MediumView, store};
use crate::{App, campaign};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditBody {
    alt: String,
}

pub(crate) async fn edit(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Body(body): Body<EditBody>,
) -> Result<Json<MediumView>, Problem> {
    let medium = own(&app, &signed, &id).await?;
    let alt = alt_text(&app, &body.alt)?;
    let tx = app.db.begin().await?;
    if !store::hold(&tx, medium.id).await? {
        return Err(Problem::not_found());
    }
    let used = store::used_by(&tx, medium.id).await?;
    if !campaign::are_drafts(&tx, &used).await? {
        let detail = "a campaign that is no draft any more shows it: edit that campaign first";
        return Err(Problem::conflict("media.in_use", detail));
    }
    store::save_alt(&tx, medium.id, &alt).await?;
    tx.commit().await?;
    Ok(Json(super::Medium { alt, ..medium }.into()))
}
