//! A medium as the API shows it.

use hashbuzz_db::DbError;
use hashbuzz_domain::MediumId;
use serde::Serialize;

use super::{Medium, store};
use crate::App;
use crate::campaign::http::rfc3339;

/// What a medium is; its bytes are at `content`.
#[derive(Serialize)]
pub(crate) struct MediumView {
    id: String,
    kind: &'static str,
    mime: &'static str,
    bytes: u64,
    width: u32,
    height: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    alt: String,
    sha256: String,
    content: String,
    created_at: String,
}

impl From<Medium> for MediumView {
    fn from(medium: Medium) -> Self {
        let facts = medium.facts;
        Self {
            content: format!("/v2/media/{}/content", medium.id),
            id: medium.id.to_string(),
            kind: facts.format.kind().as_str(),
            mime: facts.format.mime(),
            bytes: facts.bytes,
            width: facts.width,
            height: facts.height,
            duration_ms: facts.duration.map(|duration| duration.micros() / 1_000),
            alt: medium.alt,
            sha256: medium.digest.to_string(),
            created_at: rfc3339(medium.created_at),
        }
    }
}

/// The media of a draft, in its order.
pub(crate) async fn views(app: &App, ids: &[MediumId]) -> Result<Vec<MediumView>, DbError> {
    let mut found = store::among(&app.db, ids).await?;
    found.sort_by_key(|medium| ids.iter().position(|id| *id == medium.id));
    Ok(found.into_iter().map(MediumView::from).collect())
}
