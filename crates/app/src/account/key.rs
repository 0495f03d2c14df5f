//! Keys of programs: `hb_` and 32 random bytes. We keep a digest; the key is shown once.
//!
//! SHA-256 without salt or stretching is enough here because the key is random, not chosen: there
//! is nothing to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hashbuzz_db::DbError;
use hashbuzz_domain::AccountId;
use rand::RngCore as _;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::{AccountError, Role, Token, store};
use crate::App;
use crate::audit::audit;

/// Whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    roles: Vec<Role>,
}

impl Caller {
    pub(crate) fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Makes a key for `account`. It cannot be read again later.
///
/// # Errors
/// The database's.
pub async fn issue_api_key(
    app: &App,
    account: AccountId,
    label: &str,
) -> Result<Token, AccountError> {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let key = format!("hb_{}", URL_SAFE_NO_PAD.encode(bytes));
    let tx = app.db.begin().await?;
    store::save_key(&tx, &digest(&key), account, label, app.clock.now()).await?;
    audit(&tx, app.clock.now(), "system", "api_key.issue", &account.to_string(), label).await?;
    tx.commit().await?;
    Ok(SecretString::from(key))
}

/// Who holds `key`.
pub(crate) async fn caller(app: &App, key: &str) -> Result<Option<Caller>, DbError> {
    let holder = store::key_holder(&app.db, &digest(key)).await?;
    Ok(holder.map(|(account, roles)| Caller { account, roles }))
}

fn digest(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}
