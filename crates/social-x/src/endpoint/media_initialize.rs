//! `POST /2/media/upload/initialize`: announces a medium.
//!
//! Limits      1,875 in 15 minutes a profile, 180,000 in 24 hours the app; scope `media.write`.
//!             <X docs, August 2026>
//! Pages       none.
//! Surprises   the same step exists as `command=INIT` of an older address. The sample in X's pages
//!             shows an upload that lasts 15 days; finishing it makes that 24 hours.
//!             <X docs, August 2026>

use hashbuzz_domain::media::Facts;
use hashbuzz_social::{Access, Begun, WriteError};
use serde::Serialize;

use crate::client::{Call, Client};
use crate::media::{Answer, category};
use crate::rates::{Billed, Rate};

static RATE: Rate = Rate { name: "media_initialize", profile: 1_875, app: 0, billed: Billed::Free };

#[derive(Serialize)]
struct Body {
    media_type: &'static str,
    media_category: &'static str,
    total_bytes: u64,
}

/// Announces `medium`.
pub(crate) async fn begin(
    client: &Client,
    access: &Access,
    medium: &Facts,
) -> Result<Begun, WriteError> {
    let body = Body {
        media_type: medium.format.mime(),
        media_category: category(medium),
        total_bytes: medium.bytes,
    };
    let path = ["2", "media", "upload", "initialize"];
    let call = Call::post(&RATE, &path, &body);
    let Answer { data } = client.write(access, call).await?;
    let expires_at = data.expires_at(client.now());
    let upload = data.id.and_then(|id| id.parse().ok());
    let upload = upload.ok_or_else(|| WriteError::Unknown("X named no upload".to_owned()))?;
    Ok(Begun { upload, expires_at })
}
