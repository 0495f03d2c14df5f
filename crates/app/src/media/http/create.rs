//! `POST /v2/media`: takes a picture or a video in, whose bytes are the body. The same bytes once
//! more are the same medium.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use hashbuzz_domain::MediumId;
use hashbuzz_domain::media::MediaKind;
use serde::Deserialize;
use uuid::Uuid;

use super::alt_text;
use crate::App;
use crate::account::Role;
use crate::http::{Params, Problem, Signed};
use crate::media::{MediumView, store};

/// Media that one account has and uses nowhere.
const UNUSED: i64 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateQuery {
    #[serde(default)]
    alt: String,
}

pub(crate) async fn create(
    State(app): State<App>,
    signed: Signed,
    Params(query): Params<CreateQuery>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<MediumView>), Problem> {
    signed.need(Role::Campaigner)?;
    let alt = alt_text(&app, &query.alt)?;
    announced(&app, &request)?;
    let account = signed.0.account;
    if store::unused(&app.db, account).await? >= UNUSED {
        let detail = format!("you have {UNUSED} media that no campaign shows: delete some first");
        return Err(Problem::conflict("media.too_many", detail));
    }
    let kept = app.media.keep(request.into_body().into_data_stream()).await?;
    let id = MediumId::from_bytes(Uuid::now_v7().into_bytes());
    let tx = app.db.begin().await?;
    let (medium, new) = store::save(&tx, id, account, &kept, &alt, app.clock.now()).await?;
    tx.commit().await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(medium.into())))
}

/// Refuses what says itself that it is too large, before it is sent.
fn announced(app: &App, request: &Request<Body>) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let limit = app.media.limits().bytes(MediaKind::Video);
    if length.is_some_and(|length| length > limit) {
        let refusal = hashbuzz_media::Refusal::TooLarge { kind: MediaKind::Video, limit };
        return Err(Problem::medium(&refusal));
    }
    Ok(())
}
