//! Signing in at the network to link a profile.
//!
//! What comes back with the person (`state`) is random, good once, for ten minutes, and for the
//! account that began: whoever is given somebody else's link ends nothing with it. A brand's access is
//! kept; of a person we keep who they are, and give the access back at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hashbuzz_domain::AccountId;
use hashbuzz_social::{GrantError, Profile, Purpose};
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::link::link_granted;
use super::{AccountError, link_personal, store};
use crate::App;

/// How long a person may take at the network.
const PATIENCE: i64 = 10 * 60 * 1_000_000;

/// What a profile is linked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkAs {
    /// Posts campaigns.
    Brand,
    /// Takes part in them.
    Personal,
}

impl LinkAs {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Personal => "personal",
        }
    }

    pub(super) fn read(name: &str) -> Option<Self> {
        [Self::Brand, Self::Personal].into_iter().find(|known| known.as_str() == name)
    }

    const fn purpose(self) -> Purpose {
        match self {
            Self::Brand => Purpose::Posting,
            Self::Personal => Purpose::Identity,
        }
    }
}

/// Why a sign-in ended with nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignInError {
    /// Nobody began it, or somebody else did, or too long ago, or it has ended.
    #[error("this sign-in is not known: it may be over, too old, or another account's")]
    NotKnown,
    /// The network granted nothing.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// What it granted could not be linked.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// Where to send whoever signs in, and until when they have to be back.
pub(super) async fn begin(
    app: &App,
    account: AccountId,
    link_as: LinkAs,
) -> Result<(String, i64), SignInError> {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let state = URL_SAFE_NO_PAD.encode(bytes);
    let begun = app.network.begin_sign_in(link_as.purpose(), &state)?;
    let (now, digest) = (app.clock.now(), digest(&state));
    let ends_at = now + PATIENCE;
    let sealed = app.vault.seal(&row(&digest), begun.verifier.expose_secret());
    let verifier = sealed.map_err(AccountError::from)?;
    let purpose = link_as.as_str();
    let begin = store::Begun { state: &digest, account, purpose, verifier, ends_at };
    let tx = app.db.begin().await.map_err(AccountError::from)?;
    store::begin_sign_in(&tx, begin, now).await.map_err(AccountError::from)?;
    tx.commit().await.map_err(AccountError::from)?;
    Ok((begun.url, ends_at))
}

/// Links the profile of whoever came back.
pub(super) async fn end(
    app: &App,
    account: AccountId,
    state: &str,
    code: &SecretString,
) -> Result<(LinkAs, Profile), SignInError> {
    let digest = digest(state);
    let taken = store::take_sign_in(&app.db, &digest, account, app.clock.now()).await;
    let taken = taken.map_err(AccountError::from)?.ok_or(SignInError::NotKnown)?;
    let link_as = LinkAs::read(&taken.purpose).ok_or(SignInError::NotKnown)?;
    let verifier = app.vault.open(&row(&digest), &taken.verifier).map_err(AccountError::from)?;
    let granted = app.network.finish_sign_in(code, &verifier).await?;
    let profile = match link_as {
        LinkAs::Brand => link_granted(app, account, granted).await?,
        LinkAs::Personal => {
            let known = app.network.me(&granted.access).await;
            // Whatever came of it: we need it no more.
            if let Err(error) = app.network.give_back(&granted.access).await {
                tracing::info!(%error, "a person's access ends by itself, it was not given back");
            }
            let profile = known.map_err(AccountError::from)?;
            link_personal(app, account, profile.id.clone(), &profile.handle).await?;
            profile
        }
    };
    Ok((link_as, profile))
}

fn digest(state: &str) -> String {
    hex::encode(Sha256::digest(state.as_bytes()))
}

fn row(digest: &str) -> String {
    format!("sign_in/{digest}")
}
