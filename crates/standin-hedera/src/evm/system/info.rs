//! `getTokenInfo`: everything about a token, in the token service's own shape.

use alloy_sol_types::{SolValue, sol};
use hiero_sdk_proto::services::custom_fee::Fee;
use hiero_sdk_proto::services::{Key, ResponseCodeEnum as Code, key::Key as Kind};
use revm::primitives::{Address, Bytes, U256};

use super::Asked;
use crate::entity::{account_num, long_zero, token_num};
use crate::state::Token;

sol! {
    struct KeyValue { bool inheritAccountKey; address contractId; bytes ed25519; bytes ECDSA_secp256k1; address delegatableContractId; }
    struct TokenKey { uint256 keyType; KeyValue key; }
    struct Expiry { int64 second; address autoRenewAccount; int64 autoRenewPeriod; }
    struct HederaToken { string name; string symbol; address treasury; string memo; bool tokenSupplyType; int64 maxSupply; bool freezeDefault; TokenKey[] tokenKeys; Expiry expiry; }
    struct FixedFee { int64 amount; address tokenId; bool useHbarsForPayment; bool useCurrentTokenForPayment; address feeCollector; }
    struct FractionalFee { int64 numerator; int64 denominator; int64 minimumAmount; int64 maximumAmount; bool netOfTransfers; address feeCollector; }
    struct RoyaltyFee { int64 numerator; int64 denominator; int64 amount; address tokenId; bool useHbarsForPayment; address feeCollector; }
    struct TokenInfo { HederaToken token; int64 totalSupply; bool deleted; bool defaultKycStatus; bool pauseStatus; FixedFee[] fixedFees; FractionalFee[] fractionalFees; RoyaltyFee[] royaltyFees; string ledgerId; }
}

/// A response code and what is known about a token.
pub(super) fn encoded(asked: &Asked<'_, '_>, num: i64) -> Result<Vec<u8>, Code> {
    let token = asked.draft.token(num).ok_or(Code::InvalidTokenId)?;
    let ok = i64::from(i32::from(Code::Success));
    Ok((ok, shown(asked, token)).abi_encode_params())
}

fn shown(asked: &Asked<'_, '_>, token: &Token) -> TokenInfo {
    let keys = &token.keys;
    // The kinds of keys are bits, from the administrator's on.
    let keys = [
        &keys.admin,
        &keys.kyc,
        &keys.freeze,
        &keys.wipe,
        &keys.supply,
        &keys.fee_schedule,
        &keys.pause,
    ];
    let key = |(n, key): (usize, &&Option<Key>)| TokenKey {
        keyType: U256::from(1_u32 << n),
        key: value(key.as_ref()),
    };
    let renewer = token.auto_renew_account.map_or(Address::ZERO, |num| asked.address(num));
    let mut info = TokenInfo {
        token: HederaToken {
            name: token.name.clone(),
            symbol: token.symbol.clone(),
            treasury: asked.address(token.treasury),
            memo: token.memo.clone(),
            tokenSupplyType: token.max_supply > 0,
            maxSupply: token.max_supply,
            freezeDefault: token.freeze_default,
            tokenKeys: keys.iter().enumerate().map(key).collect(),
            expiry: Expiry {
                second: token.expires.seconds(),
                autoRenewAccount: renewer,
                autoRenewPeriod: token.auto_renew,
            },
        },
        totalSupply: token.supply,
        deleted: token.deleted,
        defaultKycStatus: token.keys.kyc.is_none(),
        pauseStatus: token.paused,
        fixedFees: Vec::new(),
        fractionalFees: Vec::new(),
        royaltyFees: Vec::new(),
        ledgerId: "0x03".to_owned(),
    };
    add_fees(asked, token, &mut info);
    info
}

fn add_fees(asked: &Asked<'_, '_>, token: &Token, info: &mut TokenInfo) {
    let collector = |fee: &hiero_sdk_proto::services::CustomFee| {
        account_num(fee.fee_collector_account_id.as_ref())
            .map_or(Address::ZERO, |num| asked.address(num))
    };
    for fee in &token.fees {
        let to = collector(fee);
        match &fee.fee {
            Some(Fee::FixedFee(fixed)) => info.fixedFees.push(fixed_fee(token, fixed, to)),
            Some(Fee::FractionalFee(share)) => {
                let fraction = share.fractional_amount.unwrap_or_default();
                info.fractionalFees.push(FractionalFee {
                    numerator: fraction.numerator,
                    denominator: fraction.denominator,
                    minimumAmount: share.minimum_amount,
                    maximumAmount: share.maximum_amount,
                    netOfTransfers: share.net_of_transfers,
                    feeCollector: to,
                });
            }
            Some(Fee::RoyaltyFee(royalty)) => {
                let fraction = royalty.exchange_value_fraction.unwrap_or_default();
                let fallback = royalty.fallback_fee.unwrap_or_default();
                let paid_in = token_num(fallback.denominating_token_id);
                info.royaltyFees.push(RoyaltyFee {
                    numerator: fraction.numerator,
                    denominator: fraction.denominator,
                    amount: fallback.amount,
                    tokenId: paid_in.map_or(Address::ZERO, long_zero),
                    useHbarsForPayment: paid_in.is_none() && fallback.amount > 0,
                    feeCollector: to,
                });
            }
            None => {}
        }
    }
}

fn fixed_fee(
    token: &Token,
    fixed: &hiero_sdk_proto::services::FixedFee,
    collector: Address,
) -> FixedFee {
    let paid_in = token_num(fixed.denominating_token_id);
    FixedFee {
        amount: fixed.amount,
        tokenId: paid_in.map_or(Address::ZERO, long_zero),
        useHbarsForPayment: paid_in.is_none(),
        useCurrentTokenForPayment: paid_in == Some(token.num),
        feeCollector: collector,
    }
}

fn value(key: Option<&Key>) -> KeyValue {
    let mut value = KeyValue {
        inheritAccountKey: false,
        contractId: Address::ZERO,
        ed25519: Bytes::new(),
        ECDSA_secp256k1: Bytes::new(),
        delegatableContractId: Address::ZERO,
    };
    let address = |id: &hiero_sdk_proto::services::ContractId| match id.contract {
        Some(hiero_sdk_proto::services::contract_id::Contract::ContractNum(num)) => long_zero(num),
        _ => Address::ZERO,
    };
    match key.and_then(|key| key.key.as_ref()) {
        Some(Kind::Ed25519(public)) => value.ed25519 = public.clone().into(),
        Some(Kind::EcdsaSecp256k1(public)) => value.ECDSA_secp256k1 = public.clone().into(),
        Some(Kind::ContractId(id)) => value.contractId = address(id),
        Some(Kind::DelegatableContractId(id)) => value.delegatableContractId = address(id),
        _ => {}
    }
    value
}
