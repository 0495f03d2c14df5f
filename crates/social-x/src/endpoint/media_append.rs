//! `POST /2/media/upload/{id}/append`: sends one piece.
//!
//! Limits      1,875 in 15 minutes a profile, 180,000 in 24 hours the app; pieces 0 to 999, up to
//!             5 MB each. <X docs, August 2026>
//! Pages       none.
//! Surprises   a piece may be sent as a part of a form or in base64. Pieces above 1 MB were answered
//!             with status 431 to some. A piece that is sent again replaces the first.
//!             <X docs, August 2026; public issues, 2025>

use hashbuzz_domain::UploadId;
use hashbuzz_social::{Access, Refusal, WriteError};
use reqwest::multipart::{Form, Part};

use crate::client::{Call, Client};
use crate::media;

/// The number of the last piece that X takes.
const LAST: u32 = 999;

/// Sends a piece.
pub(crate) async fn append(
    client: &Client,
    access: &Access,
    upload: &UploadId,
    piece: u32,
    bytes: Vec<u8>,
) -> Result<(), WriteError> {
    if piece > LAST {
        let detail = format!("X takes {} pieces of one medium", LAST + 1);
        return Err(WriteError::Refused { refusal: Refusal::Invalid, detail });
    }
    let path = ["2", "media", "upload", media::id(upload)?, "append"];
    let form = Form::new()
        .text("segment_index", piece.to_string())
        .part("media", Part::bytes(bytes).file_name("piece"));
    let call = Call::post_parts("media_append", &path, form);
    client.command(access, call).await
}
