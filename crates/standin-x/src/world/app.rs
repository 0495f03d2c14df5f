//! The one developer app that is registered: its keys for all three ways of authentication.

use rand::Rng;
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::secret;

/// The app's keys, as its owner would find them in the developer console.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct App {
    /// The enrolled account that pays, named in refusals.
    pub(crate) account_id: String,
    /// OAuth 1.0a consumer key.
    pub(crate) consumer_key: String,
    /// OAuth 1.0a consumer secret.
    pub(crate) consumer_secret: String,
    /// OAuth 2.0 client id.
    pub(crate) client_id: String,
    /// OAuth 2.0 client secret.
    pub(crate) client_secret: String,
    /// The app-only token: always the same one.
    pub(crate) bearer_token: String,
    /// Signs page tokens; never shown.
    pub(crate) page_key: String,
}

impl App {
    /// What its owner may see.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "account_id": self.account_id,
            "consumer_key": self.consumer_key,
            "consumer_secret": self.consumer_secret,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "bearer_token": self.bearer_token,
        })
    }

    pub(super) fn new(rng: &mut ChaCha12Rng) -> Self {
        Self {
            account_id: rng.random_range(1_000_000_000_u64..9_999_999_999).to_string(),
            consumer_key: secret(rng, 25),
            consumer_secret: secret(rng, 50),
            client_id: secret(rng, 34),
            client_secret: secret(rng, 50),
            bearer_token: format!("AAAAAAAAAAAAAAAAAAAAA{}", secret(rng, 80)),
            page_key: secret(rng, 32),
        }
    }
}
