//! Errors by remedy.

use hashbuzz_domain::Time;

/// Why a read failed. All of them may be repeated once their remedy was applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Wait until then; the network said so. Costs no attempt.
    #[error("rate limited ({scope})")]
    RateLimited {
        /// When asking again makes sense.
        until: Time,
        /// Which limit: an endpoint's window, a daily cap, a monthly cap.
        scope: String,
    },
    /// The deployment's prepaid credit is used up: somebody has to pay. Nothing is asked before
    /// `until`, when one request finds out whether somebody did.
    #[error("the network's prepaid credit is used up, top it up: {words}")]
    NoCredit {
        /// When it is tried again.
        until: Time,
        /// The network's words.
        words: String,
    },
    /// The token is expired or revoked: the owner has to link the profile again.
    #[error("the network does not accept the profile's access any more: {0}")]
    Unauthorized(String),
    /// The post or profile does not exist (any more).
    #[error("not found on the network: {0}")]
    Gone(String),
    /// The network understood and refuses; repeating will not help.
    #[error("the network refuses: {0}")]
    Refused(String),
    /// Time-out, reset, 5xx, or an answer that is none: ask again later.
    #[error("the network is unavailable: {0}")]
    Unavailable(String),
}

/// Why a write was not, or not certainly, done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Certainly not done. Wait until then.
    #[error("rate limited ({scope})")]
    RateLimited {
        /// When asking again makes sense.
        until: Time,
        /// Which limit.
        scope: String,
    },
    /// Certainly not done: prepaid credit is used up.
    #[error("the network's prepaid credit is used up, top it up: {words}")]
    NoCredit {
        /// When it is tried again.
        until: Time,
        /// The network's words.
        words: String,
    },
    /// Certainly not done: link the profile again.
    #[error("the network does not accept the profile's access any more: {0}")]
    Unauthorized(String),
    /// Certainly not done now; for [`Refusal::Duplicate`] an earlier attempt may have been.
    #[error("the network refuses ({refusal:?}): {detail}")]
    Refused {
        /// What kind of refusal.
        refusal: Refusal,
        /// The network's words.
        detail: String,
    },
    /// Certainly not done: the network was not reached, or nobody there took the request. Ask
    /// again later.
    #[error("the network did not take the request: {0}")]
    Unavailable(String),
    /// Perhaps done. Look for it before anything else.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
}

/// Why a network refuses for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This account posted the same text recently. Evidence that an earlier attempt landed.
    Duplicate,
    /// Replying to this target is not allowed.
    ReplyNotAllowed,
    /// The account is suspended.
    Suspended,
    /// The request is malformed by the network's rules (too long).
    Invalid,
    /// An upload that is named is not one that can be shown: not finished, expired, or another's.
    Media,
    /// What it refers to is not there (any more): an upload, or the post that it answers.
    Gone,
    /// Anything else that is permanent.
    NotPermitted,
}
