//! Custom fees: what a token's makers take whenever it changes hands.
//!
//! A fixed fee is paid by every sender. A fractional fee is kept back from what the receivers get,
//! or, net of transfers, paid by the sender on top. A royalty is a share of the fungible value that
//! the piece's sender gets in the same transfer; without any, the receiver pays a fixed fee
//! instead. The treasury and the fee's collector pay nothing.

use hiero_sdk_proto::services::custom_fee::Fee;
use hiero_sdk_proto::services::{
    CustomFee, FixedFee, Fraction, FractionalFee, ResponseCodeEnum as Code, RoyaltyFee,
};

use super::supply::change;
use super::transfer::{Adjustment, Assessed, Movement, associate_by_slot};
use super::{account, held};
use crate::entity::{account_num, token_num};
use crate::state::{Draft, Token};

/// The most custom fees that a token may have.
const MAX_FEES: usize = 10;

/// Checks a list of fees by itself. A fee in the token that is being made names no token: 0.0.0.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn check(fees: &[CustomFee], unique: bool) -> Result<(), Code> {
    if fees.len() > MAX_FEES {
        return Err(Code::CustomFeesListTooLong);
    }
    for fee in fees {
        match fee.fee.as_ref().ok_or(Code::CustomFeeNotFullySpecified)? {
            Fee::FixedFee(fixed) => check_fixed(fixed)?,
            Fee::FractionalFee(_) if unique => {
                return Err(Code::CustomFractionalFeeOnlyAllowedForFungibleCommon);
            }
            Fee::FractionalFee(fee) => check_fractional(fee)?,
            Fee::RoyaltyFee(_) if !unique => {
                return Err(Code::CustomRoyaltyFeeOnlyAllowedForNonFungibleUnique);
            }
            Fee::RoyaltyFee(fee) => {
                let (share, of) = fraction(fee.exchange_value_fraction.as_ref())?;
                if share > of {
                    return Err(Code::RoyaltyFractionCannotExceedOne);
                }
                fee.fallback_fee.as_ref().map_or(Ok(()), check_fixed)?;
            }
        }
    }
    Ok(())
}

fn check_fixed(fixed: &FixedFee) -> Result<(), Code> {
    if fixed.amount > 0 { Ok(()) } else { Err(Code::CustomFeeMustBePositive) }
}

fn check_fractional(fee: &FractionalFee) -> Result<(), Code> {
    let _whole = fraction(fee.fractional_amount.as_ref())?;
    if fee.minimum_amount < 0 || fee.maximum_amount < 0 {
        return Err(Code::CustomFeeMustBePositive);
    }
    if fee.maximum_amount > 0 && fee.maximum_amount < fee.minimum_amount {
        return Err(Code::FractionalFeeMaxAmountLessThanMinAmount);
    }
    Ok(())
}

fn fraction(fraction: Option<&Fraction>) -> Result<(i64, i64), Code> {
    let fraction = fraction.ok_or(Code::CustomFeeNotFullySpecified)?;
    if fraction.denominator == 0 {
        return Err(Code::FractionDividesByZero);
    }
    if fraction.numerator <= 0 || fraction.denominator < 0 {
        return Err(Code::CustomFeeMustBePositive);
    }
    Ok((fraction.numerator, fraction.denominator))
}

/// The collectors of a token's fees exist and can receive what they collect.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn check_collectors(draft: &Draft<'_>, token: &Token) -> Result<(), Code> {
    for fee in &token.fees {
        let num = collector(fee).ok_or(Code::InvalidCustomFeeCollector)?;
        account(draft, num).map_err(|_| Code::InvalidCustomFeeCollector)?;
        let paid_in = match &fee.fee {
            Some(Fee::FixedFee(fixed)) => denomination(fixed),
            Some(Fee::FractionalFee(_)) => Some(token.num),
            _ => None,
        };
        let Some(paid_in) = paid_in else { continue };
        let paid = draft.token(paid_in).ok_or(Code::InvalidTokenIdInCustomFees)?;
        if paid.unique {
            return Err(Code::CustomFeeDenominationMustBeFungibleCommon);
        }
        if draft.holding(num, paid_in).is_none() {
            return Err(Code::TokenNotAssociatedToFeeCollector);
        }
    }
    Ok(())
}

fn collector(fee: &CustomFee) -> Option<i64> {
    account_num(fee.fee_collector_account_id.as_ref())
}

fn denomination(fixed: &FixedFee) -> Option<i64> {
    token_num(fixed.denominating_token_id)
}

/// Takes the fees of everything that a transfer moved.
///
/// # Errors
/// When somebody cannot pay.
pub(super) fn take(draft: &mut Draft<'_>, movement: &Movement) -> Result<Vec<Assessed>, Code> {
    let mut taken = Vec::new();
    for (num, adjustments) in &movement.tokens {
        let Some(token) = draft.token(*num).filter(|token| !token.fees.is_empty()).cloned() else {
            continue;
        };
        for sender in adjustments.iter().filter(|adjustment| adjustment.amount < 0) {
            for fee in &token.fees {
                let Some(to) = collector(fee) else { continue };
                if exempt(&token, fee, to, sender.account) {
                    continue;
                }
                match &fee.fee {
                    Some(Fee::FixedFee(fixed)) => {
                        pay(draft, &mut taken, fixed, sender.account, to)?;
                    }
                    Some(Fee::FractionalFee(fee)) => {
                        take_share(draft, &mut taken, *num, fee, sender, adjustments, to)?;
                    }
                    _ => {}
                }
            }
        }
    }
    for (num, moves) in &movement.pieces {
        let Some(token) = draft.token(*num).filter(|token| !token.fees.is_empty()).cloned() else {
            continue;
        };
        for moved in moves {
            for fee in &token.fees {
                let Some(to) = collector(fee) else { continue };
                if exempt(&token, fee, to, moved.from) {
                    continue;
                }
                match &fee.fee {
                    Some(Fee::FixedFee(fixed)) => pay(draft, &mut taken, fixed, moved.from, to)?,
                    Some(Fee::RoyaltyFee(fee)) => {
                        take_royalty(draft, &mut taken, fee, movement, (moved.from, moved.to), to)?;
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(taken)
}

fn exempt(token: &Token, fee: &CustomFee, collects: i64, sender: i64) -> bool {
    let any_collector = || token.fees.iter().any(|fee| collector(fee) == Some(sender));
    sender == token.treasury
        || sender == collects
        || (fee.all_collectors_are_exempt && any_collector())
}

fn pay(
    draft: &mut Draft<'_>,
    taken: &mut Vec<Assessed>,
    fixed: &FixedFee,
    payer: i64,
    collector: i64,
) -> Result<(), Code> {
    let (token, amount) = (denomination(fixed), fixed.amount);
    match token {
        None => draft
            .pay(payer, collector, amount)
            .map_err(|_| Code::InsufficientSenderAccountBalanceForCustomFee)?,
        Some(token) => move_fee(draft, token, payer, collector, amount)?,
    }
    taken.push(Assessed { token, amount, collector, payer });
    Ok(())
}

fn move_fee(
    draft: &mut Draft<'_>,
    token: i64,
    payer: i64,
    collector: i64,
    amount: i64,
) -> Result<(), Code> {
    let has = held(draft, payer, token)?.balance;
    if has < amount {
        return Err(Code::InsufficientSenderAccountBalanceForCustomFee);
    }
    associate_by_slot(draft, collector, token, crate::entity::Stamp::default())?;
    change(draft, payer, token, -amount)?;
    change(draft, collector, token, amount)
}

fn share_of(amount: i64, (share, of): (i64, i64)) -> i64 {
    let exact = i128::from(amount) * i128::from(share) / i128::from(of);
    i64::try_from(exact).unwrap_or(i64::MAX)
}

fn take_share(
    draft: &mut Draft<'_>,
    taken: &mut Vec<Assessed>,
    token: i64,
    fee: &FractionalFee,
    sender: &Adjustment,
    adjustments: &[Adjustment],
    to: i64,
) -> Result<(), Code> {
    let mut amount = share_of(-sender.amount, fraction(fee.fractional_amount.as_ref())?);
    amount = amount.max(fee.minimum_amount);
    if fee.maximum_amount > 0 {
        amount = amount.min(fee.maximum_amount);
    }
    if fee.net_of_transfers {
        move_fee(draft, token, sender.account, to, amount)?;
        taken.push(Assessed { token: Some(token), amount, collector: to, payer: sender.account });
        return Ok(());
    }
    // Kept back from the receivers in the order in which they are named.
    let mut left = amount;
    for receiver in adjustments.iter().filter(|adjustment| adjustment.amount > 0) {
        let part = left.min(receiver.amount);
        if part > 0 && receiver.account != to {
            move_fee(draft, token, receiver.account, to, part)?;
        }
        left -= part;
    }
    if left > 0 {
        return Err(Code::InsufficientSenderAccountBalanceForCustomFee);
    }
    taken.push(Assessed { token: Some(token), amount, collector: to, payer: sender.account });
    Ok(())
}

fn take_royalty(
    draft: &mut Draft<'_>,
    taken: &mut Vec<Assessed>,
    fee: &RoyaltyFee,
    movement: &Movement,
    (from, receiver): (i64, i64),
    to: i64,
) -> Result<(), Code> {
    let share = fraction(fee.exchange_value_fraction.as_ref())?;
    let got = |list: &[Adjustment]| -> i64 {
        list.iter().filter(|a| a.account == from && a.amount > 0).map(|a| a.amount).sum()
    };
    let mut exchanged = false;
    let hbar = got(&movement.hbar);
    if hbar > 0 {
        exchanged = true;
        let fixed = FixedFee { amount: share_of(hbar, share), denominating_token_id: None };
        pay(draft, taken, &fixed, from, to)?;
    }
    for (token, adjustments) in &movement.tokens {
        let value = got(adjustments);
        if value > 0 {
            exchanged = true;
            let amount = share_of(value, share);
            move_fee(draft, *token, from, to, amount)?;
            taken.push(Assessed { token: Some(*token), amount, collector: to, payer: from });
        }
    }
    match &fee.fallback_fee {
        Some(fallback) if !exchanged => pay(draft, taken, fallback, receiver, to),
        _ => Ok(()),
    }
}
