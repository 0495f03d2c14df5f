//! The adapter itself: what it holds, and the port's methods, each one call into its module.

use async_trait::async_trait;
use hashbuzz_domain::{AccountId, Asset, CampaignId, EvmAddress, Time};
use hashbuzz_ledger::{
    Account, Chain, Escrow, EscrowCall, EscrowCampaign, EventCursor, EventPage, Ledger, Outcome,
    PayoutPlan, PrepareError, Prepared, Prices, ReadError, SendError, SignInError, SponsorFunds,
    WalletProof,
};
use hiero_sdk::{ContractId, PrivateKey};

use crate::mirror::Mirror;
use crate::node::Nodes;
use crate::settings::{Settings, SetupError};
use crate::transaction_id::TransactionIds;
use crate::{batch, key, sign_in};

/// A Hedera network with the escrow contract on it.
pub struct Hedera {
    pub(crate) escrow: Escrow,
    pub(crate) contract: ContractId,
    /// When the contract was made: the beginning of its log.
    pub(crate) since: String,
    pub(crate) key: PrivateKey,
    pub(crate) ids: TransactionIds,
    pub(crate) nodes: Nodes,
    pub(crate) mirror: Mirror,
    pub(crate) max_fee_tinybar: u64,
}

impl std::fmt::Debug for Hedera {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hedera").field("escrow", &self.escrow).finish_non_exhaustive()
    }
}

impl Hedera {
    /// Asks the mirror node for the contract's address and for the operator's public key, which
    /// must belong to the key of the settings. Nodes are connected when first used.
    ///
    /// # Errors
    /// Settings that cannot be right, or a mirror node that does not answer.
    pub async fn connect(settings: Settings) -> Result<Self, SetupError> {
        let Settings { network, operator, operator_key, contract, chain_id, max_fee_tinybar } =
            settings;
        let mirror = Mirror::new(&network.mirror, network.request_timeout)?;
        let nodes = Nodes::of(&network, &mirror).await?;
        let key = key::of_account(&mirror, operator, &operator_key).await?;
        let known = mirror.contract(contract).await?.ok_or_else(|| {
            SetupError::Settings(format!("the network has no contract {contract}"))
        })?;
        let address: EvmAddress = known
            .evm_address
            .parse()
            .map_err(|error| ReadError::Malformed(format!("{contract}: {error}")))?;
        Ok(Self {
            escrow: Escrow { ledger: "hedera", chain_id, address, contract },
            contract: sdk_contract(contract),
            since: known.created_timestamp.unwrap_or_else(|| "0.000000000".to_owned()),
            key,
            ids: TransactionIds::new(operator),
            nodes,
            mirror,
            max_fee_tinybar,
        })
    }
}

pub(crate) fn sdk_contract(contract: AccountId) -> ContractId {
    ContractId::new(contract.shard.into(), contract.realm.into(), contract.num)
}

#[async_trait]
impl Ledger for Hedera {
    fn escrow(&self) -> &Escrow {
        &self.escrow
    }

    fn max_batch(&self) -> usize {
        batch::max_batch()
    }

    fn plan_payout(&self, recipients: usize) -> PayoutPlan {
        batch::plan(recipients)
    }

    async fn prices(&self) -> Result<Prices, ReadError> {
        self.read_prices().await
    }

    async fn operator_balance(&self) -> Result<u64, ReadError> {
        self.read_balance(self.ids.payer).await
    }

    async fn prepare(&self, call: &EscrowCall, now: Time) -> Result<Prepared, PrepareError> {
        self.sign(call, now)
    }

    async fn send(&self, prepared: &Prepared) -> Result<(), SendError> {
        self.nodes.submit(&prepared.node, prepared.bytes.clone()).await
    }

    async fn look_up(&self, prepared: &Prepared) -> Result<Outcome, ReadError> {
        self.outcome(prepared).await
    }

    async fn sponsor_funds(
        &self,
        sponsor: EvmAddress,
        asset: Asset,
    ) -> Result<SponsorFunds, ReadError> {
        self.read_sponsor_funds(sponsor, asset).await
    }

    async fn campaign(&self, campaign: CampaignId) -> Result<EscrowCampaign, ReadError> {
        self.read_campaign(campaign).await
    }

    async fn account(&self, account: AccountId) -> Result<Option<Account>, ReadError> {
        self.read_account(account).await
    }

    fn chain(&self) -> Chain {
        sign_in::chain(self.escrow.chain_id)
    }

    async fn signed_in(
        &self,
        account: AccountId,
        text: &str,
        proof: &WalletProof,
    ) -> Result<(), SignInError> {
        self.verify_signed_in(account, text, proof).await
    }

    async fn contract_balance(&self, asset: Asset) -> Result<u64, ReadError> {
        self.read_contract_balance(asset).await
    }

    async fn escrow_events(&self, after: Option<&EventCursor>) -> Result<EventPage, ReadError> {
        self.read_events(after).await
    }
}

#[cfg(test)]
impl Hedera {
    /// Signs without a network.
    pub(crate) fn for_test(operator: AccountId, key: PrivateKey, contract: AccountId) -> Self {
        Self::for_test_with_mirror(operator, key, contract, "http://127.0.0.1:1")
    }

    /// Reads from `mirror`; its node is not there.
    pub(crate) fn for_test_with_mirror(
        operator: AccountId,
        key: PrivateKey,
        contract: AccountId,
        mirror: &str,
    ) -> Self {
        let timeout = std::time::Duration::from_secs(5);
        let nodes = [("127.0.0.1:1".to_owned(), AccountId::new(3))].into();
        Self {
            escrow: Escrow {
                ledger: "hedera",
                chain_id: 298,
                address: EvmAddress([0xee; 20]),
                contract,
            },
            contract: sdk_contract(contract),
            since: "0.000000000".to_owned(),
            key,
            ids: TransactionIds::new(operator),
            nodes: Nodes::new(&nodes, timeout).unwrap(),
            mirror: Mirror::new(mirror, timeout).unwrap(),
            max_fee_tinybar: 2_000_000_000,
        }
    }
}
