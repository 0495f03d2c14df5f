//! Which network, who pays, which contract.

use std::collections::BTreeMap;
use std::time::Duration;

use hashbuzz_domain::AccountId;
use hashbuzz_ledger::ReadError;
use secrecy::SecretString;

/// A Hedera network as seen from here.
#[derive(Clone, Debug)]
pub struct Network {
    /// The nodes' gRPC addresses (`host:port`) and accounts. With none, those that the mirror node
    /// knows are used.
    pub nodes: BTreeMap<String, AccountId>,
    /// The mirror node's REST address without `/api/v1`: `https://…`, or `http://` on a loopback
    /// address. Money is believed from it, see the crate's documentation.
    pub mirror: String,
    /// How long one request may take, to a node or to the mirror node. Keep it shorter than the
    /// lease under which it is made.
    pub request_timeout: Duration,
}

/// A network that everybody knows by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its mirror node. Its nodes are those that this one knows.
    pub mirror: &'static str,
    /// Its EVM chain id.
    pub chain_id: u64,
}

impl Known {
    /// `mainnet`, `testnet` or `previewnet`. <hedera-docs, networks, August 2026>
    pub fn named(name: &str) -> Option<Self> {
        let (mirror, chain_id) = match name {
            "mainnet" => ("https://mainnet.mirrornode.hedera.com", 295),
            "testnet" => ("https://testnet.mirrornode.hedera.com", 296),
            "previewnet" => ("https://previewnet.mirrornode.hedera.com", 297),
            _ => return None,
        };
        Some(Self { mirror, chain_id })
    }
}

/// What the adapter needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The network.
    pub network: Network,
    /// Who signs and pays.
    pub operator: AccountId,
    /// The operator's private key in hexadecimal: DER, or 32 raw bytes of the kind that the
    /// account's key is (ED25519 or ECDSA).
    pub operator_key: SecretString,
    /// The escrow contract.
    pub contract: AccountId,
    /// The network's EVM chain id (mainnet 295, testnet 296, local 298).
    pub chain_id: u64,
    /// The most that one transaction may cost, in tinybars. The network takes what it costs, but
    /// refuses a transaction whose gas limit could cost more than this.
    pub max_fee_tinybar: u64,
}

/// Why no connection, deployment or wallet came about. Nothing was left half done, except that a
/// deployment may leave its bytecode in a file of the payer's.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The settings cannot be right.
    #[error("the settings are wrong: {0}")]
    Settings(String),
    /// The network could not be asked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The network refused.
    #[error("the network refuses: {0}")]
    Refused(String),
}
