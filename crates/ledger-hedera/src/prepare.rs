//! Builds and signs a call: one id, one node, the longest validity, nothing sent.

use hashbuzz_domain::Time;
use hashbuzz_ledger::{EscrowCall, PrepareError, Prepared};
use hiero_sdk::{ContractExecuteTransaction, Hbar};
use prost::Message as _;
use sha2::{Digest as _, Sha384};

use crate::batch::MAX_BYTES;
use crate::contract;
use crate::hedera::Hedera;
use crate::node;
use crate::transaction_id::{VALID, sdk_account};

impl Hedera {
    pub(crate) fn sign(&self, call: &EscrowCall, now: Time) -> Result<Prepared, PrepareError> {
        let encoded = contract::encode(call)?;
        let id = self.ids.next(now);
        let node = self.nodes.choose();
        let unsupported = |error: hiero_sdk::Error| PrepareError::Unsupported(error.to_string());
        let max_fee = i64::try_from(self.max_fee_tinybar)
            .map_err(|_| PrepareError::Unsupported("the highest fee is too high".to_owned()))?;

        let mut transaction = ContractExecuteTransaction::new();
        transaction
            .contract_id(self.contract)
            .gas(encoded.gas)
            .function_parameters(encoded.data)
            .transaction_id(id.for_sdk())
            .node_account_ids([sdk_account(node)])
            .transaction_valid_duration(time::Duration::seconds(VALID.secs()))
            .max_transaction_fee(Hbar::from_tinybars(max_fee))
            .transaction_memo(memo(call));
        transaction.freeze().map_err(unsupported)?.sign(self.key.clone());
        let bytes = transaction.to_signed_transaction_bytes().map_err(unsupported)?;

        let size = node::wrap(bytes.clone()).encoded_len();
        if size > MAX_BYTES {
            return Err(PrepareError::TooLarge { size, limit: MAX_BYTES });
        }
        Ok(Prepared {
            transaction_id: id.to_string(),
            node: node.to_string(),
            hash: Sha384::digest(&bytes).to_vec(),
            bytes,
            expires_at: id.expires_at(),
        })
    }
}

/// For whoever reads the chain: at most 100 bytes.
fn memo(call: &EscrowCall) -> String {
    let function = call.function();
    match call {
        EscrowCall::CreateCampaign { campaign, .. }
        | EscrowCall::Cancel { campaign }
        | EscrowCall::Close { campaign, .. }
        | EscrowCall::Refund { campaign }
        | EscrowCall::Finalise { campaign } => format!("hashbuzz {function} {campaign}"),
        EscrowCall::PayBatch { campaign, batch, .. } => {
            format!("hashbuzz {function} {campaign} {batch}")
        }
    }
}

#[cfg(test)]
mod tests {
    use hashbuzz_domain::{AccountId, CampaignId, EvmAddress};
    use hashbuzz_ledger::PayEntry;
    use hiero_sdk::PrivateKey;
    use hiero_sdk_proto::services;

    use super::*;
    use crate::batch::max_batch;

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);

    fn pay(entries: usize) -> EscrowCall {
        let entry = |index| PayEntry { account: EvmAddress([0xff; 20]), amount: u64::MAX, index };
        EscrowCall::PayBatch {
            campaign: CampaignId::from_bytes([0xff; 16]),
            batch: u32::MAX,
            entries: (0..u32::try_from(entries).unwrap()).map(entry).collect(),
        }
    }

    fn signed(bytes: &[u8]) -> (services::SignedTransaction, services::TransactionBody) {
        let signed = services::SignedTransaction::decode(bytes).unwrap();
        let body = services::TransactionBody::decode(signed.body_bytes.as_slice()).unwrap();
        (signed, body)
    }

    #[tokio::test]
    async fn a_full_batch_fits_even_with_the_largest_ids_and_a_larger_one_is_refused() {
        let num = u64::try_from(i64::MAX).unwrap();
        for key in [PrivateKey::generate_ed25519(), PrivateKey::generate_ecdsa()] {
            let hedera = Hedera::for_test(AccountId::new(num), key, AccountId::new(num));
            hedera.sign(&pay(max_batch()), NOW).unwrap();
            let refused = hedera.sign(&pay(max_batch() + 20), NOW);
            assert!(matches!(refused, Err(PrepareError::TooLarge { limit: 6_144, .. })));
        }
    }

    #[tokio::test]
    async fn a_prepared_call_is_signed_for_one_node_and_valid_for_180_seconds() {
        let key = PrivateKey::generate_ed25519();
        let hedera = Hedera::for_test(AccountId::new(1_001), key.clone(), AccountId::new(5_005));
        let prepared = hedera.sign(&pay(2), NOW).unwrap();
        assert_eq!(prepared.hash, Sha384::digest(&prepared.bytes).to_vec());
        assert_eq!(prepared.node, "0.0.3");

        let (signed, body) = signed(&prepared.bytes);
        assert_eq!(body.transaction_valid_duration.unwrap().seconds, 180);
        assert_eq!(body.memo, "hashbuzz payBatch ffffffff-ffff-ffff-ffff-ffffffffffff 4294967295");
        let id = body.transaction_id.unwrap();
        let start = id.transaction_valid_start.unwrap();
        let text = format!("0.0.1001@{}.{:09}", start.seconds, start.nanos);
        assert_eq!(prepared.transaction_id, text);
        let start = Time::from_micros(start.seconds * 1_000_000 + i64::from(start.nanos) / 1_000);
        assert!(start < NOW && prepared.expires_at > start.plus(VALID));
        assert_eq!(
            body.node_account_id.unwrap().account,
            Some(services::account_id::Account::AccountNum(3),)
        );
        let pair = &signed.sig_map.unwrap().sig_pair[0];
        let Some(services::signature_pair::Signature::Ed25519(signature)) = &pair.signature else {
            panic!("not signed with the operator's key: {pair:?}");
        };
        key.public_key().verify(&signed.body_bytes, signature).unwrap();
    }

    #[tokio::test]
    async fn the_same_call_prepared_twice_has_two_ids() {
        let key = PrivateKey::generate_ecdsa();
        let hedera = Hedera::for_test(AccountId::new(1_001), key, AccountId::new(5_005));
        let (first, second) = (hedera.sign(&pay(1), NOW).unwrap(), hedera.sign(&pay(1), NOW));
        assert_ne!(first.transaction_id, second.unwrap().transaction_id);
    }
}
