//! Transfers of HBAR, tokens and pieces.

use std::collections::BTreeMap;

use hiero_sdk_proto::services::{
    AccountAmount, AccountId, CryptoTransferTransactionBody, Key, ResponseCodeEnum as Code,
    TokenTransferList,
};

use super::account::open_by_transfer;
use super::{Id, named, resolve};
use crate::entity::token_num;
use crate::keys;
use crate::node::handle::{Effect, Handling};
use crate::record::Extra;
use crate::state::{Draft, State};
use crate::token::{self, Adjustment, Movement, PieceMove};

/// The most HBAR balances that one transfer may adjust.
const MAX_ADJUSTMENTS: usize = 10;
/// The most token balances that one transfer may adjust.
const MAX_TOKEN_ADJUSTMENTS: usize = 10;
/// The most pieces that one transfer may move.
const MAX_PIECES: usize = 10;

/// The checks of a transfer that come before consensus.
pub(in crate::node) fn check(
    transfer: &CryptoTransferTransactionBody,
    state: &State,
) -> Result<(), Code> {
    let draft = Draft::new(state);
    let list = transfer.transfers.as_ref().map(|l| l.account_amounts.as_slice());
    check_amounts(list.unwrap_or_default(), &draft, Code::InvalidAccountAmounts)?;
    let mut seen = BTreeMap::new();
    for list in &transfer.token_transfers {
        let token = token_num(list.token).ok_or(Code::InvalidTokenId)?;
        if seen.insert(token, ()).is_some() {
            return Err(Code::TokenIdRepeatedInTokenList);
        }
        if list.transfers.is_empty() && list.nft_transfers.is_empty() {
            return Err(Code::EmptyTokenTransferAccountAmounts);
        }
        check_amounts(&list.transfers, &draft, Code::TransfersNotZeroSumForToken)?;
        if list.nft_transfers.iter().any(|piece| piece.serial_number <= 0) {
            return Err(Code::InvalidTokenNftSerialNumber);
        }
    }
    Ok(())
}

fn check_amounts(
    adjustments: &[AccountAmount],
    draft: &Draft<'_>,
    unbalanced: Code,
) -> Result<(), Code> {
    let mut seen = BTreeMap::new();
    let mut sum = 0_i128;
    for adjustment in adjustments {
        let id = adjustment.account_id.as_ref().ok_or(Code::InvalidTransferAccountId)?;
        // An account may be named twice in different ways, so a known one is compared by number.
        let id = named(id)?;
        let name = resolve(draft, &id)
            .map_or_else(|| format!("{id:?}"), |account| account.num.to_string());
        if seen.insert(name, ()).is_some() {
            return Err(Code::AccountRepeatedInAccountAmounts);
        }
        sum += i128::from(adjustment.amount);
    }
    if sum == 0 { Ok(()) } else { Err(unbalanced) }
}

/// Moves HBAR, tokens and pieces. An account is opened for an alias that nobody has yet.
pub(in crate::node) fn transfer(
    handling: &mut Handling<'_, '_>,
    transfer: &CryptoTransferTransactionBody,
) -> Result<Effect, Code> {
    let movement = movement(handling, transfer)?;
    let (spender, at) = (handling.tx.id.payer, handling.at);
    let signatures = &handling.tx.signatures;
    let agreed = |key: &Key| signatures.satisfy(key);
    let assessed = token::carry_out(handling.draft, &movement, spender, at, &agreed)?;
    Ok(Effect { extra: Extra { assessed, ..Extra::default() }, ..Effect::default() })
}

/// What a transfer moves, by the numbers of the accounts.
fn movement(
    handling: &mut Handling<'_, '_>,
    transfer: &CryptoTransferTransactionBody,
) -> Result<Movement, Code> {
    let hbar =
        transfer.transfers.as_ref().map(|l| l.account_amounts.as_slice()).unwrap_or_default();
    let amounts: usize = transfer.token_transfers.iter().map(|list| list.transfers.len()).sum();
    let pieces: usize = transfer.token_transfers.iter().map(|l| l.nft_transfers.len()).sum();
    if hbar.len() > MAX_ADJUSTMENTS {
        return Err(Code::TransferListSizeLimitExceeded);
    }
    if amounts > MAX_TOKEN_ADJUSTMENTS {
        return Err(Code::TokenTransferListSizeLimitExceeded);
    }
    if pieces > MAX_PIECES {
        return Err(Code::BatchSizeLimitExceeded);
    }
    let mut movement = Movement { hbar: adjustments(handling, hbar)?, ..Movement::default() };
    for list in &transfer.token_transfers {
        let token = token_num(list.token).ok_or(Code::InvalidTokenId)?;
        check_decimals(handling.draft, token, list)?;
        if !list.transfers.is_empty() {
            movement.tokens.push((token, adjustments(handling, &list.transfers)?));
        }
        let mut moves = Vec::new();
        for piece in &list.nft_transfers {
            let sender = piece.sender_account_id.as_ref().ok_or(Code::InvalidAccountId)?;
            let receiver = piece.receiver_account_id.as_ref().ok_or(Code::InvalidAccountId)?;
            moves.push(PieceMove {
                from: account(handling, sender, false)?,
                to: account(handling, receiver, true)?,
                serial: piece.serial_number,
                approved: piece.is_approval,
            });
        }
        if !moves.is_empty() {
            movement.pieces.push((token, moves));
        }
    }
    Ok(movement)
}

fn adjustments(
    handling: &mut Handling<'_, '_>,
    list: &[AccountAmount],
) -> Result<Vec<Adjustment>, Code> {
    list.iter()
        .map(|adjustment| {
            let id = adjustment.account_id.as_ref().ok_or(Code::InvalidAccountId)?;
            let (amount, approved) = (adjustment.amount, adjustment.is_approval);
            Ok(Adjustment { account: account(handling, id, amount > 0)?, amount, approved })
        })
        .collect()
}

/// The account that is named; one that receives is opened if its alias is new.
fn account(handling: &mut Handling<'_, '_>, id: &AccountId, receives: bool) -> Result<i64, Code> {
    let id = named(id)?;
    if let Some(account) = resolve(handling.draft, &id) {
        return Ok(account.num);
    }
    match id {
        Id::Address(address) if receives && crate::entity::long_zero_num(&address).is_none() => {
            Ok(open_by_transfer(handling, None, Some(address)))
        }
        Id::Key(key) if receives => {
            let address = keys::address_of(&key);
            Ok(open_by_transfer(handling, Some(*key), address))
        }
        Id::Num(_) | Id::Address(_) | Id::Key(_) => Err(Code::InvalidAccountId),
    }
}

/// The account that shall receive something; it is opened if its alias is new.
pub(in crate::node) fn receiver(
    handling: &mut Handling<'_, '_>,
    id: &AccountId,
) -> Result<i64, Code> {
    account(handling, id, true)
}

fn check_decimals(draft: &Draft<'_>, token: i64, list: &TokenTransferList) -> Result<(), Code> {
    let token = token::usable(draft, token)?;
    match list.expected_decimals {
        Some(expected) if expected != token.decimals => Err(Code::UnexpectedTokenDecimals),
        _ => Ok(()),
    }
}
