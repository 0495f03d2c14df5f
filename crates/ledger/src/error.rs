//! Errors by remedy.

use std::time::Duration;

/// Why a call cannot be prepared. Nothing was sent; repeating will not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// The signed transaction would be larger than the network takes.
    #[error("the transaction is {size} bytes, the network takes {limit}")]
    TooLarge {
        /// Bytes of the signed transaction.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// This implementation cannot express the call (an asset it does not handle, say).
    #[error("cannot be expressed on this ledger: {0}")]
    Unsupported(String),
}

/// Why sending did not certainly hand the bytes over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Certainly not taken *by this attempt*: send the same bytes again later.
    #[error("the network is busy: {detail}")]
    Busy {
        /// How long to wait.
        after: Duration,
        /// The network's code.
        detail: String,
    },
    /// Certainly not taken by this attempt, and these bytes never will be: prepare anew, if no
    /// earlier attempt of them was ambiguous.
    #[error("the network refuses the transaction: {0}")]
    Refused(String),
    /// Its validity is over. Look it up; prepare anew only when it is proven absent.
    #[error("the transaction's validity is over")]
    Expired,
    /// Perhaps taken. Look it up.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
}

/// Why a read failed; all may be repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Ask again later.
    #[error("the ledger is unavailable: {0}")]
    Unavailable(String),
    /// An answer that is none: a version or address mix-up that a person has to look at.
    #[error("the ledger's answer makes no sense: {0}")]
    Malformed(String),
}
