//! New tokens.

use hiero_sdk_proto::services::custom_fee::Fee;
use hiero_sdk_proto::services::{
    CustomFee, ResponseCodeEnum as Code, TokenCreateTransactionBody, TokenSupplyType, TokenType,
};

use super::super::crypto::{self, MAX_ENTITY_MEMO};
use super::super::handle::{Effect, Handling};
use super::named_keys;
use crate::entity::{Stamp, token_id};
use crate::keys;
use crate::record::Created;
use crate::state::{Holding, Keys, Token};
use crate::token;

/// The longest name and symbol, in bytes.
pub(super) const MAX_NAME: usize = 100;
/// The longest metadata of a token, in bytes.
pub(super) const MAX_METADATA: usize = 100;

/// Makes a token. Its treasury, its administrator and who pays for its renewal must sign.
pub(super) fn create(
    handling: &mut Handling<'_, '_>,
    body: &TokenCreateTransactionBody,
) -> Result<Effect, Code> {
    check(handling, body)?;
    let treasury = crypto::find_num(handling.draft, body.treasury.as_ref())
        .map_err(|_| Code::InvalidTreasuryAccountForToken)?;
    let owner = token::account(handling.draft, treasury)
        .map_err(|_| Code::InvalidTreasuryAccountForToken)?;
    if !handling.signed(owner.key.as_ref()) {
        return Err(Code::InvalidSignature);
    }
    let num = handling.draft.next_num();
    let token = made(handling, body, num, treasury)?;
    collectors_sign(handling, &body.custom_fees)?;
    let holding = Holding {
        balance: token.supply,
        frozen: false,
        kyc: true,
        ..token.holding(false, handling.at)
    };
    handling.draft.put_token(token.clone());
    handling.draft.put_holding(treasury, num, Some(holding));
    // Who collects in the token itself is associated with it from the beginning.
    for fee in &token.fees {
        let own = match &fee.fee {
            Some(Fee::FractionalFee(_)) => true,
            Some(Fee::FixedFee(fixed)) => fixed.denominating_token_id == Some(token_id(num)),
            _ => false,
        };
        let collector = crypto::find_num(handling.draft, fee.fee_collector_account_id.as_ref());
        if let Ok(collector) = collector
            && own
            && handling.draft.holding(collector, num).is_none()
        {
            let holding = Holding { kyc: true, frozen: false, ..token.holding(false, handling.at) };
            handling.draft.put_holding(collector, num, Some(holding));
        }
    }
    token::check_collectors(handling.draft, &token)?;
    Ok(Effect { created: Created::Token(num), ..Effect::about(num) })
}

fn check(handling: &Handling<'_, '_>, body: &TokenCreateTransactionBody) -> Result<(), Code> {
    check_names(&body.name, &body.symbol)?;
    if body.memo.len() > MAX_ENTITY_MEMO {
        return Err(Code::MemoTooLong);
    }
    if body.metadata.len() > MAX_METADATA {
        return Err(Code::MetadataTooLong);
    }
    let unique = body.token_type() == TokenType::NonFungibleUnique;
    if unique && body.decimals != 0 {
        return Err(Code::InvalidTokenDecimals);
    }
    if unique && body.initial_supply != 0 || i64::try_from(body.initial_supply).is_err() {
        return Err(Code::InvalidTokenInitialSupply);
    }
    if unique && body.supply_key.is_none() {
        return Err(Code::TokenHasNoSupplyKey);
    }
    let finite = body.supply_type() == TokenSupplyType::Finite;
    if finite != (body.max_supply > 0) {
        return Err(Code::InvalidTokenMaxSupply);
    }
    if finite && i64::try_from(body.initial_supply).is_ok_and(|s| s > body.max_supply) {
        return Err(Code::InvalidTokenInitialSupply);
    }
    if body.freeze_default && body.freeze_key.is_none() {
        return Err(Code::TokenHasNoFreezeKey);
    }
    for (key, refusal) in named_keys!(body) {
        if key.as_ref().is_some_and(|key| !keys::is_usable(key)) {
            return Err(refusal);
        }
    }
    if body.admin_key.is_some() && !handling.signed(body.admin_key.as_ref()) {
        return Err(Code::InvalidSignature);
    }
    token::check_fees(&body.custom_fees, unique)
}

/// Name and symbol are there and not too long.
pub(super) fn check_names(name: &str, symbol: &str) -> Result<(), Code> {
    match (name.len(), symbol.len()) {
        (0, _) => Err(Code::MissingTokenName),
        (_, 0) => Err(Code::MissingTokenSymbol),
        (MAX_NAME.., _) if name.len() > MAX_NAME => Err(Code::TokenNameTooLong),
        (_, MAX_NAME..) if symbol.len() > MAX_NAME => Err(Code::TokenSymbolTooLong),
        _ if name.contains('\0') || symbol.contains('\0') => Err(Code::InvalidZeroByteInString),
        _ => Ok(()),
    }
}

fn made(
    handling: &Handling<'_, '_>,
    body: &TokenCreateTransactionBody,
    num: i64,
    treasury: i64,
) -> Result<Token, Code> {
    let renewer = match &body.auto_renew_account {
        None => None,
        Some(id) => {
            let renewer =
                crypto::find(handling.draft, id).map_err(|_| Code::InvalidAutorenewAccount)?;
            if !handling.signed(renewer.key.as_ref()) {
                return Err(Code::InvalidSignature);
            }
            Some(renewer.num)
        }
    };
    let renew = body.auto_renew_period.as_ref().map_or(crypto::RENEWAL, |period| period.seconds);
    let expires = match body.expiry.and_then(Stamp::from_proto) {
        Some(expires) if renewer.is_none() => expires,
        _ => {
            crypto::check_renewal(renew)?;
            handling.at.plus_seconds(renew)
        }
    };
    if expires <= handling.at {
        return Err(Code::InvalidExpirationTime);
    }
    let own = |mut fee: CustomFee| {
        if let Some(Fee::FixedFee(fixed)) = &mut fee.fee
            && fixed.denominating_token_id.is_some_and(|id| id.token_num == 0)
        {
            fixed.denominating_token_id = Some(token_id(num));
        }
        fee
    };
    Ok(Token {
        num,
        name: body.name.clone(),
        symbol: body.symbol.clone(),
        decimals: body.decimals,
        unique: body.token_type() == TokenType::NonFungibleUnique,
        supply: i64::try_from(body.initial_supply).unwrap_or(i64::MAX),
        max_supply: body.max_supply,
        treasury,
        keys: Keys {
            admin: body.admin_key.clone(),
            kyc: body.kyc_key.clone(),
            freeze: body.freeze_key.clone(),
            wipe: body.wipe_key.clone(),
            supply: body.supply_key.clone(),
            fee_schedule: body.fee_schedule_key.clone(),
            pause: body.pause_key.clone(),
            metadata: body.metadata_key.clone(),
        },
        freeze_default: body.freeze_default,
        memo: body.memo.clone(),
        metadata: body.metadata.clone(),
        fees: body.custom_fees.iter().cloned().map(own).collect(),
        created: handling.at,
        expires,
        auto_renew_account: renewer,
        auto_renew: renew,
        ..Token::default()
    })
}

/// Who would be associated by collecting a fee in the new token must agree to that, and so must
/// who wants to be asked before receiving.
fn collectors_sign(handling: &Handling<'_, '_>, fees: &[CustomFee]) -> Result<(), Code> {
    for fee in fees {
        let id = fee.fee_collector_account_id.as_ref().ok_or(Code::InvalidCustomFeeCollector)?;
        let collector =
            crypto::find(handling.draft, id).map_err(|_| Code::InvalidCustomFeeCollector)?;
        let own = match &fee.fee {
            Some(Fee::FractionalFee(_)) => true,
            Some(Fee::FixedFee(fixed)) => {
                fixed.denominating_token_id.is_some_and(|id| id.token_num == 0)
            }
            _ => false,
        };
        if (own || collector.receiver_sig_required) && !handling.signed(collector.key.as_ref()) {
            return Err(Code::InvalidSignature);
        }
    }
    Ok(())
}
