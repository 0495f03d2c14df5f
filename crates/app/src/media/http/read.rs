//! `GET /v2/media/{id}`: what a medium is.

use axum::Json;
use axum::extract::{Path, State};

use super::visible;
use crate::App;
use crate::http::{Problem, Signed};
use crate::media::MediumView;

pub(crate) async fn read(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Json<MediumView>, Problem> {
    Ok(Json(visible(&app, &signed, &id).await?.into()))
}
