//! What the node tells about tokens.

use hiero_sdk_proto::services::{
    Duration, Key, NftId, ResponseCodeEnum as Code, TokenFreezeStatus, TokenInfo, TokenKycStatus,
    TokenNftInfo, TokenPauseStatus, TokenSupplyType, TokenType,
};

use crate::entity::{account_id, token_id, token_num};
use crate::state::{Draft, Token};
use crate::token;

/// The ledger id of a network that is none of the public ones.
const LEDGER: u8 = 3;

/// Everything about a token.
pub(in crate::node) fn info(
    draft: &Draft<'_>,
    id: Option<hiero_sdk_proto::services::TokenId>,
) -> Result<TokenInfo, Code> {
    let num = token_num(id).ok_or(Code::InvalidTokenId)?;
    Ok(shown(draft.token(num).ok_or(Code::InvalidTokenId)?))
}

fn shown(token: &Token) -> TokenInfo {
    let freeze = match (&token.keys.freeze, token.freeze_default) {
        (None, _) => TokenFreezeStatus::FreezeNotApplicable,
        (Some(_), true) => TokenFreezeStatus::Frozen,
        (Some(_), false) => TokenFreezeStatus::Unfrozen,
    };
    let kyc = match &token.keys.kyc {
        None => TokenKycStatus::KycNotApplicable,
        Some(_) => TokenKycStatus::Revoked,
    };
    let pause = match (&token.keys.pause, token.paused) {
        (None, _) => TokenPauseStatus::PauseNotApplicable,
        (Some(_), true) => TokenPauseStatus::Paused,
        (Some(_), false) => TokenPauseStatus::Unpaused,
    };
    let kind = if token.unique { TokenType::NonFungibleUnique } else { TokenType::FungibleCommon };
    let supply = match token.max_supply {
        0 => TokenSupplyType::Infinite,
        _ => TokenSupplyType::Finite,
    };
    let keys = &token.keys;
    let key = |key: &Option<Key>| key.clone();
    TokenInfo {
        token_id: Some(token_id(token.num)),
        name: token.name.clone(),
        symbol: token.symbol.clone(),
        decimals: token.decimals,
        total_supply: u64::try_from(token.supply).unwrap_or_default(),
        treasury: Some(account_id(token.treasury)),
        admin_key: key(&keys.admin),
        kyc_key: key(&keys.kyc),
        freeze_key: key(&keys.freeze),
        wipe_key: key(&keys.wipe),
        supply_key: key(&keys.supply),
        default_freeze_status: freeze.into(),
        default_kyc_status: kyc.into(),
        deleted: token.deleted,
        auto_renew_account: token.auto_renew_account.map(account_id),
        auto_renew_period: Some(Duration { seconds: token.auto_renew }),
        expiry: Some(token.expires.to_proto()),
        memo: token.memo.clone(),
        token_type: kind.into(),
        supply_type: supply.into(),
        max_supply: token.max_supply,
        fee_schedule_key: key(&keys.fee_schedule),
        custom_fees: token.fees.clone(),
        pause_key: key(&keys.pause),
        pause_status: pause.into(),
        ledger_id: vec![LEDGER],
        metadata: token.metadata.clone(),
        metadata_key: key(&keys.metadata),
    }
}

/// Everything about one piece.
pub(in crate::node) fn nft_info(
    draft: &Draft<'_>,
    id: Option<&NftId>,
) -> Result<TokenNftInfo, Code> {
    let id = id.ok_or(Code::InvalidNftId)?;
    if id.serial_number <= 0 {
        return Err(Code::InvalidTokenNftSerialNumber);
    }
    let num = token_num(id.token_id).ok_or(Code::InvalidNftId)?;
    let token = token::existing(draft, num).map_err(|_| Code::InvalidNftId)?;
    let piece = draft.nft(token.num, id.serial_number).ok_or(Code::InvalidNftId)?;
    Ok(TokenNftInfo {
        nft_id: Some(*id),
        account_id: Some(account_id(piece.owner)),
        creation_time: Some(piece.created.to_proto()),
        metadata: piece.metadata.clone(),
        ledger_id: vec![LEDGER],
        spender_id: piece.spender.map(account_id),
    })
}
