//! `GET /2/users/me`: whose token this is.
//!
//! Limits      75 requests in 15 minutes a profile; $0.010 each. <X docs, August 2026>
//! Pages       none.
//! Surprises   the app's own token is refused here with 403, not 401. <OpenAPI 2.167>

use hashbuzz_social::{Access, Profile, ReadError};
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Call, Client, Delivers};
use crate::rates::{Billed, Rate};
use crate::remedy;
use crate::sign::Right;
use crate::wire::{User, profile_id};

static RATE: Rate = Rate { name: "me", profile: 75, app: 0, billed: Billed::Profile };

#[derive(Deserialize)]
struct Answer {
    data: Option<User>,
    #[serde(default)]
    errors: Vec<Value>,
}

impl Delivers for Answer {
    fn objects(&self) -> u64 {
        u64::from(self.data.is_some())
    }
}

/// The profile that `access` belongs to.
pub(crate) async fn me(client: &Client, access: &Access) -> Result<Profile, ReadError> {
    let call = Call::get(&RATE, &["2", "users", "me"]);
    let answer: Answer = client.read(&[Right::Profile(access)], call).await?;
    let user = answer.data.ok_or_else(|| remedy::of_partial(&answer.errors))?;
    Ok(Profile { id: profile_id(&user.id)?, handle: user.handle().to_owned() })
}
