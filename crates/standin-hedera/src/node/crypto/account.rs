//! Opening, changing and closing accounts.

use hiero_sdk_proto::services::crypto_create_transaction_body::StakedId;
use hiero_sdk_proto::services::crypto_update_transaction_body::{
    ReceiverSigRequiredField, StakedId as NewStakedId,
};
use hiero_sdk_proto::services::{
    CryptoCreateTransactionBody, CryptoDeleteTransactionBody, CryptoUpdateTransactionBody, Key,
    ResponseCodeEnum as Code, key::Key as Kind,
};
use prost::Message;
use revm::primitives::Address;

use super::{MAX_ENTITY_MEMO, RENEWALS, check_renewal, find, find_num};
use crate::entity::{NODE, Stamp};
use crate::keys;
use crate::node::handle::{Effect, Handling};
use crate::record::Created;
use crate::state::{Account, Stake};

/// The most automatic associations that may be asked for; -1 stands for no limit.
const MAX_SLOTS: i32 = 5_000;

/// The checks of a new account that come before consensus.
pub(in crate::node) fn check_create(create: &CryptoCreateTransactionBody) -> Result<(), Code> {
    if i64::try_from(create.initial_balance).is_err() {
        return Err(Code::InvalidInitialBalance);
    }
    if !matches!(create.alias.len(), 0 | 20) {
        return Err(Code::InvalidAliasKey);
    }
    check_slots(create.max_automatic_token_associations)?;
    match &create.key {
        None => Err(Code::KeyRequired),
        Some(key) if !keys::is_usable(key) => Err(Code::InvalidAdminKey),
        Some(_) => Ok(()),
    }
}

/// Opens an account.
pub(in crate::node) fn create(
    handling: &mut Handling<'_, '_>,
    create: &CryptoCreateTransactionBody,
) -> Result<Effect, Code> {
    let key = create.key.clone().ok_or(Code::KeyRequired)?;
    let renew = create.auto_renew_period.ok_or(Code::InvalidRenewalPeriod)?.seconds;
    check_renewal(renew)?;
    if create.memo.len() > MAX_ENTITY_MEMO {
        return Err(Code::MemoTooLong);
    }
    if create.receiver_sig_required && !handling.signed(Some(&key)) {
        return Err(Code::InvalidSignature);
    }
    let alias = alias(handling, create, &key)?;
    let balance = i64::try_from(create.initial_balance).map_err(|_| Code::InvalidInitialBalance)?;
    let stake = match &create.staked_id {
        None => Stake::default(),
        Some(StakedId::StakedAccountId(id)) => {
            let account = find_num(handling.draft, Some(id)).map_err(|_| Code::InvalidStakingId)?;
            Stake { account: Some(account), ..Stake::default() }
        }
        Some(StakedId::StakedNodeId(node)) => with_node(*node)?,
    };
    let num = handling.draft.next_num();
    let mut account = Account {
        key: Some(key),
        memo: create.memo.clone(),
        receiver_sig_required: create.receiver_sig_required,
        max_associations: create.max_automatic_token_associations,
        auto_renew: renew,
        expires: handling.at.plus_seconds(renew),
        stake: Stake { declines_reward: create.decline_reward, ..stake },
        ..Account::new(num, handling.at)
    };
    account.address = alias.unwrap_or(account.address);
    handling.draft.put_account(account);
    let payer = handling.tx.id.payer;
    handling.draft.pay(payer, num, balance).map_err(|_| Code::InsufficientPayerBalance)?;
    Ok(Effect { created: Created::Account(num), ..Effect::about(num) })
}

fn check_slots(slots: i32) -> Result<(), Code> {
    match slots {
        -1..=MAX_SLOTS => Ok(()),
        i32::MIN..=-2 => Err(Code::InvalidMaxAutoAssociations),
        _ => Err(Code::RequestedNumAutomaticAssociationsExceedsAssociationLimit),
    }
}

/// There is one node, number 0; -1 ends staking.
fn with_node(node: i64) -> Result<Stake, Code> {
    match node {
        -1 => Ok(Stake::default()),
        0 => Ok(Stake { node: Some(0), ..Stake::default() }),
        _ => Err(Code::InvalidStakingId),
    }
}

/// The alias asked for. It belongs to the account's own key, or the owner of its key has signed.
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
    let own = keys::address_of(key) == Some(alias);
    let agreed = own || handling.tx.signatures.satisfy_address(&alias);
    if agreed { Ok(Some(alias)) } else { Err(Code::InvalidSignature) }
}

/// Changes an account. Its key signs, and so does a new one.
pub(in crate::node) fn update(
    handling: &mut Handling<'_, '_>,
    update: &CryptoUpdateTransactionBody,
) -> Result<Effect, Code> {
    let id = update.account_id_to_update.as_ref().ok_or(Code::AccountIdDoesNotExist)?;
    let mut account = find(handling.draft, id)?.clone();
    if account.deleted {
        return Err(Code::AccountDeleted);
    }
    if account.contract.is_some() {
        return Err(Code::InvalidAccountId);
    }
    let only_expiry = CryptoUpdateTransactionBody {
        account_id_to_update: update.account_id_to_update.clone(),
        expiration_time: update.expiration_time,
        ..CryptoUpdateTransactionBody::default()
    } == *update;
    if !only_expiry && !handling.signed(account.key.as_ref()) {
        return Err(Code::InvalidSignature);
    }
    if let Some(key) = &update.key {
        if !keys::is_usable(key) {
            return Err(Code::InvalidAdminKey);
        }
        if !handling.signed(Some(key)) {
            return Err(Code::InvalidSignature);
        }
        account.key = Some(key.clone());
    }
    if let Some(memo) = &update.memo {
        if memo.len() > MAX_ENTITY_MEMO {
            return Err(Code::MemoTooLong);
        }
        account.memo.clone_from(memo);
    }
    if let Some(period) = &update.auto_renew_period {
        check_renewal(period.seconds)?;
        account.auto_renew = period.seconds;
    }
    if let Some(expires) = update.expiration_time {
        account.expires = later(account.expires, Stamp::from_proto(expires), handling.at)?;
    }
    if let Some(slots) = update.max_automatic_token_associations {
        check_slots(slots)?;
        let held = handling.draft.holdings_of(account.num);
        let used = held.values().filter(|holding| holding.automatic).count();
        if slots >= 0 && usize::try_from(slots).is_ok_and(|slots| slots < used) {
            return Err(Code::ExistingAutomaticAssociationsExceedGivenLimit);
        }
        account.max_associations = slots;
    }
    if let Some(ReceiverSigRequiredField::ReceiverSigRequiredWrapper(required)) =
        &update.receiver_sig_required_field
    {
        account.receiver_sig_required = *required;
    }
    let declines_reward = update.decline_reward.unwrap_or(account.stake.declines_reward);
    account.stake = Stake { declines_reward, ..staked(handling, update, account.stake)? };
    let num = account.num;
    handling.draft.put_account(account);
    Ok(Effect { created: Created::Account(num), ..Effect::about(num) })
}

fn staked(
    handling: &Handling<'_, '_>,
    update: &CryptoUpdateTransactionBody,
    old: Stake,
) -> Result<Stake, Code> {
    match &update.staked_id {
        None => Ok(old),
        // 0.0.0 ends staking.
        Some(NewStakedId::StakedAccountId(id)) if *id == crate::entity::account_id(0) => {
            Ok(Stake::default())
        }
        Some(NewStakedId::StakedAccountId(id)) => {
            let account = find_num(handling.draft, Some(id)).map_err(|_| Code::InvalidStakingId)?;
            Ok(Stake { account: Some(account), ..Stake::default() })
        }
        Some(NewStakedId::StakedNodeId(node)) => with_node(*node),
    }
}

/// A time of expiry may only be moved on, and not further than an entity can renew itself.
pub(in crate::node) fn later(old: Stamp, new: Option<Stamp>, at: Stamp) -> Result<Stamp, Code> {
    let new = new.ok_or(Code::InvalidExpirationTime)?;
    if new > at.plus_seconds(*RENEWALS.end()) {
        return Err(Code::InvalidExpirationTime);
    }
    if new < old { Err(Code::ExpirationReductionNotAllowed) } else { Ok(new) }
}

/// Closes an account, whose HBAR go to another. It must have no tokens left.
pub(in crate::node) fn delete(
    handling: &mut Handling<'_, '_>,
    delete: &CryptoDeleteTransactionBody,
) -> Result<Effect, Code> {
    let id = delete.delete_account_id.as_ref().ok_or(Code::AccountIdDoesNotExist)?;
    let mut account = find(handling.draft, id)?.clone();
    let heir = delete.transfer_account_id.as_ref().ok_or(Code::AccountIdDoesNotExist)?;
    let heir = find(handling.draft, heir).map_err(|_| Code::InvalidTransferAccountId)?.clone();
    if account.num == heir.num {
        return Err(Code::TransferAccountSameAsDeleteAccount);
    }
    if account.deleted || heir.deleted {
        return Err(Code::AccountDeleted);
    }
    if account.contract.is_some() || account.num <= NODE {
        return Err(Code::InvalidAccountId);
    }
    let asked = heir.receiver_sig_required && !handling.signed(heir.key.as_ref());
    if !handling.signed(account.key.as_ref()) || asked {
        return Err(Code::InvalidSignature);
    }
    let held = handling.draft.holdings_of(account.num);
    if held.keys().any(|token| is_treasury(handling, *token, account.num)) {
        return Err(Code::AccountIsTreasury);
    }
    if held.values().any(|holding| holding.balance > 0) {
        return Err(Code::TransactionRequiresZeroTokenBalances);
    }
    let num = account.num;
    handling
        .draft
        .pay(num, heir.num, account.balance)
        .map_err(|_| Code::InsufficientAccountBalance)?;
    account.balance = 0;
    account.deleted = true;
    handling.draft.put_account(account);
    Ok(Effect { created: Created::Account(num), ..Effect::about(num) })
}

fn is_treasury(handling: &Handling<'_, '_>, token: i64, account: i64) -> bool {
    handling.draft.token(token).is_some_and(|token| !token.deleted && token.treasury == account)
}

/// An account that comes into being because somebody sends something to its alias.
pub(super) fn open_by_transfer(
    handling: &mut Handling<'_, '_>,
    key: Option<Key>,
    address: Option<Address>,
) -> i64 {
    let num = handling.draft.next_num();
    let alias_key = key
        .as_ref()
        .filter(|key| matches!(key.key, Some(Kind::Ed25519(_) | Kind::EcdsaSecp256k1(_))))
        .map(Message::encode_to_vec);
    let mut account =
        Account { key, alias_key, max_associations: -1, ..Account::new(num, handling.at) };
    account.address = address.unwrap_or(account.address);
    handling.draft.put_account(account);
    num
}
