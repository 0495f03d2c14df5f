//! The tables `account`, `profile`, `api_key`.

use std::collections::BTreeMap;

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, values};
use hashbuzz_domain::{AccountId, EvmAddress, ProfileId};

use super::Role;
use crate::stored::parse;

pub(super) async fn save_account(
    tx: &Tx,
    account: AccountId,
    evm_address: EvmAddress,
    roles: &[Role],
    now: i64,
) -> Result<(), DbError> {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    tx.exec(
        "INSERT INTO account (id, evm_address, roles, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET roles = EXCLUDED.roles",
        values![account.to_string(), evm_address.to_string(), roles.join(","), now],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct AddressRow {
    evm_address: String,
}

/// The address that stands for `account` in the ledger's EVM.
pub(crate) async fn evm_address(
    db: &impl Sql,
    account: AccountId,
) -> Result<Option<EvmAddress>, DbError> {
    let row: Option<AddressRow> = db
        .one("SELECT evm_address FROM account WHERE id = $1", values![account.to_string()])
        .await?;
    row.map(|row| parse(&row.evm_address)).transpose()
}

pub(super) struct NewProfile<'a> {
    pub(super) network: &'a str,
    pub(super) profile: &'a ProfileId,
    pub(super) account: AccountId,
    pub(super) purpose: &'static str,
    pub(super) handle: &'a str,
    /// Sealed; and when it ends by itself.
    pub(super) access: Option<(Vec<u8>, Option<i64>)>,
}

/// Links a profile, or renews the access of one that this account has. False when it is another's.
pub(super) async fn save_profile(tx: &Tx, new: NewProfile<'_>, now: i64) -> Result<bool, DbError> {
    let (access, ends_at) = new.access.map_or((None, None), |(access, ends)| (Some(access), ends));
    let changed = tx
        .exec(
            "INSERT INTO profile (network, profile, account, purpose, handle, access, linked_at, \
             access_ends_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (network, profile) DO UPDATE \
             SET handle = EXCLUDED.handle, access = EXCLUDED.access, linked_at = EXCLUDED.linked_at, \
             access_ends_at = EXCLUDED.access_ends_at, access_version = profile.access_version + 1, \
             renewing_until = 0, renewed_at = 0, link_again = NULL \
             WHERE profile.account = EXCLUDED.account AND profile.purpose = EXCLUDED.purpose",
            values![
                new.network,
                new.profile.as_str(),
                new.account.to_string(),
                new.purpose,
                new.handle,
                access,
                now,
                ends_at
            ],
        )
        .await;
    match changed {
        Ok(changed) => Ok(changed == 1),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// A brand's profile and its access.
#[derive(FromQueryResult)]
pub(super) struct BrandRow {
    profile: String,
    access: Vec<u8>,
    pub(super) access_version: i64,
    pub(super) access_ends_at: Option<i64>,
    pub(super) renewing_until: i64,
    pub(super) renewed_at: i64,
    pub(super) link_again: Option<String>,
}

impl BrandRow {
    pub(super) fn profile(&self) -> Result<ProfileId, DbError> {
        parse(&self.profile)
    }

    pub(super) fn name(&self) -> &str {
        &self.profile
    }

    pub(super) fn sealed(&self) -> &[u8] {
        &self.access
    }
}

pub(super) async fn brand(
    db: &impl Sql,
    account: AccountId,
    network: &str,
) -> Result<Option<BrandRow>, DbError> {
    db.one(
        "SELECT profile, access, access_version, access_ends_at, renewing_until, renewed_at, \
         link_again FROM profile WHERE account = $1 AND network = $2 AND purpose = 'brand' \
         AND access IS NOT NULL",
        values![account.to_string(), network],
    )
    .await
}

/// Takes the right to renew this access until `until`. False when somebody else has it, or has
/// renewed it.
pub(super) async fn take_renewal(
    db: &impl Sql,
    network: &str,
    held: &BrandRow,
    now: i64,
    until: i64,
) -> Result<bool, DbError> {
    let changed = db
        .exec(
            "UPDATE profile SET renewing_until = $5 WHERE network = $1 AND profile = $2 \
             AND access_version = $3 AND renewing_until <= $4 AND link_again IS NULL",
            values![network, held.profile.as_str(), held.access_version, now, until],
        )
        .await?;
    Ok(changed == 1)
}

/// Gives that right back: nothing was sent.
pub(super) async fn end_renewal(
    db: &impl Sql,
    network: &str,
    held: &BrandRow,
) -> Result<u64, DbError> {
    db.exec(
        "UPDATE profile SET renewing_until = 0 \
         WHERE network = $1 AND profile = $2 AND access_version = $3",
        values![network, held.profile.as_str(), held.access_version],
    )
    .await
}

/// Stores what renewed this access. False when another one was stored meanwhile.
pub(super) async fn save_renewed(
    tx: &Tx,
    network: &str,
    held: &BrandRow,
    (access, ends_at): (Vec<u8>, Option<i64>),
    now: i64,
) -> Result<bool, DbError> {
    let changed = tx
        .exec(
            "UPDATE profile SET access = $4, access_ends_at = $5, renewed_at = $6, \
             renewing_until = 0, access_version = access_version + 1 \
             WHERE network = $1 AND profile = $2 AND access_version = $3",
            values![network, held.profile.as_str(), held.access_version, access, ends_at, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Lets whoever needs this access renew it first.
pub(super) async fn distrust(
    db: &impl Sql,
    network: &str,
    held: &BrandRow,
) -> Result<u64, DbError> {
    db.exec(
        "UPDATE profile SET access_ends_at = 0 \
         WHERE network = $1 AND profile = $2 AND access_version = $3",
        values![network, held.profile.as_str(), held.access_version],
    )
    .await
}

/// Writes down that only the owner can help. False when the access is another one by now.
pub(super) async fn end_access(
    tx: &Tx,
    (account, network): (AccountId, &str),
    version: i64,
    why: &str,
) -> Result<bool, DbError> {
    let changed = tx
        .exec(
            "UPDATE profile SET link_again = $4, renewing_until = 0 WHERE account = $1 \
             AND network = $2 AND purpose = 'brand' AND access_version = $3",
            values![account.to_string(), network, version, why],
        )
        .await?;
    Ok(changed == 1)
}

/// A sealed access, to be sealed anew.
#[derive(FromQueryResult)]
pub(super) struct SealedRow {
    pub(super) network: String,
    pub(super) profile: String,
    pub(super) access: Vec<u8>,
}

/// One page of sealed accesses, in the order of their key, behind `after`.
pub(super) async fn sealed(db: &impl Sql, after: (&str, &str)) -> Result<Vec<SealedRow>, DbError> {
    db.all(
        "SELECT network, profile, access FROM profile WHERE access IS NOT NULL \
         AND (network, profile) > ($1, $2) ORDER BY network, profile LIMIT 100",
        values![after.0, after.1],
    )
    .await
}

/// Replaces a sealed access by the same one sealed anew, unless it is another one by now.
pub(super) async fn replace_sealed(
    db: &impl Sql,
    held: &SealedRow,
    anew: Vec<u8>,
) -> Result<u64, DbError> {
    db.exec(
        "UPDATE profile SET access = $4 WHERE network = $1 AND profile = $2 AND access = $3",
        values![held.network.as_str(), held.profile.as_str(), held.access.clone(), anew],
    )
    .await
}

/// A sign-in that was begun.
pub(super) struct Begun<'a> {
    /// The digest of what comes back with the person.
    pub(super) state: &'a str,
    pub(super) account: AccountId,
    pub(super) purpose: &'static str,
    /// Sealed.
    pub(super) verifier: Vec<u8>,
    pub(super) ends_at: i64,
}

/// Keeps a sign-in, and forgets those that are too old.
pub(super) async fn begin_sign_in(tx: &Tx, begun: Begun<'_>, now: i64) -> Result<(), DbError> {
    tx.exec("DELETE FROM sign_in WHERE ends_at <= $1", values![now]).await?;
    tx.exec(
        "INSERT INTO sign_in (state, account, purpose, verifier, ends_at) \
         VALUES ($1, $2, $3, $4, $5)",
        values![
            begun.state,
            begun.account.to_string(),
            begun.purpose,
            begun.verifier,
            begun.ends_at
        ],
    )
    .await?;
    Ok(())
}

/// A sign-in that comes back.
#[derive(FromQueryResult)]
pub(super) struct SignInRow {
    pub(super) purpose: String,
    pub(super) verifier: Vec<u8>,
}

/// Takes a sign-in of `account` that is not too old: it is good once.
pub(super) async fn take_sign_in(
    db: &impl Sql,
    state: &str,
    account: AccountId,
    now: i64,
) -> Result<Option<SignInRow>, DbError> {
    db.one(
        "DELETE FROM sign_in WHERE state = $1 AND account = $2 AND ends_at > $3 \
         RETURNING purpose, verifier",
        values![state, account.to_string(), now],
    )
    .await
}

/// A profile as its owner sees it.
#[derive(FromQueryResult)]
pub(super) struct ProfileRow {
    pub(super) network: String,
    pub(super) profile: String,
    pub(super) purpose: String,
    pub(super) handle: String,
    pub(super) linked_at: i64,
    pub(super) link_again: Option<String>,
}

pub(super) async fn profiles(
    db: &impl Sql,
    account: AccountId,
) -> Result<Vec<ProfileRow>, DbError> {
    db.all(
        "SELECT network, profile, purpose, handle, linked_at, link_again FROM profile \
         WHERE account = $1 ORDER BY network, purpose LIMIT 100",
        values![account.to_string()],
    )
    .await
}

/// Forgets a profile and its access. False when this account does not have it.
pub(super) async fn unlink(
    tx: &Tx,
    account: AccountId,
    network: &str,
    purpose: &str,
) -> Result<bool, DbError> {
    let changed = tx
        .exec(
            "DELETE FROM profile WHERE account = $1 AND network = $2 AND purpose = $3",
            values![account.to_string(), network, purpose],
        )
        .await?;
    Ok(changed == 1)
}

#[derive(FromQueryResult)]
struct WalletRow {
    profile: String,
    account: String,
    evm_address: String,
}

/// The wallets of those among `profiles` that linked one as their personal profile.
pub(crate) async fn wallets_of(
    db: &impl Sql,
    network: &str,
    profiles: &[ProfileId],
) -> Result<BTreeMap<ProfileId, (AccountId, EvmAddress)>, DbError> {
    let mut wallets = BTreeMap::new();
    for chunk in profiles.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|i| format!("${}", i + 2)).collect();
        let mut given = values![network];
        given.extend(chunk.iter().map(|profile| hashbuzz_db::Value::from(profile.as_str())));
        let rows: Vec<WalletRow> = db
            .all(
                &format!(
                    "SELECT p.profile, p.account, a.evm_address FROM profile p \
                     JOIN account a ON a.id = p.account \
                     WHERE p.network = $1 AND p.purpose = 'personal' AND p.profile IN ({})",
                    places.join(", ")
                ),
                given,
            )
            .await?;
        for row in rows {
            wallets.insert(parse(&row.profile)?, (parse(&row.account)?, parse(&row.evm_address)?));
        }
    }
    Ok(wallets)
}

pub(super) async fn save_key(
    tx: &Tx,
    digest: &str,
    account: AccountId,
    label: &str,
    now: i64,
) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO api_key (digest, account, label, created_at) VALUES ($1, $2, $3, $4)",
        values![digest, account.to_string(), label, now],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct CallerRow {
    id: String,
    roles: String,
}

pub(super) async fn key_holder(
    db: &impl Sql,
    digest: &str,
) -> Result<Option<(AccountId, Vec<Role>)>, DbError> {
    let row: Option<CallerRow> = db
        .one(
            "SELECT a.id, a.roles FROM api_key k JOIN account a ON a.id = k.account \
             WHERE k.digest = $1",
            values![digest],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let roles = row.roles.split(',').filter_map(Role::read).collect();
    Ok(Some((parse(&row.id)?, roles)))
}
