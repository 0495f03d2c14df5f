//! `POST /2/media/upload/{id}/finalize`: says that all pieces were sent.
//!
//! Limits      1,875 in 15 minutes a profile, 180,000 in 24 hours the app. <X docs, August 2026>
//! Pages       none.
//! Surprises   a picture is ready with the answer, which then says nothing of a state; a GIF or a
//!             video is worked on first. The upload lasts 24 hours from here on.
//!             <X docs, August 2026>

use hashbuzz_domain::UploadId;
use hashbuzz_social::{Access, Uploaded, WriteError};

use crate::client::{Call, Client};
use crate::media::{self, Answer};
use crate::rates::{Billed, Rate};

static RATE: Rate = Rate { name: "media_finalize", profile: 1_875, app: 0, billed: Billed::Free };

/// Finishes the upload.
pub(crate) async fn finish(
    client: &Client,
    access: &Access,
    upload: &UploadId,
) -> Result<Uploaded, WriteError> {
    let path = ["2", "media", "upload", media::id(upload)?, "finalize"];
    let call = Call::post_nothing(&RATE, &path);
    let answer: Answer = client.write(access, call).await?;
    Ok(answer.data.uploaded(client.now()))
}
