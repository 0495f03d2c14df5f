//! Transactions that wait for signatures.

use hiero_sdk_proto::services::{Key, SchedulableTransactionBody};

use crate::entity::{Stamp, TxId};

/// A scheduled transaction.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) num: i64,
    pub(crate) body: SchedulableTransactionBody,
    pub(crate) memo: String,
    pub(crate) admin: Option<Key>,
    pub(crate) creator: i64,
    pub(crate) payer: i64,
    /// The keys that have signed so far.
    pub(crate) signed: Vec<Key>,
    /// The id of the transaction that waits.
    pub(crate) id: TxId,
    /// What its creator asked for; by this, too, schedules are told apart.
    pub(crate) asked_expiry: Option<Stamp>,
    pub(crate) expires: Stamp,
    pub(crate) executed: Option<Stamp>,
    pub(crate) deleted: Option<Stamp>,
}

impl Schedule {
    /// Would it be the same schedule?
    pub(crate) fn is_identical(&self, other: &Self) -> bool {
        self.body == other.body
            && self.memo == other.memo
            && self.admin == other.admin
            && self.payer == other.payer
            && self.asked_expiry == other.asked_expiry
    }
}
