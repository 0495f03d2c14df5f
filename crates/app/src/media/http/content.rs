//! `GET /v2/media/{id}/content`: the bytes of a medium, for its owner and for whoever reviews it.
//! The type is the one that was found in them, and a browser is told to believe no other.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;

use super::visible;
use crate::App;
use crate::http::{Problem, Signed};

pub(crate) async fn content(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let medium = visible(&app, &signed, &id).await?;
    let bytes = app.media.stream(medium.digest).await?;
    let headers = [
        (header::CONTENT_TYPE, medium.facts.format.mime().to_owned()),
        (header::CONTENT_LENGTH, medium.facts.bytes.to_string()),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(bytes)))
}
