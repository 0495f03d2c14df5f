//! Puts the escrow contract on a network.
//!
//! Without an admin key: whoever held one could sign the contract's money away past all of its
//! code. Nobody can change or delete what this deploys, we included.
//!
//! The code is longer than a transaction, so it is written to a file first, piece by piece. The
//! SDK has a flow for that, but it draws transaction ids from the machine's clock; here they come
//! from the clock that was handed in.

use alloy_primitives::Address;
use alloy_sol_types::SolValue as _;
use hashbuzz_domain::{AccountId, EvmAddress, Time};
use hiero_sdk::{
    Client, ContractCreateTransaction, FileAppendTransaction, FileCreateTransaction,
    FileDeleteTransaction, FileId, Hbar, TransactionReceipt,
};
use secrecy::SecretString;

use crate::contract::address;
use crate::mirror::Mirror;
use crate::settings::{Network, SetupError};
use crate::transaction_id::TransactionIds;
use crate::wallet::{client, settled};
use crate::{abi, key};

/// Bytes of a piece; with its envelope it stays below the 6,144 of a transaction.
const PIECE: usize = 4_096;

/// Storing 21 kB of code takes 4.2 million, running the constructor less than one.
const GAS: u64 = 9_000_000;

/// Creating a contract costs a dollar and its gas; the network takes what it costs.
const MAX_FEE: Hbar = Hbar::new(100);

/// Who may do what with the contract, by EVM address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Names the others. A multi-signature account, kept offline.
    pub admin: EvmAddress,
    /// Creates, closes and pays campaigns: the service's key.
    pub operator: EvmAddress,
    /// May pause, and nothing else.
    pub guardian: EvmAddress,
    /// Withdraws the fees of closed campaigns.
    pub treasury: EvmAddress,
    /// How much participants may be paid in any 60 minutes, in tinybars: the bound on what a
    /// stolen operator key can take.
    pub payout_ceiling_per_hour: u64,
}

struct Payer {
    client: Client,
    node: hiero_sdk::AccountId,
    ids: TransactionIds,
    now: Time,
}

/// Sends a transaction of the SDK and waits for its receipt. A macro, because the trait that all
/// its transactions share is private to the SDK.
macro_rules! confirm {
    ($payer:expr, $transaction:expr) => {{
        let id = $payer.ids.next($payer.now).for_sdk();
        $transaction
            .transaction_id(id)
            .node_account_ids([$payer.node])
            .max_transaction_fee(MAX_FEE);
        let sent = $transaction.execute(&$payer.client).await.map(|_| ());
        settled(&$payer.client, $payer.node, id, sent).await.map_err(refused)
    }};
}

/// Deploys the escrow and returns its id. Takes about a dozen transactions and less than a minute;
/// `now` must be close to the network's clock.
///
/// # Errors
/// [`SetupError`]. What was written to the payer's file so far stays there.
pub async fn deploy(
    network: &Network,
    payer: AccountId,
    payer_key: &SecretString,
    roles: &Roles,
    now: Time,
) -> Result<AccountId, SetupError> {
    let mirror = Mirror::new(&network.mirror, network.request_timeout)?;
    let key = key::of_account(&mirror, payer, payer_key).await?;
    let public = key.public_key();
    let (client, node) = client(network, &mirror, payer, key).await?;
    let payer = Payer { client, node, ids: TransactionIds::new(payer), now };

    let file = payer.write_file(public, abi::bytecode().as_bytes()).await?;
    let mut create = ContractCreateTransaction::new();
    create
        .bytecode_file_id(file)
        .constructor_parameters(constructor(roles))
        .gas(GAS)
        .contract_memo("hashbuzz escrow");
    let receipt: TransactionReceipt = confirm!(payer, create)?;
    let mut delete = FileDeleteTransaction::new();
    delete.file_id(file);
    confirm!(payer, delete)?;

    let contract = receipt.contract_id.ok_or_else(|| missing("a contract's id"))?;
    let part = |n: u64| u32::try_from(n).map_err(|_| missing("a contract's id of ours"));
    let (shard, realm) = (part(contract.shard)?, part(contract.realm)?);
    Ok(AccountId { shard, realm, num: contract.num })
}

impl Payer {
    async fn write_file(
        &self,
        key: hiero_sdk::PublicKey,
        contents: &[u8],
    ) -> Result<FileId, SetupError> {
        let mut pieces = contents.chunks(PIECE);
        let mut create = FileCreateTransaction::new();
        create.keys([key]).contents(pieces.next().unwrap_or_default());
        let receipt: TransactionReceipt = confirm!(self, create)?;
        let file = receipt.file_id.ok_or_else(|| missing("a file's id"))?;
        for piece in pieces {
            let mut append = FileAppendTransaction::new();
            append.file_id(file).chunk_size(PIECE).max_chunks(1).contents(piece);
            confirm!(self, append)?;
        }
        Ok(file)
    }
}

fn constructor(roles: &Roles) -> Vec<u8> {
    let arguments: (Address, Address, Address, Address, u128) = (
        address(roles.admin),
        address(roles.operator),
        address(roles.guardian),
        address(roles.treasury),
        roles.payout_ceiling_per_hour.into(),
    );
    arguments.abi_encode_params()
}

fn refused(error: hiero_sdk::Error) -> SetupError {
    SetupError::Refused(error.to_string())
}

fn missing(what: &str) -> SetupError {
    SetupError::Refused(format!("the receipt lacks {what}"))
}
