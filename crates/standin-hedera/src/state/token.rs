//! Tokens, who holds how much of them, and single non-fungible ones.

use hiero_sdk_proto::services::{CustomFee, Key};

use crate::entity::Stamp;

/// A token of the token service, fungible or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Token {
    pub(crate) num: i64,
    pub(crate) name: String,
    pub(crate) symbol: String,
    pub(crate) decimals: u32,
    /// Every piece is its own: then amounts count pieces.
    pub(crate) unique: bool,
    /// In the smallest unit, never negative.
    pub(crate) supply: i64,
    /// Zero when there is no limit.
    pub(crate) max_supply: i64,
    pub(crate) treasury: i64,
    pub(crate) keys: Keys,
    pub(crate) freeze_default: bool,
    pub(crate) memo: String,
    pub(crate) metadata: Vec<u8>,
    pub(crate) fees: Vec<CustomFee>,
    pub(crate) paused: bool,
    pub(crate) deleted: bool,
    /// The number of the newest piece.
    pub(crate) last_serial: i64,
    pub(crate) created: Stamp,
    pub(crate) expires: Stamp,
    pub(crate) auto_renew_account: Option<i64>,
    /// Seconds.
    pub(crate) auto_renew: i64,
}

/// Who may do what with a token. Without a key nobody may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) admin: Option<Key>,
    pub(crate) kyc: Option<Key>,
    pub(crate) freeze: Option<Key>,
    pub(crate) wipe: Option<Key>,
    pub(crate) supply: Option<Key>,
    pub(crate) fee_schedule: Option<Key>,
    pub(crate) pause: Option<Key>,
    pub(crate) metadata: Option<Key>,
}

/// An account's association with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// In the smallest unit, never negative; of a unique token the number of pieces.
    pub(crate) balance: i64,
    pub(crate) frozen: bool,
    pub(crate) kyc: bool,
    /// Takes one of the account's slots.
    pub(crate) automatic: bool,
    pub(crate) created: Stamp,
}

/// One piece of a unique token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nft {
    pub(crate) owner: i64,
    pub(crate) metadata: Vec<u8>,
    pub(crate) created: Stamp,
    /// Who may take this piece away from its owner.
    pub(crate) spender: Option<i64>,
}

impl Token {
    /// A fresh association with this token.
    pub(crate) fn holding(&self, automatic: bool, at: Stamp) -> Holding {
        Holding {
            balance: 0,
            frozen: self.keys.freeze.is_some() && self.freeze_default,
            kyc: self.keys.kyc.is_none(),
            automatic,
            created: at,
        }
    }
}

/// What waits for somebody who is not associated with it: an amount of a fungible token (serial 0)
/// or one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Airdrop {
    pub(crate) sender: i64,
    pub(crate) receiver: i64,
    pub(crate) token: i64,
    pub(crate) serial: i64,
}
