//! Making tokens and destroying them.

use hiero_sdk_proto::services::ResponseCodeEnum as Code;

use super::{Agreed, account, held, may_move, usable};
use crate::entity::Stamp;
use crate::state::{Draft, Holding, Nft, Token};

/// The longest metadata of a piece, in bytes.
const MAX_METADATA: usize = 100;
/// The most pieces that one transaction makes or destroys.
const MAX_PIECES: usize = 10;

/// Makes an amount of a fungible token, for its treasury. Returns the new supply.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn mint(
    draft: &mut Draft<'_>,
    token: i64,
    amount: u64,
    agreed: Agreed<'_>,
) -> Result<i64, Code> {
    let mut token = supplied(draft, token, agreed)?;
    if token.unique {
        return Err(Code::InvalidTokenMintMetadata);
    }
    let amount = i64::try_from(amount).map_err(|_| Code::InvalidTokenMintAmount)?;
    raise(&mut token, amount)?;
    change(draft, token.treasury, token.num, amount)?;
    let supply = token.supply;
    draft.put_token(token);
    Ok(supply)
}

/// Makes pieces of a unique token, for its treasury. Returns their serial numbers.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn mint_pieces(
    draft: &mut Draft<'_>,
    token: i64,
    metadata: &[Vec<u8>],
    at: Stamp,
    agreed: Agreed<'_>,
) -> Result<Vec<i64>, Code> {
    let mut token = supplied(draft, token, agreed)?;
    if !token.unique {
        return Err(Code::InvalidTokenMintAmount);
    }
    if metadata.len() > MAX_PIECES {
        return Err(Code::BatchSizeLimitExceeded);
    }
    if metadata.iter().any(|metadata| metadata.len() > MAX_METADATA) {
        return Err(Code::MetadataTooLong);
    }
    let count = i64::try_from(metadata.len()).map_err(|_| Code::BatchSizeLimitExceeded)?;
    raise(&mut token, count)?;
    change(draft, token.treasury, token.num, count)?;
    let mut serials = Vec::new();
    for metadata in metadata {
        token.last_serial += 1;
        let owner = token.treasury;
        let piece = Nft { owner, metadata: metadata.clone(), created: at, spender: None };
        draft.put_nft(token.num, token.last_serial, Some(piece));
        serials.push(token.last_serial);
    }
    draft.put_token(token);
    Ok(serials)
}

/// Destroys an amount of a fungible token that its treasury has. Returns the new supply.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn burn(
    draft: &mut Draft<'_>,
    token: i64,
    amount: u64,
    agreed: Agreed<'_>,
) -> Result<i64, Code> {
    let mut token = supplied(draft, token, agreed)?;
    if token.unique {
        return Err(Code::InvalidTokenBurnMetadata);
    }
    let amount = i64::try_from(amount).map_err(|_| Code::InvalidTokenBurnAmount)?;
    if amount > token.supply {
        return Err(Code::InvalidTokenBurnAmount);
    }
    change(draft, token.treasury, token.num, -amount)?;
    token.supply -= amount;
    let supply = token.supply;
    draft.put_token(token);
    Ok(supply)
}

/// Destroys pieces that the treasury has. Returns the new supply.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn burn_pieces(
    draft: &mut Draft<'_>,
    token: i64,
    serials: &[i64],
    agreed: Agreed<'_>,
) -> Result<i64, Code> {
    let token = supplied(draft, token, agreed)?;
    let treasury = token.treasury;
    destroy(draft, token, treasury, serials, Code::TreasuryMustOwnBurnedNft)
}

/// Destroys an amount of a fungible token that an account has, whether it agrees or not. Returns
/// the new supply.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn wipe(
    draft: &mut Draft<'_>,
    (num, token): (i64, i64),
    amount: u64,
    agreed: Agreed<'_>,
) -> Result<i64, Code> {
    let mut token = wiped(draft, num, token, agreed)?;
    if token.unique {
        return Err(Code::InvalidWipingAmount);
    }
    let amount = i64::try_from(amount).map_err(|_| Code::InvalidWipingAmount)?;
    if held(draft, num, token.num)?.balance < amount {
        return Err(Code::InvalidWipingAmount);
    }
    change(draft, num, token.num, -amount)?;
    token.supply -= amount;
    let supply = token.supply;
    draft.put_token(token);
    Ok(supply)
}

/// Destroys pieces that an account has, whether it agrees or not. Returns the new supply.
///
/// # Errors
/// The code with which the network refuses it.
pub(crate) fn wipe_pieces(
    draft: &mut Draft<'_>,
    (num, token): (i64, i64),
    serials: &[i64],
    agreed: Agreed<'_>,
) -> Result<i64, Code> {
    let token = wiped(draft, num, token, agreed)?;
    destroy(draft, token, num, serials, Code::AccountDoesNotOwnWipedNft)
}

fn supplied(draft: &Draft<'_>, token: i64, agreed: Agreed<'_>) -> Result<Token, Code> {
    let token = usable(draft, token)?.clone();
    if !agreed(token.keys.supply.as_ref().ok_or(Code::TokenHasNoSupplyKey)?) {
        return Err(Code::InvalidSignature);
    }
    may_move(held(draft, token.treasury, token.num)?)?;
    Ok(token)
}

fn wiped(draft: &Draft<'_>, num: i64, token: i64, agreed: Agreed<'_>) -> Result<Token, Code> {
    let token = usable(draft, token)?.clone();
    account(draft, num)?;
    if !agreed(token.keys.wipe.as_ref().ok_or(Code::TokenHasNoWipeKey)?) {
        return Err(Code::InvalidSignature);
    }
    if token.treasury == num {
        return Err(Code::CannotWipeTokenTreasuryAccount);
    }
    held(draft, num, token.num)?;
    Ok(token)
}

fn raise(token: &mut Token, amount: i64) -> Result<(), Code> {
    let supply = token.supply.checked_add(amount).ok_or(Code::InvalidTokenMintAmount)?;
    if token.max_supply > 0 && supply > token.max_supply {
        return Err(Code::TokenMaxSupplyReached);
    }
    token.supply = supply;
    Ok(())
}

fn destroy(
    draft: &mut Draft<'_>,
    mut token: Token,
    owner: i64,
    serials: &[i64],
    not_owned: Code,
) -> Result<i64, Code> {
    if serials.len() > MAX_PIECES {
        return Err(Code::BatchSizeLimitExceeded);
    }
    for serial in serials {
        let piece = draft.nft(token.num, *serial).ok_or(Code::InvalidNftId)?;
        if piece.owner != owner {
            return Err(not_owned);
        }
        draft.put_nft(token.num, *serial, None);
        change(draft, owner, token.num, -1)?;
        token.supply -= 1;
    }
    let supply = token.supply;
    draft.put_token(token);
    Ok(supply)
}

/// Adds to (or takes from) what an account holds.
pub(super) fn change(draft: &mut Draft<'_>, num: i64, token: i64, amount: i64) -> Result<(), Code> {
    let holding = held(draft, num, token)?;
    let balance = holding.balance.checked_add(amount).filter(|balance| *balance >= 0);
    let balance = balance.ok_or(Code::InsufficientTokenBalance)?;
    let holding = Holding { balance, ..holding.clone() };
    draft.put_holding(num, token, Some(holding));
    Ok(())
}
