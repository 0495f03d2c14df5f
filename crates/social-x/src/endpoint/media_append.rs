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
use reqwest::header::HeaderValue;

use crate::client::{Body, Call, Client};
use crate::media;
use crate::rates::{Billed, Rate};

static RATE: Rate = Rate { name: "media_append", profile: 1_875, app: 0, billed: Billed::Free };

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
    let invalid = |detail| WriteError::Refused { refusal: Refusal::Invalid, detail };
    if piece > LAST {
        return Err(invalid(format!("X takes {} pieces of one medium", LAST + 1)));
    }
    let path = ["2", "media", "upload", media::id(upload)?, "append"];
    client.command(access, Call::post_body(&RATE, &path, form(piece, &bytes))).await
}

/// The piece and its number as the two parts of a form. <RFC 7578>
fn form(piece: u32, bytes: &[u8]) -> Body {
    let boundary = boundary(bytes);
    let mut form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"segment_index\"\r\n\r\n{piece}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"piece\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(bytes);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let content_type = HeaderValue::from_str(&content_type).expect("letters and digits");
    Body { content_type, bytes: form }
}

/// A line that does not come in the piece, whoever made it.
fn boundary(bytes: &[u8]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("a-piece-of-a-medium-{number:08x}");
        if !bytes.windows(boundary.len()).any(|part| part == boundary.as_bytes()) {
            return boundary;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_that_holds_a_boundary_gets_another_one() {
        let piece = form(7, &form(3, b"inner").bytes);
        let kind = piece.content_type.to_str().unwrap();
        assert_eq!(kind, "multipart/form-data; boundary=a-piece-of-a-medium-00000001");
    }
}
