//! The escrow contract's calls in its own encoding, with the gas that each may burn.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use hashbuzz_domain::{Asset, EvmAddress};
use hashbuzz_ledger::{EscrowCall, PayEntry, PrepareError};

use crate::batch;

alloy_sol_types::sol!("../../contracts/src/IHashbuzzEscrow.sol");

/// An encoded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) data: Vec<u8>,
    pub(crate) gas: u64,
}

pub(crate) fn encode(call: &EscrowCall) -> Result<Encoded, PrepareError> {
    let key = B256::from(contract_key(call));
    let data = match call {
        EscrowCall::CreateCampaign {
            sponsor,
            asset,
            budget,
            fee,
            claim_window,
            refund_after,
            ..
        } => IHashbuzzEscrow::createCampaignCall {
            id: key,
            sponsor: address(*sponsor),
            asset: asset_address(*asset).map_err(PrepareError::Unsupported)?,
            budget: (*budget).into(),
            fee: (*fee).into(),
            claimWindow: narrow("claim window", claim_window.secs())?,
            refundAfter: narrow("refund time", *refund_after)?,
        }
        .abi_encode(),
        EscrowCall::Cancel { .. } => IHashbuzzEscrow::cancelCall { id: key }.abi_encode(),
        EscrowCall::Close { root, total, .. } => {
            IHashbuzzEscrow::closeCall { id: key, root: B256::from(*root), total: (*total).into() }
                .abi_encode()
        }
        EscrowCall::PayBatch { batch, entries, .. } => IHashbuzzEscrow::payBatchCall {
            id: key,
            batch: *batch,
            entries: entries.iter().map(|entry| B256::from(pack(*entry))).collect(),
        }
        .abi_encode(),
        EscrowCall::Refund { .. } => IHashbuzzEscrow::refundCall { id: key }.abi_encode(),
        EscrowCall::Finalise { .. } => IHashbuzzEscrow::finaliseCall { id: key }.abi_encode(),
    };
    Ok(Encoded { data, gas: gas(call) })
}

/// The gas limit: what the worst case takes, with room. Only what is burnt is charged, but the
/// payer must be able to pay the whole limit, and a batch whose limit is too low reverts.
fn gas(call: &EscrowCall) -> u64 {
    match call {
        EscrowCall::CreateCampaign { .. } => 400_000,
        EscrowCall::Cancel { .. } | EscrowCall::Refund { .. } | EscrowCall::Finalise { .. } => {
            250_000
        }
        EscrowCall::Close { .. } => 250_000,
        EscrowCall::PayBatch { entries, .. } => batch::gas(entries.len()),
    }
}

fn contract_key(call: &EscrowCall) -> [u8; 32] {
    match call {
        EscrowCall::CreateCampaign { campaign, .. }
        | EscrowCall::Cancel { campaign }
        | EscrowCall::Close { campaign, .. }
        | EscrowCall::PayBatch { campaign, .. }
        | EscrowCall::Refund { campaign }
        | EscrowCall::Finalise { campaign } => campaign.contract_key(),
    }
}

/// Account (20 bytes), amount (8 bytes), index (4 bytes), big-endian.
fn pack(entry: PayEntry) -> [u8; 32] {
    let mut word = [0; 32];
    word[..20].copy_from_slice(&entry.account.0);
    word[20..28].copy_from_slice(&entry.amount.to_be_bytes());
    word[28..].copy_from_slice(&entry.index.to_be_bytes());
    word
}

pub(crate) fn address(address: EvmAddress) -> Address {
    Address::from(address.0)
}

pub(crate) fn evm_address(address: Address) -> EvmAddress {
    EvmAddress(address.into_array())
}

/// The asset as the contract names it. This contract holds HBAR alone.
pub(crate) fn asset_address(asset: Asset) -> Result<Address, String> {
    match asset {
        Asset::Hbar => Ok(Address::ZERO),
        Asset::Token { id, .. } => Err(format!("this escrow holds HBAR only, not the token {id}")),
    }
}

/// An amount of the contract's as ours.
pub(crate) fn units(amount: impl Into<U256>) -> Option<u64> {
    u64::try_from(amount.into()).ok()
}

fn narrow<T: TryFrom<i64>>(what: &str, value: i64) -> Result<T, PrepareError> {
    T::try_from(value)
        .map_err(|_| PrepareError::Unsupported(format!("{what} of {value} s does not fit")))
}

#[cfg(test)]
mod tests {
    use hashbuzz_domain::{AccountId, CampaignId, Span};

    use super::*;

    const CAMPAIGN: CampaignId = CampaignId::from_bytes([0x11; 16]);

    #[test]
    fn a_pay_entry_is_twenty_eight_and_four_bytes_big_endian() {
        let entry = PayEntry {
            account: EvmAddress([0xaa; 20]),
            amount: 0x0102_0304_0506_0708,
            index: 0x0a0b_0c0d,
        };
        let expected = format!("{}01020304050607080a0b0c0d", "aa".repeat(20));
        assert_eq!(hex::encode(pack(entry)), expected);
    }

    #[test]
    fn a_batch_is_encoded_as_the_contract_reads_it() {
        let entry = PayEntry { account: EvmAddress([1; 20]), amount: 5, index: 9 };
        let call =
            EscrowCall::PayBatch { campaign: CAMPAIGN, batch: 3, entries: vec![entry, entry] };
        let encoded = encode(&call).unwrap();
        let read = IHashbuzzEscrow::payBatchCall::abi_decode(&encoded.data).unwrap();
        assert_eq!(read.id, B256::from(CAMPAIGN.contract_key()));
        assert_eq!((read.batch, read.entries.len()), (3, 2));
        assert_eq!(read.entries[0], B256::from(pack(entry)));
        assert_eq!(encoded.gas, batch::gas(2));
    }

    #[test]
    fn a_campaign_is_created_in_whole_seconds_and_in_hbar_only() {
        let call = |asset, refund_after| EscrowCall::CreateCampaign {
            campaign: CAMPAIGN,
            sponsor: EvmAddress([2; 20]),
            asset,
            budget: u64::MAX,
            fee: 7,
            claim_window: Span::from_secs(604_800),
            refund_after,
        };
        let data = encode(&call(Asset::Hbar, 1_700_000_000)).unwrap().data;
        let read = IHashbuzzEscrow::createCampaignCall::abi_decode(&data).unwrap();
        assert_eq!((read.claimWindow, read.refundAfter), (604_800, 1_700_000_000));
        assert_eq!((read.budget, read.fee), (u128::from(u64::MAX), 7));
        assert_eq!(read.asset, Address::ZERO);

        let token = Asset::Token { id: AccountId::new(9), decimals: 6 };
        for wrong in [call(token, 1), call(Asset::Hbar, -1)] {
            assert!(matches!(encode(&wrong), Err(PrepareError::Unsupported(_))));
        }
    }
}
