//! Linking profiles to accounts.

use hashbuzz_domain::{AccountId, ProfileId, Time};
use hashbuzz_social::{Access, Granted, Profile};

use super::access::{self, Stored};
use super::store::{NewProfile, save_profile};
use super::{AccountError, store};
use crate::App;
use crate::audit::audit;

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
    link_granted(app, account, Granted { access, refresh: None, expires_at: None, scopes: vec![] })
        .await
}

/// The same, with what renews the access.
pub(super) async fn link_granted(
    app: &App,
    account: AccountId,
    granted: Granted,
) -> Result<Profile, AccountError> {
    let profile = app.network.me(&granted.access).await?;
    let ends_at = granted.expires_at.map(Time::micros);
    let stored = Stored { access: granted.access, refresh: granted.refresh };
    let sealed = access::seal(app, &profile.id, &stored)?;
    save(app, account, "brand", &profile, Some((sealed, ends_at))).await?;
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
    access: Option<(Vec<u8>, Option<i64>)>,
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
