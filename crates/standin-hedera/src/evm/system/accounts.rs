//! The account service at 0x16a: allowances of HBAR, and numbers and addresses of accounts.

use alloy_sol_types::{SolCall, SolValue, sol};
use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use revm::primitives::{Address, I256};

use super::{Asked, Refusal, Reply};
use crate::entity::{long_zero, long_zero_num};
use crate::node::Kind;
use crate::token;

sol! {
    function hbarAllowance(address owner, address spender);
    function hbarApprove(address owner, address spender, int256 amount);
    function getEvmAddressAlias(address accountNumAlias);
    function getHederaAccountNumAlias(address evmAddressAlias);
    function isValidAlias(address addr);
}

/// Carries out a call to the account service.
pub(super) fn call(asked: &mut Asked<'_, '_>, input: &[u8]) -> Reply {
    let gas = asked.gas_of_view();
    let ok = i64::from(i32::from(Code::Success));
    if let Ok(call) = hbarAllowanceCall::abi_decode(input) {
        let spender = asked.account(&call.spender).unwrap_or_default();
        let owner = asked.draft.meant_by(&call.owner);
        let left = owner.and_then(|owner| owner.allowances.hbar.get(&spender)).copied();
        let left = I256::try_from(left.unwrap_or_default()).unwrap_or_default();
        return Reply::of(gas, Ok((ok, left).abi_encode_params()));
    }
    if let Ok(call) = getEvmAddressAliasCall::abi_decode(input) {
        let account = long_zero_num(&call.accountNumAlias).and_then(|n| asked.draft.account(n));
        let alias = account.filter(|account| account.has_alias()).map(|account| account.address);
        return Reply::of(gas, Ok(found(alias)));
    }
    if let Ok(call) = getHederaAccountNumAliasCall::abi_decode(input) {
        let account = asked.draft.at(&call.evmAddressAlias);
        return Reply::of(gas, Ok(found(account.map(|account| long_zero(account.num)))));
    }
    if let Ok(call) = isValidAliasCall::abi_decode(input) {
        return Reply::of(gas, Ok(asked.draft.meant_by(&call.addr).is_some().abi_encode()));
    }
    match hbarApproveCall::abi_decode(input) {
        Ok(call) if !asked.read_only => {
            let gas = asked.gas_of(Kind::CryptoApproveAllowance);
            let code = approve(asked, &call).err().unwrap_or(Code::Success);
            Reply::of(gas, Ok(i64::from(i32::from(code)).abi_encode()))
        }
        _ => Reply::of(gas, Err(Refusal::Fail)),
    }
}

fn found(address: Option<Address>) -> Vec<u8> {
    let code = if address.is_some() { Code::Success } else { Code::InvalidAliasKey };
    (i64::from(i32::from(code)), address.unwrap_or_default()).abi_encode_params()
}

fn approve(asked: &mut Asked<'_, '_>, call: &hbarApproveCall) -> Result<(), Code> {
    let sender = asked.sender();
    let owner = asked.account(&call.owner).map_err(|_| Code::InvalidAllowanceOwnerId)?;
    let spender = asked.account(&call.spender).map_err(|_| Code::InvalidAllowanceSpenderId)?;
    let amount = i64::try_from(call.amount).map_err(|_| Code::InvalidTransactionBody)?;
    if !asked.owner_agrees(sender, owner) {
        return Err(Code::InvalidSignature);
    }
    if amount < 0 {
        return Err(Code::NegativeAllowanceAmount);
    }
    if owner == spender {
        return Err(Code::SpenderAccountSameAsOwner);
    }
    let mut account = token::account(asked.draft, owner)?.clone();
    match amount {
        0 => account.allowances.hbar.remove(&spender),
        _ => account.allowances.hbar.insert(spender, amount),
    };
    asked.draft.put_account(account);
    Ok(())
}
