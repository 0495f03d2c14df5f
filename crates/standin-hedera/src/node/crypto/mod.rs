//! Accounts, what they let others spend, and transfers.

mod account;
mod allowance;
mod transfer;

use hiero_sdk_proto::services::{
    AccountId, Key, ResponseCodeEnum as Code, account_id::Account as Named,
};
use prost::Message;
use revm::primitives::Address;

use crate::keys;
use crate::state::{Account, Draft};

pub(super) use account::{check_create, create, delete, later, update};
pub(super) use allowance::{approve, check_approve, delete as delete_allowances};
pub(super) use transfer::{check as check_transfer, receiver, transfer};

/// The longest memo of an entity, in bytes.
pub(super) const MAX_ENTITY_MEMO: usize = 100;
/// Seconds for which an entity may renew itself.
const RENEWALS: std::ops::RangeInclusive<i64> = 2_592_000..=8_000_001;
/// Seconds for which an entity renews itself unless it is said otherwise.
pub(super) const RENEWAL: i64 = 7_776_000;

/// May an entity renew itself for so many seconds?
pub(super) fn check_renewal(seconds: i64) -> Result<(), Code> {
    match RENEWALS.contains(&seconds) {
        true => Ok(()),
        false => Err(Code::AutorenewDurationNotInRange),
    }
}

/// An account as a transaction names it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    Num(i64),
    Address(Address),
    /// By the account's first public key.
    Key(Box<Key>),
}

fn named(id: &AccountId) -> Result<Id, Code> {
    if id.shard_num != 0 || id.realm_num != 0 {
        return Err(Code::InvalidAccountId);
    }
    match &id.account {
        Some(Named::AccountNum(num)) => Ok(Id::Num(*num)),
        Some(Named::Alias(alias)) => match <[u8; 20]>::try_from(alias.as_slice()) {
            Ok(bytes) => Ok(Id::Address(bytes.into())),
            Err(_) => Key::decode(alias.as_slice())
                .ok()
                .filter(|key| keys::is_primitive(key) && keys::is_usable(key))
                .map(|key| Id::Key(Box::new(key)))
                .ok_or(Code::InvalidAccountId),
        },
        None => Err(Code::InvalidAccountId),
    }
}

fn resolve<'a>(draft: &'a Draft<'_>, id: &Id) -> Option<&'a Account> {
    match id {
        Id::Num(num) => draft.account(*num),
        Id::Address(address) => draft.meant_by(address),
        Id::Key(key) => match keys::address_of(key) {
            Some(address) => draft.at(&address),
            None => draft.by_alias_key(&key.encode_to_vec()),
        },
    }
}

/// The account that a transaction or a query names, if there is one.
pub(super) fn find<'a>(draft: &'a Draft<'_>, id: &AccountId) -> Result<&'a Account, Code> {
    resolve(draft, &named(id)?).ok_or(Code::InvalidAccountId)
}

/// The number of the account that is named, if there is one.
pub(super) fn find_num(draft: &Draft<'_>, id: Option<&AccountId>) -> Result<i64, Code> {
    find(draft, id.ok_or(Code::InvalidAccountId)?).map(|account| account.num)
}
