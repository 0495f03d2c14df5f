//! What an account lets others spend.

use hiero_sdk_proto::services::{
    AccountId, CryptoApproveAllowanceTransactionBody, CryptoDeleteAllowanceTransactionBody,
    NftAllowance, ResponseCodeEnum as Code,
};

use super::find_num;
use crate::entity::token_num;
use crate::node::handle::{Effect, Handling};
use crate::state::Nft;
use crate::token;

/// The most allowances that one transaction may change.
const MAX_ALLOWANCES: usize = 20;

/// The checks of an approval that come before consensus.
pub(in crate::node) fn check_approve(
    body: &CryptoApproveAllowanceTransactionBody,
) -> Result<(), Code> {
    let amounts = body.crypto_allowances.iter().map(|a| a.amount);
    let amounts = amounts.chain(body.token_allowances.iter().map(|a| a.amount));
    if amounts.into_iter().any(|amount| amount < 0) {
        return Err(Code::NegativeAllowanceAmount);
    }
    let count =
        body.crypto_allowances.len() + body.token_allowances.len() + body.nft_allowances.len();
    match count {
        0 => Err(Code::EmptyAllowances),
        1..=MAX_ALLOWANCES => Ok(()),
        _ => Err(Code::MaxAllowancesExceeded),
    }
}

/// Lets others spend; every owner signs.
pub(in crate::node) fn approve(
    handling: &mut Handling<'_, '_>,
    body: &CryptoApproveAllowanceTransactionBody,
) -> Result<Effect, Code> {
    for allowance in &body.crypto_allowances {
        let owner = owner(handling, allowance.owner.as_ref())?;
        let spender = spender(handling, allowance.spender.as_ref())?;
        if owner == spender {
            return Err(Code::SpenderAccountSameAsOwner);
        }
        let mut account = token::account(handling.draft, owner)?.clone();
        match allowance.amount {
            0 => account.allowances.hbar.remove(&spender),
            amount => account.allowances.hbar.insert(spender, amount),
        };
        handling.draft.put_account(account);
    }
    for allowance in &body.token_allowances {
        let owner = owner(handling, allowance.owner.as_ref())?;
        let spender = spender(handling, allowance.spender.as_ref())?;
        let num = token_num(allowance.token_id).ok_or(Code::InvalidTokenId)?;
        token::approve(handling.draft, num, owner, spender, allowance.amount)?;
    }
    for allowance in &body.nft_allowances {
        approve_pieces(handling, allowance)?;
    }
    Ok(Effect::default())
}

fn spender(handling: &Handling<'_, '_>, id: Option<&AccountId>) -> Result<i64, Code> {
    let num = find_num(handling.draft, id).map_err(|_| Code::InvalidAllowanceSpenderId)?;
    token::account(handling.draft, num).map_err(|_| Code::InvalidAllowanceSpenderId)?;
    Ok(num)
}

/// Whose allowance it is, when it has signed: the payer, unless somebody else is named.
fn owner(handling: &Handling<'_, '_>, id: Option<&AccountId>) -> Result<i64, Code> {
    let owner = named_owner(handling, id)?;
    let account = token::account(handling.draft, owner)?;
    if owner != handling.tx.id.payer && !handling.signed(account.key.as_ref()) {
        return Err(Code::InvalidSignature);
    }
    Ok(owner)
}

fn named_owner(handling: &Handling<'_, '_>, id: Option<&AccountId>) -> Result<i64, Code> {
    match id {
        None => Ok(handling.tx.id.payer),
        Some(id) => find_num(handling.draft, Some(id)).map_err(|_| Code::InvalidAllowanceOwnerId),
    }
}

fn approve_pieces(handling: &mut Handling<'_, '_>, allowance: &NftAllowance) -> Result<(), Code> {
    let num = token_num(allowance.token_id).ok_or(Code::InvalidTokenId)?;
    if !token::usable(handling.draft, num)?.unique {
        return Err(Code::FungibleTokenInNftAllowances);
    }
    // Who may spend all pieces of an owner may let others spend single ones.
    let owner = match &allowance.delegating_spender {
        None => owner(handling, allowance.owner.as_ref())?,
        Some(delegate) => {
            let owner = named_owner(handling, allowance.owner.as_ref())?;
            let delegate = find_num(handling.draft, Some(delegate))
                .map_err(|_| Code::InvalidDelegatingSpender)?;
            let account = token::account(handling.draft, owner)?;
            if !account.allowances.all_pieces.contains(&(num, delegate)) {
                return Err(Code::DelegatingSpenderDoesNotHaveApproveForAll);
            }
            let delegate = token::account(handling.draft, delegate)?;
            if !handling.signed(delegate.key.as_ref()) {
                return Err(Code::InvalidSignature);
            }
            owner
        }
    };
    let spender = spender(handling, allowance.spender.as_ref())?;
    if owner == spender {
        return Err(Code::SpenderAccountSameAsOwner);
    }
    token::held(handling.draft, owner, num)?;
    let mut account = token::account(handling.draft, owner)?.clone();
    match allowance.approved_for_all {
        Some(true) if allowance.delegating_spender.is_some() => {
            return Err(Code::DelegatingSpenderCannotGrantApproveForAll);
        }
        Some(true) => drop(account.allowances.all_pieces.insert((num, spender))),
        Some(false) => drop(account.allowances.all_pieces.remove(&(num, spender))),
        None => {}
    }
    handling.draft.put_account(account);
    for serial in &allowance.serial_numbers {
        let piece =
            handling.draft.nft(num, *serial).ok_or(Code::InvalidTokenNftSerialNumber)?.clone();
        if piece.owner != owner {
            return Err(Code::SenderDoesNotOwnNftSerialNo);
        }
        handling.draft.put_nft(num, *serial, Some(Nft { spender: Some(spender), ..piece }));
    }
    Ok(())
}

/// Takes back the allowances of single pieces.
pub(in crate::node) fn delete(
    handling: &mut Handling<'_, '_>,
    body: &CryptoDeleteAllowanceTransactionBody,
) -> Result<Effect, Code> {
    if body.nft_allowances.is_empty() {
        return Err(Code::EmptyAllowances);
    }
    for allowance in &body.nft_allowances {
        let owner = owner(handling, allowance.owner.as_ref())?;
        let num = token_num(allowance.token_id).ok_or(Code::InvalidTokenId)?;
        token::usable(handling.draft, num)?;
        for serial in &allowance.serial_numbers {
            let piece =
                handling.draft.nft(num, *serial).ok_or(Code::InvalidTokenNftSerialNumber)?.clone();
            if piece.owner != owner {
                return Err(Code::SenderDoesNotOwnNftSerialNo);
            }
            handling.draft.put_nft(num, *serial, Some(Nft { spender: None, ..piece }));
        }
    }
    Ok(Effect::default())
}
