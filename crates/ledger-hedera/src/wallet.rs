//! What a campaigner's wallet does, for the demonstration and for tests. The service never holds
//! a campaigner's key; in production a browser wallet signs these calls.

use std::collections::HashMap;

use alloy_primitives::Address;
use alloy_sol_types::SolCall as _;
use hashbuzz_domain::{AccountId, Time};
use hiero_sdk::{Client, ContractExecuteTransaction, Hbar, PrivateKey, Status};
use secrecy::SecretString;

use crate::contract::IHashbuzzEscrow;
use crate::hedera::sdk_contract;
use crate::mirror::Mirror;
use crate::settings::{Network, SetupError};
use crate::transaction_id::{TransactionIds, sdk_account};
use crate::{key, node};

const GAS: u64 = 300_000;
const MAX_FEE: Hbar = Hbar::from_tinybars(500_000_000);

/// Why a wallet's act did not happen, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// An amount that the network cannot express.
    #[error("{0} tinybars are more than there are")]
    Amount(u64),
    /// The network's or the contract's answer, in the SDK's words.
    #[error("the ledger refuses: {0}")]
    Ledger(String),
}

/// A campaigner's account and key.
pub struct Wallet {
    client: Client,
    node: hiero_sdk::AccountId,
    ids: TransactionIds,
}

impl std::fmt::Debug for Wallet {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wallet").field("ids", &self.ids).finish_non_exhaustive()
    }
}

impl Wallet {
    /// Opens the wallet of `account` with its private key (as in [`crate::Settings`]).
    ///
    /// # Errors
    /// A key that is not the account's, or a network that does not answer.
    pub async fn new(
        network: &Network,
        account: AccountId,
        key: &SecretString,
    ) -> Result<Self, SetupError> {
        let mirror = Mirror::new(&network.mirror, network.request_timeout)?;
        let key = key::of_account(&mirror, account, key).await?;
        let (client, node) = client(network, &mirror, account, key).await?;
        Ok(Self { client, node, ids: TransactionIds::new(account) })
    }

    /// Deposits `amount` tinybars and lets campaigns take `allowance` of the free balance, fees
    /// of at most `max_fee_bps` ten-thousandths of a budget included. Waits for the receipt.
    ///
    /// # Errors
    /// [`WalletError`]; look at the balance before trying again.
    pub async fn deposit_and_allow(
        &self,
        contract: AccountId,
        amount: u64,
        allowance: u64,
        max_fee_bps: u16,
        now: Time,
    ) -> Result<(), WalletError> {
        let call = IHashbuzzEscrow::depositAndAllowCall {
            amount: allowance.into(),
            maxFeeBps: max_fee_bps,
        };
        self.call(contract, call.abi_encode(), amount, now).await
    }

    /// Takes `amount` tinybars of free balance out of the contract. Waits for the receipt.
    ///
    /// # Errors
    /// [`WalletError`]; look at the balance before trying again.
    pub async fn withdraw(
        &self,
        contract: AccountId,
        amount: u64,
        now: Time,
    ) -> Result<(), WalletError> {
        let call = IHashbuzzEscrow::withdrawCall { asset: Address::ZERO, amount: amount.into() };
        self.call(contract, call.abi_encode(), 0, now).await
    }

    async fn call(
        &self,
        contract: AccountId,
        data: Vec<u8>,
        payable: u64,
        now: Time,
    ) -> Result<(), WalletError> {
        let payable = i64::try_from(payable).map_err(|_| WalletError::Amount(payable))?;
        let id = self.ids.next(now).for_sdk();
        let mut transaction = ContractExecuteTransaction::new();
        transaction
            .contract_id(sdk_contract(contract))
            .gas(GAS)
            .payable_amount(Hbar::from_tinybars(payable))
            .function_parameters(data)
            .transaction_id(id)
            .node_account_ids([self.node])
            .max_transaction_fee(MAX_FEE);
        let sent = transaction.execute(&self.client).await.map(|_| ());
        settled(&self.client, self.node, id, sent)
            .await
            .map(|_| ())
            .map_err(|error| WalletError::Ledger(error.to_string()))
    }
}

/// A client of the SDK that asks one node and draws no ids of its own.
pub(crate) async fn client(
    network: &Network,
    mirror: &Mirror,
    account: AccountId,
    key: PrivateKey,
) -> Result<(Client, hiero_sdk::AccountId), SetupError> {
    let wrong = |error: hiero_sdk::Error| SetupError::Settings(error.to_string());
    let known = node::addresses(network, mirror).await?;
    let node = known.values().next().copied();
    let nodes: HashMap<String, hiero_sdk::AccountId> =
        known.into_iter().map(|(address, id)| (address, sdk_account(id))).collect();
    let node = node.ok_or_else(|| SetupError::Settings("no node is named".to_owned()))?;
    let client = Client::for_network(nodes).map_err(wrong)?;
    client.set_operator(sdk_account(account), key);
    client.set_default_regenerate_transaction_id(false);
    client.set_max_attempts(5);
    client.set_grpc_deadline(network.request_timeout);
    Ok((client, sdk_account(node)))
}

/// Waits for the receipt of what was sent. The SDK repeats a request whose answer was lost and
/// then reports the duplicate as an error; the receipt tells.
pub(crate) async fn settled(
    client: &Client,
    node: hiero_sdk::AccountId,
    id: hiero_sdk::TransactionId,
    sent: hiero_sdk::Result<()>,
) -> hiero_sdk::Result<hiero_sdk::TransactionReceipt> {
    use hiero_sdk::Error::TransactionPreCheckStatus;
    match sent {
        Ok(()) | Err(TransactionPreCheckStatus { status: Status::DuplicateTransaction, .. }) => {}
        Err(error) => return Err(error),
    }
    let mut query = hiero_sdk::TransactionReceiptQuery::new();
    query.transaction_id(id).node_account_ids([node]).validate_status(true);
    query.execute(client).await
}
