//! Topics: ordered lists of messages of which the ledger keeps only the number and a hash.

use hiero_sdk_proto::services::{FixedCustomFee, Key};
use sha2::{Digest, Sha384};

use crate::entity::Stamp;

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) num: i64,
    pub(crate) memo: String,
    pub(crate) admin: Option<Key>,
    /// Without it anybody may send messages.
    pub(crate) submit: Option<Key>,
    pub(crate) fee_schedule: Option<Key>,
    pub(crate) exempt: Vec<Key>,
    pub(crate) fees: Vec<FixedCustomFee>,
    /// How many messages there have been.
    pub(crate) sequence: u64,
    pub(crate) running_hash: [u8; 48],
    pub(crate) deleted: bool,
    pub(crate) created: Stamp,
    pub(crate) expires: Stamp,
    pub(crate) auto_renew_account: Option<i64>,
    /// Seconds.
    pub(crate) auto_renew: i64,
}

impl Topic {
    /// Takes in a message: counts it and goes on with the running hash, version 3. That is the
    /// SHA-384 of the hash before it, the version (8 bytes), payer and topic (shard, realm and
    /// number, 8 bytes each), consensus seconds (8) and nanoseconds (4), the message's number (8)
    /// and the SHA-384 of the message.
    pub(crate) fn take(&mut self, message: &[u8], payer: i64, at: Stamp) {
        self.sequence += 1;
        let mut hash = Sha384::new();
        hash.update(self.running_hash);
        hash.update(3_i64.to_be_bytes());
        for entity in [payer, self.num] {
            hash.update([0; 16]);
            hash.update(entity.to_be_bytes());
        }
        let stamp = at.to_proto();
        hash.update(stamp.seconds.to_be_bytes());
        hash.update(stamp.nanos.to_be_bytes());
        hash.update(self.sequence.to_be_bytes());
        hash.update(Sha384::digest(message));
        self.running_hash = hash.finalize().into();
    }
}
