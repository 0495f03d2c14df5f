//! Accounts and HBAR transfers.

use std::collections::BTreeMap;

use hiero_sdk_proto::services::{
    AccountId, CryptoCreateTransactionBody, CryptoTransferTransactionBody, Key,
    ResponseCodeEnum as Code, account_id::Account as Named,
};
use revm::primitives::Address;

use super::handle::{Effect, Handling};
use crate::keys;
use crate::record::Created;
use crate::state::{Account, Draft, State};

/// The most HBAR balances that one transfer may adjust.
const MAX_ADJUSTMENTS: usize = 10;
/// The longest memo of an account or a contract, in bytes.
pub(super) const MAX_ENTITY_MEMO: usize = 100;
/// Seconds for which an entity may renew itself.
const RENEWALS: std::ops::RangeInclusive<i64> = 2_592_000..=8_000_001;

/// The checks of a transfer that come before consensus.
pub(super) fn check_transfer(
    transfer: &CryptoTransferTransactionBody,
    state: &State,
) -> Result<(), Code> {
    if !transfer.token_transfers.is_empty() {
        return Err(Code::NotSupported);
    }
    let adjustments =
        transfer.transfers.as_ref().map(|l| l.account_amounts.as_slice()).unwrap_or_default();
    let mut seen = BTreeMap::new();
    let mut sum = 0_i128;
    for adjustment in adjustments {
        let id = adjustment.account_id.as_ref().ok_or(Code::InvalidTransferAccountId)?;
        // An account may be named twice in different ways, so a known one is compared by number.
        let name = match named(id)? {
            Id::Num(num) => num.to_string(),
            Id::Address(address) => state
                .meant_by(&address)
                .map_or_else(|| address.to_string(), |account| account.num.to_string()),
        };
        if seen.insert(name, ()).is_some() {
            return Err(Code::AccountRepeatedInAccountAmounts);
        }
        sum += i128::from(adjustment.amount);
    }
    if sum == 0 { Ok(()) } else { Err(Code::InvalidAccountAmounts) }
}

/// The checks of a new account that come before consensus.
pub(super) fn check_create(create: &CryptoCreateTransactionBody) -> Result<(), Code> {
    if i64::try_from(create.initial_balance).is_err() {
        return Err(Code::InvalidInitialBalance);
    }
    if !matches!(create.alias.len(), 0 | 20) {
        return Err(Code::InvalidAliasKey);
    }
    match &create.key {
        None => Err(Code::KeyRequired),
        Some(key) if !keys::is_usable(key) => Err(Code::InvalidAdminKey),
        Some(_) => Ok(()),
    }
}

/// An account as a transaction names it.
enum Id {
    Num(i64),
    Address(Address),
}

fn named(id: &AccountId) -> Result<Id, Code> {
    if id.shard_num != 0 || id.realm_num != 0 {
        return Err(Code::InvalidAccountId);
    }
    match &id.account {
        Some(Named::AccountNum(num)) => Ok(Id::Num(*num)),
        Some(Named::Alias(alias)) => {
            { <[u8; 20]>::try_from(alias.as_slice()).map(|bytes| Id::Address(bytes.into())) }
                .map_err(|_| Code::InvalidAccountId)
        }
        None => Err(Code::InvalidAccountId),
    }
}

/// The account that a transaction or a query names, if there is one.
pub(super) fn find<'a>(draft: &'a Draft<'_>, id: &AccountId) -> Result<&'a Account, Code> {
    let account = match named(id)? {
        Id::Num(num) => draft.account(num),
        Id::Address(address) => draft.meant_by(&address),
    };
    account.ok_or(Code::InvalidAccountId)
}

/// Moves HBAR between accounts: everybody who gives has signed, and so has everybody who wants to
/// be asked before receiving.
pub(super) fn transfer(
    handling: &mut Handling<'_, '_>,
    transfer: &CryptoTransferTransactionBody,
) -> Result<Effect, Code> {
    let adjustments =
        transfer.transfers.as_ref().map(|l| l.account_amounts.as_slice()).unwrap_or_default();
    if adjustments.len() > MAX_ADJUSTMENTS {
        return Err(Code::TransferListSizeLimitExceeded);
    }
    for adjustment in adjustments {
        let id = adjustment.account_id.as_ref().ok_or(Code::InvalidAccountId)?;
        let account = find(handling.draft, id)?.clone();
        if adjustment.is_approval {
            return Err(Code::SpenderDoesNotHaveAllowance);
        }
        let asked = adjustment.amount < 0 || account.receiver_sig_required;
        if asked && !handling.signed(account.key.as_ref()) {
            return Err(Code::InvalidSignature);
        }
        handling
            .draft
            .adjust(account.num, adjustment.amount)
            .map_err(|_| Code::InsufficientAccountBalance)?;
    }
    Ok(Effect::default())
}

/// Opens an account.
pub(super) fn create(
    handling: &mut Handling<'_, '_>,
    create: &CryptoCreateTransactionBody,
) -> Result<Effect, Code> {
    let key = create.key.clone().ok_or(Code::KeyRequired)?;
    let renew = create.auto_renew_period.ok_or(Code::InvalidRenewalPeriod)?.seconds;
    if !RENEWALS.contains(&renew) {
        return Err(Code::AutorenewDurationNotInRange);
    }
    if create.memo.len() > MAX_ENTITY_MEMO {
        return Err(Code::MemoTooLong);
    }
    if create.receiver_sig_required && !handling.signed(Some(&key)) {
        return Err(Code::InvalidSignature);
    }
    let alias = alias(handling, create, &key)?;
    let balance = i64::try_from(create.initial_balance).map_err(|_| Code::InvalidInitialBalance)?;
    let num = handling.draft.next_num();
    let mut account = Account {
        key: Some(key),
        memo: create.memo.clone(),
        receiver_sig_required: create.receiver_sig_required,
        max_associations: create.max_automatic_token_associations,
        auto_renew: renew,
        ..Account::new(num, handling.at)
    };
    account.address = alias.unwrap_or(account.address);
    handling.draft.put_account(account);
    let payer = handling.tx.id.payer;
    handling.draft.pay(payer, num, balance).map_err(|_| Code::InsufficientPayerBalance)?;
    Ok(Effect { entity: Some(num), created: Created::Account(num), run: None })
}

/// The alias asked for, when the owner of its key agrees.
fn alias(
    handling: &Handling<'_, '_>,
    create: &CryptoCreateTransactionBody,
    key: &Key,
) -> Result<Option<Address>, Code> {
    let Ok(bytes) = <[u8; 20]>::try_from(create.alias.as_slice()) else { return Ok(None) };
    let alias = Address::from(bytes);
    if crate::entity::long_zero_num(&alias).is_some() {
        return Err(Code::InvalidAliasKey);
    }
    if handling.draft.at(&alias).is_some() {
        return Err(Code::AliasAlreadyAssigned);
    }
    let own = match &key.key {
        Some(hiero_sdk_proto::services::key::Key::EcdsaSecp256k1(public)) => {
            keys::ecdsa_address(public) == Some(alias)
        }
        _ => false,
    };
    let signatures = &handling.tx.signatures;
    let agreed = if own { signatures.satisfy(key) } else { signatures.satisfy_address(&alias) };
    if agreed { Ok(Some(alias)) } else { Err(Code::InvalidSignature) }
}
