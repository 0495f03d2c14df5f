//! What we ask of a ledger, and the exam that every implementation takes.
//!
//! A transaction is *prepared* (id chosen, bytes signed, nothing sent), stored by the caller, then
//! *sent*, then *looked up* until its outcome is known. Sending the same bytes twice does nothing
//! the second time; that is what makes a lost answer harmless. A new id for the same business act
//! is prepared only after [`Outcome::Absent`].

mod call;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod prices;
mod sign_in;
mod view;

use async_trait::async_trait;
use hashbuzz_domain::{AccountId, Asset, CampaignId, EvmAddress, Time};

pub use call::{EscrowCall, PayEntry};
pub use error::{PrepareError, ReadError, SendError};
pub use prices::{PayoutPlan, Prices};
pub use sign_in::{Chain, Challenge, SignInError, Signer, Unfit, WalletProof};
pub use view::{
    Account, EscrowCampaign, EscrowEvent, EscrowEventKind, EscrowState, EventCursor, EventPage,
    Outcome, Prepared, SponsorFunds,
};

/// Where the escrow lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escrow {
    /// The ledger's name as shown to people, such as `hedera`.
    pub ledger: &'static str,
    /// The EVM chain id, part of every allocation leaf (Hedera mainnet 295, testnet 296, local 298).
    pub chain_id: u64,
    /// The contract's address.
    pub address: EvmAddress,
    /// The contract's id.
    pub contract: AccountId,
}

/// A ledger with our escrow contract on it.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Where the escrow lives.
    fn escrow(&self) -> &Escrow;

    /// The most entries that one [`EscrowCall::PayBatch`] may have here.
    fn max_batch(&self) -> usize;

    /// What it will take to pay so many people.
    fn plan_payout(&self, recipients: usize) -> PayoutPlan;

    /// What the ledger charges now.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn prices(&self) -> Result<Prices, ReadError>;

    /// What is left to pay fees from, in tinybars.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn operator_balance(&self) -> Result<u64, ReadError>;

    /// Chooses an id, one node and an expiry, and signs. Sends nothing.
    ///
    /// # Errors
    /// [`PrepareError`] when the call cannot be encoded or is too large for one transaction.
    async fn prepare(&self, call: &EscrowCall, now: Time) -> Result<Prepared, PrepareError>;

    /// Sends the stored bytes. `Ok` says only that the network took them (or had them already);
    /// the outcome is [`Ledger::look_up`]'s to tell.
    ///
    /// # Errors
    /// [`SendError::Unknown`] whenever the network may have taken them.
    async fn send(&self, prepared: &Prepared) -> Result<(), SendError>;

    /// What became of a sent transaction: receipt first, then the mirror node.
    ///
    /// # Errors
    /// Any [`ReadError`]. An error is no proof of absence.
    async fn look_up(&self, prepared: &Prepared) -> Result<Outcome, ReadError>;

    /// What a sponsor has in the contract.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn sponsor_funds(
        &self,
        sponsor: EvmAddress,
        asset: Asset,
    ) -> Result<SponsorFunds, ReadError>;

    /// What the contract says of a campaign; [`EscrowState::None`] when it does not know it.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn campaign(&self, campaign: CampaignId) -> Result<EscrowCampaign, ReadError>;

    /// The account, with the address that stands for it in the EVM; `None` when there is none.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn account(&self, account: AccountId) -> Result<Option<Account>, ReadError>;

    /// The chain, as a wallet is asked to sign in to it.
    fn chain(&self) -> Chain;

    /// Whether `account` signed exactly `text`, by its present key. The text is a
    /// [`Challenge`]'s; that it was handed out, in time and only once, is the caller's to know.
    ///
    /// # Errors
    /// [`SignInError`] unless it did.
    async fn signed_in(
        &self,
        account: AccountId,
        text: &str,
        proof: &WalletProof,
    ) -> Result<(), SignInError>;

    /// What the contract holds of `asset`, in its smallest unit.
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn contract_balance(&self, asset: Asset) -> Result<u64, ReadError>;

    /// The contract's log in order, one page after `after` (from the beginning without it).
    ///
    /// # Errors
    /// Any [`ReadError`].
    async fn escrow_events(&self, after: Option<&EventCursor>) -> Result<EventPage, ReadError>;
}
