//! A token at its own address: ERC-20, and associating oneself (HIP-719).
//!
//! What the ledger refuses reverts, with the code's name as the reason.

use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use revm::primitives::{Address, Log, U256};

use super::{Approval, Asked, Refusal, Reply, Transfer};
use crate::entity::long_zero;
use crate::node::Kind;
use crate::token::{self, Adjustment, Movement};

sol! {
    function name();
    function symbol();
    function decimals();
    function totalSupply();
    function balanceOf(address account);
    function allowance(address owner, address spender);
    function transfer(address to, uint256 amount);
    function transferFrom(address from, address to, uint256 amount);
    function approve(address spender, uint256 amount);
    function ownerOf(uint256 serial);
    function associate();
    function dissociate();
    function isAssociated();
}

/// Carries out a call to a token.
pub(super) fn call(asked: &mut Asked<'_, '_>, token: i64, input: &[u8]) -> Reply {
    if let Some(result) = look(asked, token, input) {
        return Reply::of(asked.gas_of_view(), result);
    }
    let Some(selector) = input.first_chunk::<4>() else { return Reply::fail() };
    let kind = match *selector {
        transferCall::SELECTOR | transferFromCall::SELECTOR => Kind::CryptoTransfer,
        approveCall::SELECTOR => Kind::CryptoApproveAllowance,
        associateCall::SELECTOR => Kind::TokenAssociate,
        dissociateCall::SELECTOR => Kind::TokenDissociate,
        _ => return Reply::fail(),
    };
    if asked.read_only {
        return Reply::fail();
    }
    let gas = asked.gas_of(kind);
    let mut logs = Vec::new();
    let result = change(asked, token, input, &mut logs);
    Reply { gas, result, logs }
}

/// Answers a question; `None` when it is none.
fn look(asked: &mut Asked<'_, '_>, num: i64, input: &[u8]) -> Option<Result<Vec<u8>, Refusal>> {
    let selector = input.first_chunk::<4>()?;
    let token = asked.draft.token(num)?.clone();
    Some(match *selector {
        nameCall::SELECTOR => Ok(token.name.abi_encode()),
        symbolCall::SELECTOR => Ok(token.symbol.abi_encode()),
        decimalsCall::SELECTOR => Ok(U256::from(token.decimals).abi_encode()),
        totalSupplyCall::SELECTOR => Ok(amount(token.supply)),
        balanceOfCall::SELECTOR => match balanceOfCall::abi_decode(input) {
            Err(_) => Err(Refusal::Fail),
            Ok(call) => asked.account(&call.account).map_err(Refusal::from).map(|owner| {
                amount(asked.draft.holding(owner, num).map_or(0, |holding| holding.balance))
            }),
        },
        allowanceCall::SELECTOR => match allowanceCall::abi_decode(input) {
            Err(_) => Err(Refusal::Fail),
            Ok(call) => Ok(amount(allowance(asked, num, &call.owner, &call.spender))),
        },
        ownerOfCall::SELECTOR => match ownerOfCall::abi_decode(input) {
            Err(_) => Err(Refusal::Fail),
            Ok(call) => i64::try_from(call.serial)
                .ok()
                .and_then(|serial| asked.draft.nft(num, serial))
                .map(|piece| asked.address(piece.owner).abi_encode())
                .ok_or(Refusal::Revert(Code::InvalidTokenNftSerialNumber)),
        },
        isAssociatedCall::SELECTOR => {
            let sender = asked.sender();
            Ok(asked.draft.holding(sender, num).is_some().abi_encode())
        }
        _ => return None,
    })
}

/// What a spender may still take of an owner's token.
pub(super) fn allowance(
    asked: &Asked<'_, '_>,
    token: i64,
    owner: &Address,
    spender: &Address,
) -> i64 {
    let spender = asked.account(spender).unwrap_or_default();
    let owner = asked.draft.meant_by(owner);
    owner.and_then(|owner| owner.allowances.tokens.get(&(token, spender))).copied().unwrap_or(0)
}

fn change(
    asked: &mut Asked<'_, '_>,
    token: i64,
    input: &[u8],
    logs: &mut Vec<Log>,
) -> Result<Vec<u8>, Refusal> {
    if let Ok(call) = transferCall::abi_decode(input) {
        let from = asked.sender();
        let from = asked.address(from);
        moved(asked, token, (from, call.to), call.amount, logs)?;
    } else if let Ok(call) = transferFromCall::abi_decode(input) {
        moved(asked, token, (call.from, call.to), call.amount, logs)?;
    } else if let Ok(call) = approveCall::abi_decode(input) {
        approve(asked, token, &call.spender, call.amount, logs)?;
    } else if associateCall::abi_decode(input).is_ok() {
        let sender = asked.sender();
        token::associate(asked.draft, sender, &[token], asked.at)?;
        return Ok(U256::from(Code::Success as u32).abi_encode());
    } else if dissociateCall::abi_decode(input).is_ok() {
        let sender = asked.sender();
        token::dissociate(asked.draft, sender, &[token])?;
        return Ok(U256::from(Code::Success as u32).abi_encode());
    } else {
        return Err(Refusal::Fail);
    }
    Ok(true.abi_encode())
}

/// Moves an amount, by allowance if it is somebody else's.
pub(super) fn moved(
    asked: &mut Asked<'_, '_>,
    token: i64,
    (from, to): (Address, Address),
    value: U256,
    logs: &mut Vec<Log>,
) -> Result<(), Code> {
    let value = i64::try_from(value).map_err(|_| Code::InvalidTransactionBody)?;
    let sender = asked.sender();
    let giver = asked.account(&from)?;
    let receiver = asked.account(&to)?;
    let gives = Adjustment { account: giver, amount: -value, approved: giver != sender };
    let gets = Adjustment { account: receiver, amount: value, approved: false };
    let movement = Movement { tokens: vec![(token, vec![gives, gets])], ..Movement::default() };
    asked.transfer(movement)?;
    logs.push(transfer_log(asked, token, giver, receiver, value));
    Ok(())
}

/// The event that tells of a transfer.
pub(super) fn transfer_log(
    asked: &Asked<'_, '_>,
    token: i64,
    from: i64,
    to: i64,
    value: i64,
) -> Log {
    let (from, to) = (asked.address(from), asked.address(to));
    let value = U256::from(value.unsigned_abs());
    Log { address: long_zero(token), data: Transfer { from, to, value }.encode_log_data() }
}

/// Lets somebody take an amount of what the caller has.
pub(super) fn approve(
    asked: &mut Asked<'_, '_>,
    token: i64,
    spender: &Address,
    value: U256,
    logs: &mut Vec<Log>,
) -> Result<(), Code> {
    let value_i64 = i64::try_from(value).map_err(|_| Code::AmountExceedsTokenMaxSupply)?;
    let owner = asked.sender();
    let spender = asked.account(spender).map_err(|_| Code::InvalidAllowanceSpenderId)?;
    token::approve(asked.draft, token, owner, spender, value_i64)?;
    let (owner, spender) = (asked.address(owner), asked.address(spender));
    let data = Approval { owner, spender, value }.encode_log_data();
    logs.push(Log { address: long_zero(token), data });
    Ok(())
}

fn amount(amount: i64) -> Vec<u8> {
    U256::from(amount.unsigned_abs()).abi_encode()
}
