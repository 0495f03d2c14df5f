//! Accounts: who may do what, which profiles speak for whom, and the keys of programs.
//!
//! Owns the tables `account`, `profile`, `api_key`. An account is a ledger account; its
//! EVM address is the one that the ledger reports, so that an alias and a long-zero form are never
//! two people. Access tokens are sealed with their row's name and opened only to be used.

mod access;
mod acting;
mod http;
mod key;
mod link;
mod sign_in;
mod store;

use hashbuzz_db::DbError;
use hashbuzz_domain::{AccountId, EvmAddress, ProfileId};
use secrecy::SecretString;

use crate::audit::audit;
use crate::{App, VaultError};

pub use acting::reseal;
pub(crate) use acting::{Acting, Brand, acting, not_read, refused};
pub(crate) use http::{begin_sign_in, end_sign_in, profiles, unlink};
pub use key::issue_api_key;
pub(crate) use key::{Caller, caller};
pub use link::{link_brand, link_personal};
pub(crate) use store::{evm_address, wallets_of};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes part.
    Participant,
    /// Drafts and funds campaigns.
    Campaigner,
    /// Agrees to campaigns or rejects them.
    Reviewer,
    /// Keeps the system running.
    Operator,
    /// Grants roles.
    Admin,
}

impl Role {
    const ALL: [Self; 5] =
        [Self::Participant, Self::Campaigner, Self::Reviewer, Self::Operator, Self::Admin];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Campaigner => "campaigner",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Why an account or a profile could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Another account has this profile, or this account another profile.
    #[error("the profile belongs to another account, or the account has another profile")]
    Taken,
    /// Nobody registered this account.
    #[error("{0} is not registered")]
    Unknown(AccountId),
    /// The network did not say who the access belongs to.
    #[error(transparent)]
    Network(#[from] hashbuzz_social::ReadError),
    /// The access could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database's.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Registers `account` with `roles`; registering again replaces the roles.
///
/// # Errors
/// The database's.
pub async fn register(
    app: &App,
    account: AccountId,
    evm_address: EvmAddress,
    roles: &[Role],
) -> Result<(), AccountError> {
    let tx = app.db.begin().await?;
    store::save_account(&tx, account, evm_address, roles, app.clock.now()).await?;
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    audit(
        &tx,
        app.clock.now(),
        "system",
        "account.register",
        &account.to_string(),
        &names.join(","),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Whether `account` has a brand profile on this deployment's network that it need not link again.
pub(crate) async fn has_brand(app: &App, account: AccountId) -> Result<bool, DbError> {
    let held = store::brand(&app.db, account, app.network.name()).await?;
    Ok(held.is_some_and(|held| held.link_again.is_none()))
}

/// The brand profile of `account` on this deployment's network, whether or not one can act for it.
pub(crate) async fn brand_profile(
    app: &App,
    account: AccountId,
) -> Result<Option<ProfileId>, DbError> {
    let held = store::brand(&app.db, account, app.network.name()).await?;
    held.map(|held| held.profile()).transpose()
}

/// The name that a profile's access is sealed with.
fn row(network: &str, profile: &str) -> String {
    format!("profile/{network}/{profile}")
}

/// A token as its owner holds it.
pub(crate) type Token = SecretString;
