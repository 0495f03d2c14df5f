//! `POST /2/media/metadata`: describes an upload for people who do not see it.
//!
//! Limits      500 in 15 minutes a profile; 1,000 characters. <X docs, August 2026>
//! Pages       none.
//! Surprises   it is asked of the upload, not of the post, and so has to come first. Asking again
//!             replaces the text. <X docs, August 2026>

use hashbuzz_domain::UploadId;
use hashbuzz_social::{Access, WriteError};
use serde_json::json;

use crate::client::{Call, Client};
use crate::media;
use crate::rates::{Billed, Rate};

static RATE: Rate = Rate { name: "media_metadata", profile: 500, app: 0, billed: Billed::Free };

/// Says what is to be seen.
pub(crate) async fn describe(
    client: &Client,
    access: &Access,
    upload: &UploadId,
    alt: &str,
) -> Result<(), WriteError> {
    let id = media::id(upload)?;
    let body = json!({ "id": id, "metadata": { "alt_text": { "text": alt } } });
    let call = Call::post(&RATE, &["2", "media", "metadata"], &body);
    client.command(access, call).await
}
