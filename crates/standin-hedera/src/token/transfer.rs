//! Moving HBAR, tokens and pieces between accounts.
//!
//! Whoever gives has agreed or has allowed the payer to take; whoever wants to be asked before
//! receiving has agreed too. Who receives a token for the first time takes one of its automatic
//! slots.

use hiero_sdk_proto::services::ResponseCodeEnum as Code;

use super::supply::change;
use super::{Agreed, account, fees, held, may_move, usable};
use crate::entity::Stamp;
use crate::state::{Account, Draft, Nft};

/// What one account gives (negative) or receives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adjustment {
    pub(crate) account: i64,
    pub(crate) amount: i64,
    /// The payer takes it by an allowance.
    pub(crate) approved: bool,
}

/// One piece that changes hands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PieceMove {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) serial: i64,
    /// The payer takes it by an allowance.
    pub(crate) approved: bool,
}

/// Everything that one transfer moves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Movement {
    pub(crate) hbar: Vec<Adjustment>,
    pub(crate) tokens: Vec<(i64, Vec<Adjustment>)>,
    pub(crate) pieces: Vec<(i64, Vec<PieceMove>)>,
}

/// A custom fee that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assessed {
    /// None for HBAR.
    pub(crate) token: Option<i64>,
    pub(crate) amount: i64,
    pub(crate) collector: i64,
    pub(crate) payer: i64,
}

/// Carries out a transfer for `spender`, whose allowances count. Returns the custom fees taken.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn carry_out(
    draft: &mut Draft<'_>,
    movement: &Movement,
    spender: i64,
    at: Stamp,
    agreed: Agreed<'_>,
) -> Result<Vec<Assessed>, Code> {
    for adjustment in &movement.hbar {
        let known = account(draft, adjustment.account)?;
        may_take_part(known, adjustment, spender, agreed)?;
        if adjustment.amount < 0 && adjustment.approved {
            spend_hbar(draft, adjustment, spender)?;
        }
        draft
            .adjust(adjustment.account, adjustment.amount)
            .map_err(|_| Code::InsufficientAccountBalance)?;
    }
    for (token, adjustments) in &movement.tokens {
        if usable(draft, *token)?.unique {
            return Err(Code::AccountAmountTransfersOnlyAllowedForFungibleCommon);
        }
        for adjustment in adjustments {
            move_amount(draft, *token, adjustment, spender, at, agreed)?;
        }
    }
    for (token, moves) in &movement.pieces {
        if !usable(draft, *token)?.unique {
            return Err(Code::InvalidNftId);
        }
        for piece in moves {
            move_piece(draft, *token, piece, spender, at, agreed)?;
        }
    }
    fees::take(draft, movement)
}

/// Whoever the transfer is carried out for has agreed by asking for it.
fn may_take_part(
    known: &Account,
    adjustment: &Adjustment,
    spender: i64,
    agreed: Agreed<'_>,
) -> Result<(), Code> {
    let gives = adjustment.amount < 0 && !adjustment.approved && known.num != spender;
    let asked = gives || (adjustment.amount > 0 && known.receiver_sig_required);
    if asked && !known.key.as_ref().is_some_and(agreed) {
        return Err(Code::InvalidSignature);
    }
    Ok(())
}

fn spend_hbar(draft: &mut Draft<'_>, taken: &Adjustment, spender: i64) -> Result<(), Code> {
    let mut owner = account(draft, taken.account)?.clone();
    let left = owner.allowances.hbar.get_mut(&spender).ok_or(Code::SpenderDoesNotHaveAllowance)?;
    *left += taken.amount;
    match *left {
        0 => drop(owner.allowances.hbar.remove(&spender)),
        1.. => {}
        _ => return Err(Code::AmountExceedsAllowance),
    }
    draft.put_account(owner);
    Ok(())
}

fn spend_token(
    draft: &mut Draft<'_>,
    token: i64,
    taken: &Adjustment,
    spender: i64,
) -> Result<(), Code> {
    let mut owner = account(draft, taken.account)?.clone();
    let allowances = &mut owner.allowances.tokens;
    let left = allowances.get_mut(&(token, spender)).ok_or(Code::SpenderDoesNotHaveAllowance)?;
    *left += taken.amount;
    match *left {
        0 => drop(allowances.remove(&(token, spender))),
        1.. => {}
        _ => return Err(Code::AmountExceedsAllowance),
    }
    draft.put_account(owner);
    Ok(())
}

fn move_amount(
    draft: &mut Draft<'_>,
    token: i64,
    adjustment: &Adjustment,
    spender: i64,
    at: Stamp,
    agreed: Agreed<'_>,
) -> Result<(), Code> {
    may_take_part(account(draft, adjustment.account)?, adjustment, spender, agreed)?;
    if adjustment.amount > 0 {
        associate_by_slot(draft, adjustment.account, token, at)?;
    }
    may_move(held(draft, adjustment.account, token)?)?;
    if adjustment.amount < 0 && adjustment.approved {
        spend_token(draft, token, adjustment, spender)?;
    }
    change(draft, adjustment.account, token, adjustment.amount)
}

fn move_piece(
    draft: &mut Draft<'_>,
    token: i64,
    moved: &PieceMove,
    spender: i64,
    at: Stamp,
    agreed: Agreed<'_>,
) -> Result<(), Code> {
    let gives = Adjustment { account: moved.from, amount: -1, approved: moved.approved };
    let gets = Adjustment { account: moved.to, amount: 1, approved: false };
    let giver = account(draft, moved.from)?;
    may_take_part(giver, &gives, spender, agreed)?;
    let all = giver.allowances.all_pieces.contains(&(token, spender));
    may_take_part(account(draft, moved.to)?, &gets, spender, agreed)?;
    associate_by_slot(draft, moved.to, token, at)?;
    may_move(held(draft, moved.from, token)?)?;
    may_move(held(draft, moved.to, token)?)?;
    let piece = draft.nft(token, moved.serial).ok_or(Code::InvalidNftId)?;
    if moved.approved && !all && piece.spender != Some(spender) {
        return Err(Code::SpenderDoesNotHaveAllowance);
    }
    if piece.owner != moved.from {
        return Err(Code::SenderDoesNotOwnNftSerialNo);
    }
    let piece = Nft { owner: moved.to, spender: None, ..piece.clone() };
    draft.put_nft(token, moved.serial, Some(piece));
    change(draft, moved.from, token, -1)?;
    change(draft, moved.to, token, 1)
}

/// Associates a receiver, if it is not associated and has a slot left.
pub(super) fn associate_by_slot(
    draft: &mut Draft<'_>,
    num: i64,
    token: i64,
    at: Stamp,
) -> Result<(), Code> {
    if draft.holding(num, token).is_some() {
        return Ok(());
    }
    let used = draft.holdings_of(num).values().filter(|holding| holding.automatic).count();
    match account(draft, num)?.max_associations {
        0 => return Err(Code::TokenNotAssociatedToAccount),
        -1 => {}
        slots if usize::try_from(slots).is_ok_and(|slots| used < slots) => {}
        _ => return Err(Code::NoRemainingAutomaticAssociations),
    }
    let holding = usable(draft, token)?.holding(true, at);
    draft.put_holding(num, token, Some(holding));
    Ok(())
}
