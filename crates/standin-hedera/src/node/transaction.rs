//! From the bytes of a transaction to what it asks for, refusing everything that is malformed
//! whatever the state of the ledger.

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    ResponseCodeEnum as Code, SignedTransaction, Transaction, TransactionBody, TransactionId,
    account_id,
};
use prost::Message;
use sha2::{Digest, Sha384};

use super::kind::Kind;
use crate::entity::{Stamp, TREASURY, TxId};
use crate::fees::Size;
use crate::keys::Signatures;

/// The longest signed transaction, in bytes.
const MAX_BYTES: usize = 6_144;
/// The same for the accounts that govern the network (HIP-1300).
const MAX_BYTES_OF_GOVERNORS: usize = 130 * 1024;
/// The accounts that govern the network, beside the treasury.
const GOVERNORS: std::ops::RangeInclusive<i64> = 42..=799;
/// The longest memo, in bytes.
const MAX_MEMO: usize = 100;

/// A well-formed transaction.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) id: TxId,
    pub(crate) kind: Kind,
    pub(crate) data: Data,
    pub(crate) body: TransactionBody,
    pub(crate) signatures: Signatures,
    /// SHA-384 of the signed transaction.
    pub(crate) hash: [u8; 48],
    /// The signed transaction as it was sent.
    pub(crate) bytes: Vec<u8>,
    /// Seconds.
    pub(crate) duration: i64,
}

impl Parsed {
    /// Reads a transaction.
    ///
    /// # Errors
    /// The code with which the network refuses it.
    pub(crate) fn read(transaction: &Transaction) -> Result<Self, Code> {
        let signed_bytes = signed_bytes(transaction)?;
        if signed_bytes.len() > MAX_BYTES_OF_GOVERNORS {
            return Err(Code::TransactionOversize);
        }
        let signed =
            SignedTransaction::decode(signed_bytes).map_err(|_| Code::InvalidTransaction)?;
        let map = signed.sig_map.ok_or(Code::InvalidTransactionBody)?;
        let mut body = TransactionBody::decode(signed.body_bytes.as_slice())
            .map_err(|_| Code::InvalidTransactionBody)?;
        let data = body.data.take().ok_or(Code::InvalidTransactionBody)?;
        let signatures = Signatures::new(signed.body_bytes, map);
        if signatures.are_ambiguous() {
            return Err(Code::KeyPrefixMismatch);
        }
        let id = transaction_id(body.transaction_id.as_ref())?;
        let governs = id.payer == TREASURY || GOVERNORS.contains(&id.payer);
        if signed_bytes.len() > MAX_BYTES && !governs {
            return Err(Code::TransactionOversize);
        }
        if body.memo.len() > MAX_MEMO {
            return Err(Code::MemoTooLong);
        }
        if body.memo.contains('\0') {
            return Err(Code::InvalidZeroByteInString);
        }
        let duration = body.transaction_valid_duration.ok_or(Code::InvalidTransactionDuration)?;
        let kind = Kind::of(&data).ok_or(Code::NotSupported)?;
        let hash = Sha384::digest(signed_bytes).into();
        let (bytes, duration) = (signed_bytes.to_vec(), duration.seconds);
        Ok(Self { id, kind, data, body, signatures, hash, bytes, duration })
    }

    /// What the price depends on.
    pub(crate) fn size(&self) -> Size {
        let (accounts, tokens) = match &self.data {
            Data::CryptoTransfer(transfer) => {
                let hbar = transfer.transfers.as_ref().map_or(0, |list| list.account_amounts.len());
                let lists = &transfer.token_transfers;
                let held = lists.iter().map(|list| list.transfers.len() + list.nft_transfers.len());
                (hbar + held.sum::<usize>(), !lists.is_empty())
            }
            _ => (0, false),
        };
        let (signatures, bytes) = (self.signatures.len(), self.bytes.len());
        let high_volume = self.body.high_volume;
        Size { kind: self.kind, signatures, bytes, accounts, tokens, high_volume }
    }

    /// The last moment at which consensus may still handle it.
    pub(crate) fn expires(&self) -> Stamp {
        self.id.start.plus_seconds(self.duration)
    }

    /// The gas asked for, when it is a contract's transaction.
    pub(crate) fn gas(&self) -> Option<i64> {
        match &self.data {
            Data::ContractCall(call) => Some(call.gas),
            Data::ContractCreateInstance(create) => Some(create.gas),
            _ => None,
        }
    }
}

/// A transaction comes as signed bytes. The old form with a separate body and signature map is
/// refused here altogether, and both forms together are what the real network refuses too.
#[expect(deprecated, reason = "the old fields have to be looked at to be refused")]
fn signed_bytes(transaction: &Transaction) -> Result<&[u8], Code> {
    let old = !transaction.body_bytes.is_empty() || transaction.sig_map.is_some();
    match (transaction.signed_transaction_bytes.as_slice(), old) {
        ([], _) => Err(Code::InvalidTransactionBody),
        (_, true) => Err(Code::InvalidTransaction),
        (bytes, false) => Ok(bytes),
    }
}

/// Reads a transaction id that a user may choose: not scheduled, no nonce.
pub(crate) fn transaction_id(id: Option<&TransactionId>) -> Result<TxId, Code> {
    let found = asked_id(id)?;
    if found.scheduled {
        return Err(Code::TransactionIdFieldNotAllowed);
    }
    Ok(found)
}

/// Reads the id of a transaction that is asked for: it may be that of a scheduled one.
pub(crate) fn asked_id(id: Option<&TransactionId>) -> Result<TxId, Code> {
    let id = id.ok_or(Code::InvalidTransactionId)?;
    if id.nonce != 0 {
        return Err(Code::TransactionIdFieldNotAllowed);
    }
    let payer = id.account_id.as_ref().ok_or(Code::InvalidTransactionId)?;
    let payer = match payer.account {
        Some(account_id::Account::AccountNum(num))
            if payer.shard_num == 0 && payer.realm_num == 0 && num > 0 =>
        {
            num
        }
        _ => return Err(Code::PayerAccountNotFound),
    };
    let start = id.transaction_valid_start.and_then(Stamp::from_proto);
    let start = start.ok_or(Code::InvalidTransactionStart)?;
    Ok(TxId { payer, start, scheduled: id.scheduled })
}
