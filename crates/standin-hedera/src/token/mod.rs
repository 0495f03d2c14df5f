//! The rules of tokens, over a draft of the ledger.
//!
//! Transactions and contracts ask for the same things here. They differ in who has agreed, which
//! the caller answers by [`Agreed`].

mod fees;
mod supply;
mod transfer;

use hiero_sdk_proto::services::{Key, ResponseCodeEnum as Code};

use crate::entity::Stamp;
use crate::state::{Account, Draft, Holding, Token};

pub(crate) use fees::{check as check_fees, check_collectors};
pub(crate) use supply::{burn, burn_pieces, mint, mint_pieces, wipe, wipe_pieces};
pub(crate) use transfer::{Adjustment, Assessed, Movement, PieceMove, carry_out};

/// Has a key agreed to what is done?
pub(crate) type Agreed<'a> = &'a dyn Fn(&Key) -> bool;

/// The most tokens that one account may be associated with at once by a transaction.
pub(crate) const MAX_ASSOCIATIONS_AT_ONCE: usize = 10;

/// A token that is there and not deleted.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn existing<'a>(draft: &'a Draft<'_>, num: i64) -> Result<&'a Token, Code> {
    let token = draft.token(num).ok_or(Code::InvalidTokenId)?;
    if token.deleted { Err(Code::TokenWasDeleted) } else { Ok(token) }
}

/// A token that can be used: there, not deleted, not paused.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn usable<'a>(draft: &'a Draft<'_>, num: i64) -> Result<&'a Token, Code> {
    let token = existing(draft, num)?;
    if token.paused { Err(Code::TokenIsPaused) } else { Ok(token) }
}

/// An account that is there and not deleted.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn account<'a>(draft: &'a Draft<'_>, num: i64) -> Result<&'a Account, Code> {
    let account = draft.account(num).ok_or(Code::InvalidAccountId)?;
    if account.deleted { Err(Code::AccountDeleted) } else { Ok(account) }
}

/// The association of an account with a token.
///
/// # Errors
/// `TOKEN_NOT_ASSOCIATED_TO_ACCOUNT` when there is none.
pub(crate) fn held<'a>(
    draft: &'a Draft<'_>,
    account: i64,
    token: i64,
) -> Result<&'a Holding, Code> {
    draft.holding(account, token).ok_or(Code::TokenNotAssociatedToAccount)
}

/// Associates an account with tokens.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn associate(
    draft: &mut Draft<'_>,
    num: i64,
    tokens: &[i64],
    at: Stamp,
) -> Result<(), Code> {
    account(draft, num)?;
    for token in tokens {
        if draft.holding(num, *token).is_some() {
            return Err(Code::TokenAlreadyAssociatedToAccount);
        }
        let holding = usable(draft, *token)?.holding(false, at);
        draft.put_holding(num, *token, Some(holding));
    }
    Ok(())
}

/// Ends an account's associations with tokens. What is left of a deleted token goes with it.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn dissociate(draft: &mut Draft<'_>, num: i64, tokens: &[i64]) -> Result<(), Code> {
    account(draft, num)?;
    for id in tokens {
        let token = draft.token(*id).ok_or(Code::InvalidTokenId)?;
        let holding = held(draft, num, *id)?;
        if !token.deleted {
            if token.paused {
                return Err(Code::TokenIsPaused);
            }
            if token.treasury == num {
                return Err(Code::AccountIsTreasury);
            }
            if holding.frozen {
                return Err(Code::AccountFrozenForToken);
            }
            if holding.balance > 0 {
                return Err(match token.unique {
                    true => Code::AccountStillOwnsNfts,
                    false => Code::TransactionRequiresZeroTokenBalances,
                });
            }
        }
        draft.put_holding(num, *id, None);
    }
    Ok(())
}

/// Freezes or unfreezes an account for a token.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn freeze(
    draft: &mut Draft<'_>,
    (num, token): (i64, i64),
    frozen: bool,
    agreed: Agreed<'_>,
) -> Result<(), Code> {
    let key = usable(draft, token)?.keys.freeze.clone();
    account(draft, num)?;
    if !agreed(&key.ok_or(Code::TokenHasNoFreezeKey)?) {
        return Err(Code::InvalidSignature);
    }
    let holding = Holding { frozen, ..held(draft, num, token)?.clone() };
    draft.put_holding(num, token, Some(holding));
    Ok(())
}

/// Says that an account's owner is known, or is not known any more.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn know(
    draft: &mut Draft<'_>,
    (num, token): (i64, i64),
    kyc: bool,
    agreed: Agreed<'_>,
) -> Result<(), Code> {
    let key = usable(draft, token)?.keys.kyc.clone();
    account(draft, num)?;
    if !agreed(&key.ok_or(Code::TokenHasNoKycKey)?) {
        return Err(Code::InvalidSignature);
    }
    let holding = Holding { kyc, ..held(draft, num, token)?.clone() };
    draft.put_holding(num, token, Some(holding));
    Ok(())
}

/// Pauses or unpauses a token.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn pause(
    draft: &mut Draft<'_>,
    token: i64,
    paused: bool,
    agreed: Agreed<'_>,
) -> Result<(), Code> {
    let token = existing(draft, token)?.clone();
    if !agreed(token.keys.pause.as_ref().ok_or(Code::TokenHasNoPauseKey)?) {
        return Err(Code::InvalidSignature);
    }
    draft.put_token(Token { paused, ..token });
    Ok(())
}

/// Lets a spender take up to an amount of a fungible token from its owner; zero ends that.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn approve(
    draft: &mut Draft<'_>,
    token: i64,
    owner: i64,
    spender: i64,
    amount: i64,
) -> Result<(), Code> {
    let known = usable(draft, token)?;
    if known.unique {
        return Err(Code::NftInFungibleTokenAllowances);
    }
    if amount < 0 {
        return Err(Code::NegativeAllowanceAmount);
    }
    if known.max_supply > 0 && amount > known.max_supply {
        return Err(Code::AmountExceedsTokenMaxSupply);
    }
    if owner == spender {
        return Err(Code::SpenderAccountSameAsOwner);
    }
    account(draft, spender).map_err(|_| Code::InvalidAllowanceSpenderId)?;
    held(draft, owner, token)?;
    let mut account = account(draft, owner).map_err(|_| Code::InvalidAllowanceOwnerId)?.clone();
    match amount {
        0 => account.allowances.tokens.remove(&(token, spender)),
        _ => account.allowances.tokens.insert((token, spender), amount),
    };
    draft.put_account(account);
    Ok(())
}

/// May this account take part in a transfer of this token?
///
/// # Errors
/// Why it may not.
fn may_move(holding: &Holding) -> Result<(), Code> {
    if holding.frozen {
        return Err(Code::AccountFrozenForToken);
    }
    if !holding.kyc {
        return Err(Code::AccountKycNotGrantedForToken);
    }
    Ok(())
}
