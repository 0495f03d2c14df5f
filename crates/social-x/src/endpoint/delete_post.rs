//! `DELETE /2/tweets/:id`: deletes one's own post.
//!
//! Limits      50 in 15 minutes a profile; $0.010 each. <X docs, August 2026>
//! Pages       none.
//! Surprises   a post that is gone already is answered with 404 or with a success, depending on
//!             how long ago; both are what was wanted. 404 without X's own body is somebody
//!             else's answer and proves nothing. <observed in public clients, 2025>

use hashbuzz_domain::PostId;
use hashbuzz_social::{Access, Refusal, WriteError};
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Call, Client};
use crate::problem::Problem;
use crate::rates::{Billed, Rate};
use crate::remedy;
use crate::sign::Right;
use crate::wire::numeric;

static RATE: Rate = Rate { name: "delete_post", profile: 50, app: 0, billed: Billed::Deletion };

#[derive(Deserialize)]
struct Answer {
    data: Option<Deleted>,
    #[serde(default)]
    errors: Vec<Value>,
}

#[derive(Deserialize)]
struct Deleted {
    deleted: bool,
}

/// Deletes `post`, or finds it deleted.
pub(crate) async fn delete_post(
    client: &Client,
    access: &Access,
    post: &PostId,
) -> Result<(), WriteError> {
    let id = numeric(post.as_str())
        .map_err(|detail| WriteError::Refused { refusal: Refusal::Invalid, detail })?;
    let call = Call::delete(&RATE, &["2", "tweets", id]);
    let answer = client.ask(Right::Profile(access), call).await.map_err(remedy::of_unwritten)?;
    if matches!(answer.status.as_u16(), 404 | 410) && Problem::read(&answer.body).from_x {
        return Ok(());
    }
    if !answer.status.is_success() {
        return Err(remedy::of_write(&answer, client.now()));
    }
    let answer: Answer = serde_json::from_slice(&answer.body)
        .map_err(|_| WriteError::Unknown("delete_post answered in another shape".to_owned()))?;
    let gone = |error: &Value| Problem::from_value(error).kind == "resource-not-found";
    match answer.data {
        Some(Deleted { deleted: true }) => Ok(()),
        None if answer.errors.iter().any(gone) => Ok(()),
        Some(Deleted { deleted: false }) | None => {
            Err(WriteError::Unknown("X did not say that the post was deleted".to_owned()))
        }
    }
}
