//! Changes of tokens.
//!
//! The administrator may change everything. Every other key may be replaced by whoever has it, and
//! the metadata may be written with the metadata key. With `FULL_VALIDATION`, who takes over a key
//! in that way signs too. A key can only be taken away (replaced by an empty list) by the
//! administrator, and a token without an administrator is otherwise immutable.

use hiero_sdk_proto::services::{
    Key, ResponseCodeEnum as Code, TokenFeeScheduleUpdateTransactionBody, TokenKeyValidation,
    TokenUpdateNftsTransactionBody, TokenUpdateTransactionBody, key::Key as Kind,
};

use super::super::crypto::{self, MAX_ENTITY_MEMO};
use super::super::handle::{Effect, Handling};
use super::create::{MAX_METADATA, MAX_NAME};
use super::{named_keys, num};
use crate::entity::Stamp;
use crate::keys;
use crate::state::{Holding, Nft, Token};
use crate::token;

/// Changes a token.
pub(super) fn update(
    handling: &mut Handling<'_, '_>,
    body: &TokenUpdateTransactionBody,
) -> Result<Effect, Code> {
    let token = token::usable(handling.draft, num(body.token)?)?.clone();
    authorise(handling, body, &token)?;
    check(handling, body)?;
    let mut new = changed(handling, body, token.clone())?;
    if let Some(id) = &body.treasury {
        new.treasury = move_treasury(handling, id, &token)?;
    }
    let num = new.num;
    handling.draft.put_token(new);
    Ok(Effect::about(num))
}

/// Is it an empty list, which stands for no key at all?
fn takes_away(key: &Key) -> bool {
    matches!(&key.key, Some(Kind::KeyList(list)) if list.keys.is_empty())
}

fn authorise(
    handling: &Handling<'_, '_>,
    body: &TokenUpdateTransactionBody,
    token: &Token,
) -> Result<(), Code> {
    let administers = token.keys.admin.is_some() && handling.signed(token.keys.admin.as_ref());
    let refused = match token.keys.admin {
        Some(_) => Code::InvalidSignature,
        None => Code::TokenIsImmutable,
    };
    let general = body.admin_key.is_some()
        || body.treasury.is_some()
        || body.auto_renew_account.is_some()
        || body.auto_renew_period.is_some()
        || body.memo.is_some()
        || !body.name.is_empty()
        || !body.symbol.is_empty();
    if general && !administers {
        return Err(refused);
    }
    let full = body.key_verification_mode() == TokenKeyValidation::FullValidation;
    for (new, old) in roles(body, token) {
        let Some(new) = new else { continue };
        if administers {
            continue;
        }
        if takes_away(new) {
            return Err(refused);
        }
        let taken_over = handling.signed(old) && (!full || handling.signed(Some(new)));
        if !taken_over {
            return Err(if old.is_none() { refused } else { Code::InvalidSignature });
        }
    }
    if body.metadata.is_some() && !administers && !handling.signed(token.keys.metadata.as_ref()) {
        return Err(if token.keys.metadata.is_none() { refused } else { Code::InvalidSignature });
    }
    match &body.admin_key {
        Some(new) if !takes_away(new) && !handling.signed(Some(new)) => Err(Code::InvalidSignature),
        _ => Ok(()),
    }
}

/// The keys that their owners may replace: the new ones with the old ones.
fn roles<'a>(
    body: &'a TokenUpdateTransactionBody,
    token: &'a Token,
) -> [(Option<&'a Key>, Option<&'a Key>); 7] {
    let keys = &token.keys;
    [
        (body.kyc_key.as_ref(), keys.kyc.as_ref()),
        (body.freeze_key.as_ref(), keys.freeze.as_ref()),
        (body.wipe_key.as_ref(), keys.wipe.as_ref()),
        (body.supply_key.as_ref(), keys.supply.as_ref()),
        (body.fee_schedule_key.as_ref(), keys.fee_schedule.as_ref()),
        (body.pause_key.as_ref(), keys.pause.as_ref()),
        (body.metadata_key.as_ref(), keys.metadata.as_ref()),
    ]
}

fn check(handling: &Handling<'_, '_>, body: &TokenUpdateTransactionBody) -> Result<(), Code> {
    if body.name.len() > MAX_NAME {
        return Err(Code::TokenNameTooLong);
    }
    if body.symbol.len() > MAX_NAME {
        return Err(Code::TokenSymbolTooLong);
    }
    if body.memo.as_ref().is_some_and(|memo| memo.len() > MAX_ENTITY_MEMO) {
        return Err(Code::MemoTooLong);
    }
    if body.metadata.as_ref().is_some_and(|metadata| metadata.len() > MAX_METADATA) {
        return Err(Code::MetadataTooLong);
    }
    let full = body.key_verification_mode() == TokenKeyValidation::FullValidation;
    let unusable = |key: &Option<Key>| {
        full && key.as_ref().is_some_and(|key| !takes_away(key) && !keys::is_usable(key))
    };
    for (key, refusal) in named_keys!(body) {
        if unusable(key) {
            return Err(refusal);
        }
    }
    let expires = body.expiry.and_then(Stamp::from_proto);
    match expires {
        Some(expires) if expires <= handling.at => Err(Code::InvalidExpirationTime),
        _ => Ok(()),
    }
}

/// The token with everything changed but its treasury.
fn changed(
    handling: &Handling<'_, '_>,
    body: &TokenUpdateTransactionBody,
    mut token: Token,
) -> Result<Token, Code> {
    for (new, old) in [
        (&body.kyc_key, &token.keys.kyc),
        (&body.freeze_key, &token.keys.freeze),
        (&body.wipe_key, &token.keys.wipe),
        (&body.supply_key, &token.keys.supply),
        (&body.fee_schedule_key, &token.keys.fee_schedule),
        (&body.pause_key, &token.keys.pause),
        (&body.metadata_key, &token.keys.metadata),
    ] {
        // A key that was never there cannot be added later.
        if new.as_ref().is_some_and(|new| !takes_away(new)) && old.is_none() {
            return Err(Code::TokenIsImmutable);
        }
    }
    let set = |new: &Option<Key>, old: &mut Option<Key>| {
        if let Some(key) = new {
            *old = (!takes_away(key)).then(|| key.clone());
        }
    };
    set(&body.admin_key, &mut token.keys.admin);
    set(&body.kyc_key, &mut token.keys.kyc);
    set(&body.freeze_key, &mut token.keys.freeze);
    set(&body.wipe_key, &mut token.keys.wipe);
    set(&body.supply_key, &mut token.keys.supply);
    set(&body.fee_schedule_key, &mut token.keys.fee_schedule);
    set(&body.pause_key, &mut token.keys.pause);
    set(&body.metadata_key, &mut token.keys.metadata);
    if !body.name.is_empty() {
        token.name.clone_from(&body.name);
    }
    if !body.symbol.is_empty() {
        token.symbol.clone_from(&body.symbol);
    }
    if let Some(memo) = &body.memo {
        token.memo.clone_from(memo);
    }
    if let Some(metadata) = &body.metadata {
        token.metadata.clone_from(metadata);
    }
    if let Some(expires) = body.expiry.and_then(Stamp::from_proto) {
        token.expires = expires;
    }
    if let Some(period) = &body.auto_renew_period {
        crypto::check_renewal(period.seconds).map_err(|_| Code::InvalidRenewalPeriod)?;
        token.auto_renew = period.seconds;
    }
    if let Some(id) = &body.auto_renew_account {
        let renewer =
            crypto::find(handling.draft, id).map_err(|_| Code::InvalidAutorenewAccount)?;
        if !handling.signed(renewer.key.as_ref()) {
            return Err(Code::InvalidSignature);
        }
        token.auto_renew_account = Some(renewer.num);
    }
    Ok(token)
}

/// Moves everything that the old treasury has to the new one, which signs for it.
fn move_treasury(
    handling: &mut Handling<'_, '_>,
    id: &hiero_sdk_proto::services::AccountId,
    token: &Token,
) -> Result<i64, Code> {
    let invalid = |_| Code::InvalidTreasuryAccountForToken;
    let new = crypto::find(handling.draft, id).map_err(invalid)?;
    if new.deleted {
        return Err(Code::InvalidTreasuryAccountForToken);
    }
    if !handling.signed(new.key.as_ref()) {
        return Err(Code::InvalidSignature);
    }
    let (new, old) = (new.num, token.treasury);
    if new == old {
        return Ok(new);
    }
    let to = token::held(handling.draft, new, token.num)
        .map_err(|_| Code::NoRemainingAutomaticAssociations)?;
    if token.unique && to.balance > 0 {
        return Err(Code::TransactionRequiresZeroTokenBalances);
    }
    let to = to.clone();
    let from = token::held(handling.draft, old, token.num)?.clone();
    let balance = to.balance + from.balance;
    handling.draft.put_holding(new, token.num, Some(Holding { balance, ..to }));
    handling.draft.put_holding(old, token.num, Some(Holding { balance: 0, ..from }));
    for serial in 1..=token.last_serial {
        let piece = handling.draft.nft(token.num, serial).filter(|piece| piece.owner == old);
        if let Some(piece) = piece.cloned() {
            handling.draft.put_nft(token.num, serial, Some(Nft { owner: new, ..piece }));
        }
    }
    Ok(new)
}

/// Writes the metadata of pieces: with the metadata key, or, of those that the treasury still has,
/// with the supply key.
pub(super) fn update_pieces(
    handling: &mut Handling<'_, '_>,
    body: &TokenUpdateNftsTransactionBody,
) -> Result<Effect, Code> {
    let token = token::usable(handling.draft, num(body.token)?)?.clone();
    let all_at_treasury = body.serial_numbers.iter().all(|serial| {
        handling.draft.nft(token.num, *serial).is_some_and(|piece| piece.owner == token.treasury)
    });
    if token.keys.metadata.is_none() && token.keys.supply.is_none() {
        return Err(Code::TokenHasNoMetadataOrSupplyKey);
    }
    let agreed = handling.signed(token.keys.metadata.as_ref())
        || (all_at_treasury && handling.signed(token.keys.supply.as_ref()));
    if !agreed {
        return Err(Code::InvalidSignature);
    }
    if body.metadata.as_ref().is_some_and(|metadata| metadata.len() > MAX_METADATA) {
        return Err(Code::MetadataTooLong);
    }
    for serial in &body.serial_numbers {
        let piece = handling.draft.nft(token.num, *serial).ok_or(Code::InvalidNftId)?.clone();
        let metadata = body.metadata.clone().unwrap_or_else(|| piece.metadata.clone());
        handling.draft.put_nft(token.num, *serial, Some(Nft { metadata, ..piece }));
    }
    Ok(Effect::about(token.num))
}

/// Replaces a token's custom fees.
pub(super) fn fee_schedule(
    handling: &mut Handling<'_, '_>,
    body: &TokenFeeScheduleUpdateTransactionBody,
) -> Result<Effect, Code> {
    let mut token = token::usable(handling.draft, num(body.token_id)?)?.clone();
    let key = token.keys.fee_schedule.as_ref().ok_or(Code::TokenHasNoFeeScheduleKey)?;
    if !handling.signed(Some(key)) {
        return Err(Code::InvalidSignature);
    }
    token::check_fees(&body.custom_fees, token.unique)?;
    if token.fees.is_empty() && body.custom_fees.is_empty() {
        return Err(Code::CustomScheduleAlreadyHasNoFees);
    }
    token.fees.clone_from(&body.custom_fees);
    token::check_collectors(handling.draft, &token)?;
    let num = token.num;
    handling.draft.put_token(token);
    Ok(Effect::about(num))
}
