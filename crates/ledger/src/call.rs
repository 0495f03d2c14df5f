//! The calls that the operator makes on the escrow contract.

use hashbuzz_domain::{Asset, CampaignId, EvmAddress, Span};

/// One call. Amounts are in the asset's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EscrowCall {
    /// Locks `budget` + `fee` of the sponsor's allowance. A repeat is refused by the contract.
    CreateCampaign {
        /// Which campaign.
        campaign: CampaignId,
        /// Whose deposit.
        sponsor: EvmAddress,
        /// Which asset.
        asset: Asset,
        /// What participants may receive.
        budget: u64,
        /// What the deployment takes, withdrawable only after close.
        fee: u64,
        /// How long after close unpaid lines stay claimable.
        claim_window: Span,
        /// Never closed by then (Unix seconds): the sponsor alone may recover everything.
        refund_after: i64,
    },
    /// Returns budget and fee to the sponsor's free balance; before close only.
    Cancel {
        /// Which campaign.
        campaign: CampaignId,
    },
    /// Commits the allocation. What it leaves of the budget is refundable at once.
    Close {
        /// Which campaign.
        campaign: CampaignId,
        /// Merkle root over all lines.
        root: [u8; 32],
        /// The sum of all lines.
        total: u64,
    },
    /// Pays one numbered batch. A repeat, or a gap, is refused by the contract.
    PayBatch {
        /// Which campaign.
        campaign: CampaignId,
        /// 1, 2, 3, …
        batch: u32,
        /// At most what fits one transaction (see the implementation).
        entries: Vec<PayEntry>,
    },
    /// Returns what is refundable now to the sponsor's free balance.
    Refund {
        /// Which campaign.
        campaign: CampaignId,
    },
    /// Ends the campaign on chain after its claim window; refunds the rest.
    Finalise {
        /// Which campaign.
        campaign: CampaignId,
    },
}

impl EscrowCall {
    /// The contract function's name.
    pub const fn function(&self) -> &'static str {
        match self {
            Self::CreateCampaign { .. } => "createCampaign",
            Self::Cancel { .. } => "cancel",
            Self::Close { .. } => "close",
            Self::PayBatch { .. } => "payBatch",
            Self::Refund { .. } => "refund",
            Self::Finalise { .. } => "finalise",
        }
    }
}

/// One line of a batch, packed by the implementation into 32 bytes: account, amount, index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayEntry {
    /// Who is paid, by the address that the mirror node reports.
    pub account: EvmAddress,
    /// Smallest units.
    pub amount: u64,
    /// The line's index in the allocation; the contract pays an index once.
    pub index: u32,
}
