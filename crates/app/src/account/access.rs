//! An access as it is stored: sealed, under its row's name.

use hashbuzz_domain::ProfileId;
use hashbuzz_social::{Access, Proof};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::store::BrandRow;
use super::{AccountError, row};
use crate::{App, VaultError};

/// An access and what renews it.
pub(super) struct Stored {
    pub(super) access: Access,
    pub(super) refresh: Option<SecretString>,
}

/// The form of it that is sealed. Version by variant.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    OAuth2 {
        token: String,
        #[serde(default)]
        refresh: Option<String>,
    },
    OAuth1 {
        token: String,
        secret: String,
    },
}

/// Seals an access of `profile`.
pub(super) fn seal(
    app: &App,
    profile: &ProfileId,
    stored: &Stored,
) -> Result<Vec<u8>, AccountError> {
    let open = |secret: &SecretString| secret.expose_secret().to_owned();
    let form = match &stored.access.proof {
        Proof::OAuth2 { token } => {
            Form::OAuth2 { token: open(token), refresh: stored.refresh.as_ref().map(open) }
        }
        Proof::OAuth1 { token, secret } => {
            Form::OAuth1 { token: open(token), secret: open(secret) }
        }
    };
    let text = serde_json::to_string(&form).map_err(|_| VaultError::Sealed)?;
    Ok(app.vault.seal(&row(app.network.name(), profile.as_str()), &text)?)
}

/// Opens it.
pub(super) fn open(app: &App, held: &BrandRow) -> Result<Stored, AccountError> {
    let text = app.vault.open(&row(app.network.name(), held.name()), held.sealed())?;
    let form = serde_json::from_str(text.expose_secret()).map_err(|_| VaultError::Sealed)?;
    Ok(match form {
        Form::OAuth2 { token, refresh } => {
            Stored { access: Access::oauth2(token), refresh: refresh.map(SecretString::from) }
        }
        Form::OAuth1 { token, secret } => {
            Stored { access: Access::oauth1(token, secret), refresh: None }
        }
    })
}
