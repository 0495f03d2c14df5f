//! What a ledger tells us.

use std::time::Duration;

use hashbuzz_domain::{AccountId, Asset, CampaignId, EvmAddress, Time};

/// A transaction that is signed and not yet, or not certainly, sent. Stored before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The network's idempotency key, such as `0.0.2@1700000000.000000001`.
    pub transaction_id: String,
    /// The one node that it is addressed to.
    pub node: String,
    /// The signed bytes.
    pub bytes: Vec<u8>,
    /// SHA-384 of the bytes, as the network names the transaction.
    pub hash: Vec<u8>,
    /// After this it can no longer reach consensus.
    pub expires_at: Time,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It reached consensus and succeeded.
    Done {
        /// By the network's clock.
        consensus_at: Time,
        /// What the operator paid, in tinybars; none where the receipt alone is known.
        fee_tinybar: Option<u64>,
    },
    /// It reached consensus and did nothing.
    Failed {
        /// The network's code and, for a revert, the contract's error, such as
        /// `CONTRACT_REVERT_EXECUTED: InsufficientBalance`.
        reason: String,
    },
    /// It reached consensus and did nothing, and the call is not why: the network had no room for
    /// it, or its payer could not pay. A new transaction may do it later.
    Undone {
        /// The network's code, and what to do about it where somebody has to.
        reason: String,
        /// How long to wait before a new one.
        after: Duration,
    },
    /// Not known yet: it may still arrive.
    Pending,
    /// Proven: the mirror node has seen everything up to its expiry, and it is not there.
    Absent,
}

/// What a sponsor has in the contract, in the asset's smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SponsorFunds {
    /// Deposited and not locked by a campaign.
    pub free: u64,
    /// What campaigns may still take.
    pub allowance: u64,
    /// The highest fee that the sponsor accepts.
    pub max_fee_bps: u16,
}

/// An account of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// `0.0.n`.
    pub id: AccountId,
    /// What stands for it in the EVM.
    pub evm_address: EvmAddress,
    /// A deleted account cannot be paid.
    pub deleted: bool,
    /// It must sign to receive, so it cannot be paid unasked.
    pub receiver_sig_required: bool,
}

/// Where a campaign is on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscrowState {
    /// Unknown to the contract.
    None,
    /// Funded, not closed.
    Active,
    /// Closed: paying and claiming.
    Closed,
    /// Over.
    Finalised,
    /// Returned before close.
    Cancelled,
}

/// What the contract says of a campaign, in the asset's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowCampaign {
    /// Where it is.
    pub state: EscrowState,
    /// Who funded it.
    pub sponsor: EvmAddress,
    /// What participants may receive.
    pub budget: u64,
    /// What the deployment takes.
    pub fee: u64,
    /// The sum of the committed allocation.
    pub total: u64,
    /// Sent or credited to participants.
    pub paid: u64,
    /// Returned to the sponsor.
    pub refunded: u64,
    /// The last batch that was paid; 0 before the first.
    pub last_batch: u32,
    /// When claiming ends (Unix seconds); 0 before close.
    pub claim_until: i64,
}

/// A place in the contract's log, opaque to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCursor(pub String);

/// One page of the contract's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// In the order of consensus.
    pub events: Vec<EscrowEvent>,
    /// Where to go on; the cursor asked with when there was nothing new.
    pub next: Option<EventCursor>,
    /// Whether there is more right now.
    pub more: bool,
}

/// One entry of the contract's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowEvent {
    /// Unique for ever: consensus time and log index.
    pub key: String,
    /// When, by the network's clock.
    pub consensus_at: Time,
    /// The transaction's hash.
    pub transaction: String,
    /// What happened.
    pub kind: EscrowEventKind,
}

/// What an entry of the contract's log says. Amounts in the asset's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EscrowEventKind {
    /// A sponsor's money arrived.
    Deposited {
        /// Whose.
        sponsor: EvmAddress,
        /// Of what.
        asset: Asset,
        /// What arrived.
        amount: u64,
    },
    /// A sponsor took free balance out.
    Withdrawn {
        /// Whose.
        sponsor: EvmAddress,
        /// Of what.
        asset: Asset,
        /// What left.
        amount: u64,
    },
    /// A participant was paid, or credited where a transfer was impossible.
    Paid {
        /// Which campaign.
        campaign: CampaignId,
        /// The line's index.
        index: u32,
        /// Who.
        account: EvmAddress,
        /// What.
        amount: u64,
        /// Credited to withdraw, because the transfer failed.
        credited: bool,
    },
    /// An entry that this version does not use; the name is the contract's.
    Other(String),
}
