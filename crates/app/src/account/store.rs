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
    pub(super) access: Option<Vec<u8>>,
}

/// Links a profile, or renews the access of one that this account has. False when it is another's.
pub(super) async fn save_profile(tx: &Tx, new: NewProfile<'_>, now: i64) -> Result<bool, DbError> {
    let changed = tx
        .exec(
            "INSERT INTO profile (network, profile, account, purpose, handle, access, linked_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (network, profile) DO UPDATE \
             SET handle = EXCLUDED.handle, access = EXCLUDED.access, linked_at = EXCLUDED.linked_at \
             WHERE profile.account = EXCLUDED.account AND profile.purpose = EXCLUDED.purpose",
            values![
                new.network,
                new.profile.as_str(),
                new.account.to_string(),
                new.purpose,
                new.handle,
                new.access,
                now
            ],
        )
        .await;
    match changed {
        Ok(changed) => Ok(changed == 1),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

#[derive(FromQueryResult)]
struct BrandRow {
    profile: String,
    access: Option<Vec<u8>>,
}

pub(super) async fn brand(
    db: &impl Sql,
    account: AccountId,
    network: &str,
) -> Result<Option<(ProfileId, Vec<u8>)>, DbError> {
    let row: Option<BrandRow> = db
        .one(
            "SELECT profile, access FROM profile \
             WHERE account = $1 AND network = $2 AND purpose = 'brand'",
            values![account.to_string(), network],
        )
        .await?;
    match row {
        Some(BrandRow { profile, access: Some(access) }) => Ok(Some((parse(&profile)?, access))),
        _ => Ok(None),
    }
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
