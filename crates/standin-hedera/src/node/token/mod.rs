//! Tokens: making, changing and ending them, and who may hold them.

mod airdrop;
mod create;
mod query;
mod update;

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    AccountId, Key, ResponseCodeEnum as Code, TokenAssociateTransactionBody,
    TokenBurnTransactionBody, TokenDissociateTransactionBody, TokenId, TokenMintTransactionBody,
    TokenWipeAccountTransactionBody,
};

use super::crypto;
use super::handle::{Effect, Handling};
use crate::entity::token_num;
use crate::record::Extra;
use crate::token;

pub(super) use query::{info, nft_info};

use create::create;
use update::{fee_schedule, update, update_pieces};

/// The checks of a token's transaction that need nothing but its body.
pub(super) fn check(data: &Data) -> Result<(), Code> {
    let token = |id: Option<TokenId>| id.map(drop).ok_or(Code::InvalidTokenId);
    let both = |account: &Option<AccountId>, id: Option<TokenId>| {
        token(id)?;
        account.as_ref().map(drop).ok_or(Code::InvalidAccountId)
    };
    match data {
        Data::TokenCreation(body) => {
            body.treasury.as_ref().map(drop).ok_or(Code::InvalidTreasuryAccountForToken)
        }
        Data::TokenAssociate(body) => check_list(body.account.as_ref(), &body.tokens),
        Data::TokenDissociate(body) => check_list(body.account.as_ref(), &body.tokens),
        Data::TokenFreeze(body) => both(&body.account, body.token),
        Data::TokenUnfreeze(body) => both(&body.account, body.token),
        Data::TokenGrantKyc(body) => both(&body.account, body.token),
        Data::TokenRevokeKyc(body) => both(&body.account, body.token),
        Data::TokenPause(body) => token(body.token),
        Data::TokenUnpause(body) => token(body.token),
        Data::TokenDeletion(body) => token(body.token),
        Data::TokenUpdate(body) => token(body.token),
        Data::TokenUpdateNfts(body) => {
            token(body.token)?;
            match body.serial_numbers.as_slice() {
                [] => Err(Code::MissingSerialNumbers),
                _ => Ok(()),
            }
        }
        Data::TokenFeeScheduleUpdate(body) => token(body.token_id),
        Data::TokenMint(body) => {
            token(body.token)?;
            match body.amount > 0 && !body.metadata.is_empty() {
                true => Err(Code::InvalidTransactionBody),
                false => Ok(()),
            }
        }
        Data::TokenBurn(body) => {
            token(body.token)?;
            check_serials(body.amount, &body.serial_numbers)
        }
        Data::TokenWipe(body) => {
            both(&body.account, body.token)?;
            check_serials(body.amount, &body.serial_numbers)
        }
        data => airdrop::check(data),
    }
}

fn check_list(account: Option<&AccountId>, tokens: &[TokenId]) -> Result<(), Code> {
    account.ok_or(Code::InvalidAccountId)?;
    let mut nums: Vec<i64> = tokens.iter().map(|id| id.token_num).collect();
    nums.sort_unstable();
    match nums.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Code::TokenIdRepeatedInTokenList),
        false => Ok(()),
    }
}

fn check_serials(amount: u64, serials: &[i64]) -> Result<(), Code> {
    if amount > 0 && !serials.is_empty() {
        return Err(Code::InvalidTransactionBody);
    }
    match serials.iter().any(|serial| *serial <= 0) {
        true => Err(Code::InvalidNftId),
        false => Ok(()),
    }
}

/// Carries out a token's transaction.
pub(super) fn dispatch(handling: &mut Handling<'_, '_>) -> Result<Effect, Code> {
    match &handling.tx.data {
        Data::TokenCreation(body) => create(handling, body),
        Data::TokenUpdate(body) => update(handling, body),
        Data::TokenDeletion(body) => delete(handling, body.token),
        Data::TokenAssociate(body) => associate(handling, body),
        Data::TokenDissociate(body) => dissociate(handling, body),
        Data::TokenFreeze(body) => freeze(handling, body.account.as_ref(), body.token, true),
        Data::TokenUnfreeze(body) => freeze(handling, body.account.as_ref(), body.token, false),
        Data::TokenGrantKyc(body) => know(handling, body.account.as_ref(), body.token, true),
        Data::TokenRevokeKyc(body) => know(handling, body.account.as_ref(), body.token, false),
        Data::TokenPause(body) => pause(handling, body.token, true),
        Data::TokenUnpause(body) => pause(handling, body.token, false),
        Data::TokenMint(body) => mint(handling, body),
        Data::TokenBurn(body) => burn(handling, body),
        Data::TokenWipe(body) => wipe(handling, body),
        Data::TokenFeeScheduleUpdate(body) => fee_schedule(handling, body),
        Data::TokenUpdateNfts(body) => update_pieces(handling, body),
        Data::TokenReject(body) => airdrop::reject(handling, body),
        Data::TokenAirdrop(body) => airdrop::airdrop(handling, body),
        Data::TokenClaimAirdrop(body) => airdrop::claim(handling, body),
        Data::TokenCancelAirdrop(body) => airdrop::cancel(handling, body),
        _ => Err(Code::NotSupported),
    }
}

/// The token that a transaction names.
fn num(id: Option<TokenId>) -> Result<i64, Code> {
    token_num(id).ok_or(Code::InvalidTokenId)
}

fn nums(ids: &[TokenId]) -> Result<Vec<i64>, Code> {
    ids.iter().map(|id| num(Some(*id))).collect()
}

/// The account and the token that a transaction names.
fn pair(
    handling: &Handling<'_, '_>,
    account: Option<&AccountId>,
    token: Option<TokenId>,
) -> Result<(i64, i64), Code> {
    let token = num(token)?;
    token::existing(handling.draft, token)?;
    Ok((crypto::find_num(handling.draft, account)?, token))
}

/// Associates an account with tokens; its key must sign.
fn associate(
    handling: &mut Handling<'_, '_>,
    body: &TokenAssociateTransactionBody,
) -> Result<Effect, Code> {
    let account = signing(handling, body.account.as_ref())?;
    if body.tokens.len() > token::MAX_ASSOCIATIONS_AT_ONCE {
        return Err(Code::TokenReferenceListSizeLimitExceeded);
    }
    token::associate(handling.draft, account, &nums(&body.tokens)?, handling.at)?;
    Ok(Effect::about(account))
}

/// Ends associations; the account's key must sign.
fn dissociate(
    handling: &mut Handling<'_, '_>,
    body: &TokenDissociateTransactionBody,
) -> Result<Effect, Code> {
    let account = signing(handling, body.account.as_ref())?;
    token::dissociate(handling.draft, account, &nums(&body.tokens)?)?;
    Ok(Effect::about(account))
}

/// The account that is named, when its key has signed.
fn signing(handling: &Handling<'_, '_>, account: Option<&AccountId>) -> Result<i64, Code> {
    let num = crypto::find_num(handling.draft, account)?;
    must_sign(handling, num)?;
    Ok(num)
}

/// The account is there, and its key has signed.
fn must_sign(handling: &Handling<'_, '_>, account: i64) -> Result<(), Code> {
    let account = token::account(handling.draft, account)?;
    if handling.signed(account.key.as_ref()) { Ok(()) } else { Err(Code::InvalidSignature) }
}

/// The keys that a transaction names for a token, each with the code for one that nobody can use.
macro_rules! named_keys {
    ($body:expr) => {
        [
            (&$body.admin_key, Code::InvalidAdminKey),
            (&$body.kyc_key, Code::InvalidKycKey),
            (&$body.freeze_key, Code::InvalidFreezeKey),
            (&$body.wipe_key, Code::InvalidWipeKey),
            (&$body.supply_key, Code::InvalidSupplyKey),
            (&$body.fee_schedule_key, Code::InvalidCustomFeeScheduleKey),
            (&$body.pause_key, Code::InvalidPauseKey),
            (&$body.metadata_key, Code::InvalidMetadataKey),
        ]
    };
}
use named_keys;

/// Freezes or unfreezes an account for a token.
fn freeze(
    handling: &mut Handling<'_, '_>,
    account: Option<&AccountId>,
    token: Option<TokenId>,
    frozen: bool,
) -> Result<Effect, Code> {
    let pair = pair(handling, account, token)?;
    let signatures = &handling.tx.signatures;
    token::freeze(handling.draft, pair, frozen, &|key: &Key| signatures.satisfy(key))?;
    Ok(Effect::about(pair.1))
}

/// Grants or revokes KYC.
fn know(
    handling: &mut Handling<'_, '_>,
    account: Option<&AccountId>,
    token: Option<TokenId>,
    kyc: bool,
) -> Result<Effect, Code> {
    let pair = pair(handling, account, token)?;
    let signatures = &handling.tx.signatures;
    token::know(handling.draft, pair, kyc, &|key: &Key| signatures.satisfy(key))?;
    Ok(Effect::about(pair.1))
}

/// Pauses or unpauses a token.
fn pause(
    handling: &mut Handling<'_, '_>,
    id: Option<TokenId>,
    paused: bool,
) -> Result<Effect, Code> {
    let token = num(id)?;
    let signatures = &handling.tx.signatures;
    token::pause(handling.draft, token, paused, &|key: &Key| signatures.satisfy(key))?;
    Ok(Effect::about(token))
}

/// Makes an amount, or pieces.
fn mint(handling: &mut Handling<'_, '_>, body: &TokenMintTransactionBody) -> Result<Effect, Code> {
    let id = num(body.token)?;
    let signatures = &handling.tx.signatures;
    let agreed = |key: &Key| signatures.satisfy(key);
    let mut serials = Vec::new();
    if body.metadata.is_empty() {
        token::mint(handling.draft, id, body.amount, &agreed)?;
    } else {
        serials = token::mint_pieces(handling.draft, id, &body.metadata, handling.at, &agreed)?;
    }
    let mut effect = supplied(handling, id);
    effect.extra.serials = serials;
    Ok(effect)
}

/// Destroys an amount, or pieces, of the treasury.
fn burn(handling: &mut Handling<'_, '_>, body: &TokenBurnTransactionBody) -> Result<Effect, Code> {
    let id = num(body.token)?;
    let signatures = &handling.tx.signatures;
    let agreed = |key: &Key| signatures.satisfy(key);
    match body.serial_numbers.as_slice() {
        [] => token::burn(handling.draft, id, body.amount, &agreed)?,
        serials => token::burn_pieces(handling.draft, id, serials, &agreed)?,
    };
    Ok(supplied(handling, id))
}

/// Destroys an amount, or pieces, of somebody.
fn wipe(
    handling: &mut Handling<'_, '_>,
    body: &TokenWipeAccountTransactionBody,
) -> Result<Effect, Code> {
    let pair = pair(handling, body.account.as_ref(), body.token)?;
    let signatures = &handling.tx.signatures;
    let agreed = |key: &Key| signatures.satisfy(key);
    match body.serial_numbers.as_slice() {
        [] => token::wipe(handling.draft, pair, body.amount, &agreed)?,
        serials => token::wipe_pieces(handling.draft, pair, serials, &agreed)?,
    };
    Ok(supplied(handling, pair.1))
}

/// Ends a token. What accounts hold of it stays with them, for nothing.
fn delete(handling: &mut Handling<'_, '_>, id: Option<TokenId>) -> Result<Effect, Code> {
    let token = token::existing(handling.draft, num(id)?)?.clone();
    let admin = token.keys.admin.as_ref().ok_or(Code::TokenIsImmutable)?;
    if !handling.signed(Some(admin)) {
        return Err(Code::InvalidSignature);
    }
    if token.paused {
        return Err(Code::TokenIsPaused);
    }
    let num = token.num;
    handling.draft.put_token(crate::state::Token { deleted: true, ..token });
    Ok(Effect::about(num))
}

/// The receipt of a change of supply tells the new one.
fn supplied(handling: &Handling<'_, '_>, id: i64) -> Effect {
    let supply = handling.draft.token(id).map_or(0, |token| token.supply);
    let extra =
        Extra { supply: Some(u64::try_from(supply).unwrap_or_default()), ..Extra::default() };
    Effect { extra, ..Effect::about(id) }
}
