//! `GET /2/media/upload?command=STATUS`: how an upload stands.
//!
//! Limits      1,000 in 15 minutes a profile. X says after how many seconds to look again.
//!             <X docs, August 2026>
//! Pages       none.
//! Surprises   of an upload without a state X does not say whether it is finished: a picture that
//!             is ready and a video of which pieces are missing look alike. <X docs, August 2026>

use hashbuzz_domain::UploadId;
use hashbuzz_social::{Access, ReadError, Uploaded};

use crate::client::{Call, Client};
use crate::media::Answer;
use crate::rates::{Billed, Rate};
use crate::sign::Right;
use crate::wire::readable;

static RATE: Rate = Rate { name: "media_status", profile: 1_000, app: 0, billed: Billed::Free };

/// What X says of the upload; nothing when it says nothing of its state.
pub(crate) async fn state(
    client: &Client,
    access: &Access,
    upload: &UploadId,
) -> Result<Option<Uploaded>, ReadError> {
    let call = Call::get(&RATE, &["2", "media", "upload"])
        .query("command", "STATUS")
        .query("media_id", readable(upload.as_str())?);
    let answer: Answer = client.read(&[Right::Profile(access)], call).await?;
    Ok(answer.data.says_its_state().then(|| answer.data.uploaded(client.now())))
}
