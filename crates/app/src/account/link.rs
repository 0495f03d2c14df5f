//! Linking profiles to accounts.

use hashbuzz_domain::{AccountId, ProfileId};
use hashbuzz_social::{Access, Profile};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::store::{NewProfile, save_profile};
use super::{AccountError, store};
use crate::audit::audit;
use crate::{App, VaultError};

/// An access as it is sealed. Version by variant.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredAccess {
    OAuth2 { token: String },
    OAuth1 { token: String, secret: String },
}

/// Links the profile that `access` belongs to (the network says which) as the brand of `account`.
/// Linking it again renews the access.
///
/// # Errors
/// [`AccountError::Taken`]; the network's; the database's.
pub async fn link_brand(
    app: &App,
    account: AccountId,
    access: Access,
) -> Result<Profile, AccountError> {
    let profile = app.network.me(&access).await?;
    let stored = match &access {
        Access::OAuth2 { token } => StoredAccess::OAuth2 { token: token.expose_secret().into() },
        Access::OAuth1 { token, secret } => StoredAccess::OAuth1 {
            token: token.expose_secret().into(),
            secret: secret.expose_secret().into(),
        },
    };
    let text = serde_json::to_string(&stored).map_err(|_| VaultError::Sealed)?;
    let sealed = app.vault.seal(&row(app.network.name(), &profile.id), &text)?;
    save(app, account, "brand", &profile, Some(sealed)).await?;
    Ok(profile)
}

/// Links `profile` as the personal profile of `account`: who is paid for what it does.
///
/// # Errors
/// [`AccountError::Taken`]; the database's.
pub async fn link_personal(
    app: &App,
    account: AccountId,
    profile: ProfileId,
    handle: &str,
) -> Result<(), AccountError> {
    let profile = Profile { id: profile, handle: handle.to_owned() };
    save(app, account, "personal", &profile, None).await
}

async fn save(
    app: &App,
    account: AccountId,
    purpose: &'static str,
    profile: &Profile,
    access: Option<Vec<u8>>,
) -> Result<(), AccountError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    if store::evm_address(&tx, account).await?.is_none() {
        return Err(AccountError::Unknown(account));
    }
    let new = NewProfile {
        network: app.network.name(),
        profile: &profile.id,
        account,
        purpose,
        handle: &profile.handle,
        access,
    };
    if !save_profile(&tx, new, now).await? {
        return Err(AccountError::Taken);
    }
    let subject = format!("{}:{}", app.network.name(), profile.id);
    crate::closing::wallet_linked(&tx, now, &profile.id).await?;
    audit(&tx, now, &account.to_string(), "profile.link", &subject, purpose).await?;
    tx.commit().await?;
    app.wake();
    Ok(())
}

/// The name that a profile's access is sealed with.
pub(super) fn row(network: &str, profile: &ProfileId) -> String {
    format!("profile/{network}/{profile}")
}

pub(super) fn read_access(text: &SecretString) -> Result<Access, VaultError> {
    let stored = serde_json::from_str(text.expose_secret()).map_err(|_| VaultError::Sealed)?;
    Ok(match stored {
        StoredAccess::OAuth2 { token } => Access::OAuth2 { token: token.into() },
        StoredAccess::OAuth1 { token, secret } => {
            Access::OAuth1 { token: token.into(), secret: secret.into() }
        }
    })
}
