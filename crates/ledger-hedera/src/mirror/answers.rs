//! What the mirror node answers, as far as we read it, and the questions.
//!
//! Fields that we do not use are not named, so that the network may add to them. A field that we
//! do use and that is missing makes the answer malformed: a default would be a made-up fact.

use std::collections::BTreeMap;

use hashbuzz_domain::AccountId;
use hashbuzz_ledger::ReadError;
use serde::Deserialize;

use super::Mirror;
use crate::transaction_id::{TransactionId, nanos};

/// The port on which nodes speak gRPC over TLS; without it is 50211, or whatever a local network has.
const TLS: u16 = 50_212;

/// How many log entries a page has; the most that the mirror node gives.
const PAGE: usize = 100;

#[derive(Debug, Deserialize)]
pub(super) struct CallAnswer {
    pub(super) result: String,
}

#[derive(Debug, Deserialize)]
struct Blocks {
    blocks: Vec<Block>,
}

#[derive(Debug, Deserialize)]
struct Block {
    timestamp: BlockSpan,
}

#[derive(Debug, Deserialize)]
struct BlockSpan {
    to: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Transactions {
    transactions: Vec<TransactionRow>,
}

/// One handling of a transaction id.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TransactionRow {
    pub(crate) consensus_timestamp: String,
    pub(crate) charged_tx_fee: u64,
    pub(crate) nonce: i32,
    pub(crate) result: String,
    pub(crate) scheduled: bool,
    /// Base64 of the SHA-384 of the signed bytes.
    pub(crate) transaction_hash: String,
}

#[derive(Debug, Deserialize)]
struct ContractResult {
    error_message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AccountAnswer {
    pub(crate) evm_address: Option<String>,
    pub(crate) deleted: Option<bool>,
    pub(crate) receiver_sig_required: Option<bool>,
    pub(crate) balance: Option<Balance>,
    pub(crate) key: Option<KeyAnswer>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Balance {
    pub(crate) balance: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct KeyAnswer {
    #[serde(rename = "_type")]
    pub(crate) kind: String,
    pub(crate) key: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ContractAnswer {
    pub(crate) evm_address: String,
    pub(crate) created_timestamp: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Fees {
    fees: Vec<Fee>,
}

#[derive(Debug, Deserialize)]
struct Fee {
    gas: u64,
    transaction_type: String,
}

#[derive(Debug, Deserialize)]
struct AddressBook {
    nodes: Vec<NodeRow>,
}

#[derive(Debug, Deserialize)]
struct NodeRow {
    node_account_id: String,
    service_endpoints: Vec<EndpointRow>,
}

#[derive(Debug, Deserialize)]
struct EndpointRow {
    domain_name: Option<String>,
    ip_address_v4: String,
    port: u16,
}

impl EndpointRow {
    /// `host:port`. None of those with TLS: the receipts of nodes are not believed anyway.
    fn address(&self) -> Option<String> {
        let name = self.domain_name.as_deref().filter(|name| !name.is_empty());
        let host = name.unwrap_or(&self.ip_address_v4);
        (self.port != TLS && !host.is_empty()).then(|| format!("{host}:{}", self.port))
    }
}

#[derive(Debug, Deserialize)]
struct Rates {
    current_rate: Rate,
}

/// How many HBAR are worth how many US cents.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Rate {
    pub(crate) cent_equivalent: u64,
    pub(crate) hbar_equivalent: u64,
}

/// A page of a contract's log.
#[derive(Debug, Deserialize)]
pub(crate) struct Logs {
    pub(crate) logs: Vec<Log>,
    #[serde(default)]
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
struct Links {
    next: Option<String>,
}

/// One entry of a contract's log.
#[derive(Debug, Deserialize)]
pub(crate) struct Log {
    pub(crate) data: Option<String>,
    pub(crate) index: u64,
    pub(crate) timestamp: String,
    pub(crate) topics: Vec<String>,
    pub(crate) transaction_hash: Option<String>,
}

impl Logs {
    /// Whether the mirror node has more right now.
    pub(crate) fn more(&self) -> bool {
        self.links.next.is_some() || self.logs.len() >= PAGE
    }
}

impl Mirror {
    /// The consensus time up to which the mirror node has seen everything, in nanoseconds since
    /// the Unix epoch; `None` before its first block. A block's transactions become visible
    /// together with the block.
    pub(crate) async fn watermark(&self) -> Result<Option<i64>, ReadError> {
        let newest: Option<Blocks> = self.get("blocks?limit=1&order=desc").await?;
        let Some(block) = newest.and_then(|answer| answer.blocks.into_iter().next()) else {
            return Ok(None);
        };
        let Some(to) = block.timestamp.to else { return Ok(None) };
        match nanos(&to) {
            Some(nanos) => Ok(Some(nanos)),
            None => Err(ReadError::Malformed(format!("mirror node: a block ends at `{to}`"))),
        }
    }

    /// Everything that was handled under an id.
    pub(crate) async fn transactions(
        &self,
        id: TransactionId,
    ) -> Result<Vec<TransactionRow>, ReadError> {
        let path = format!("transactions/{}?nonce=0&scheduled=false", id.for_mirror());
        let answer: Option<Transactions> = self.get(&path).await?;
        Ok(answer.map(|answer| answer.transactions).unwrap_or_default())
    }

    /// What a failed contract call left as its reason: `0x…` as the contract reverted, or a text.
    pub(crate) async fn revert(&self, id: TransactionId) -> Result<Option<String>, ReadError> {
        let path = format!("contracts/results/{}?nonce=0", id.for_mirror());
        let answer: Option<ContractResult> = self.get(&path).await?;
        Ok(answer.and_then(|answer| answer.error_message))
    }

    /// The nodes that the network has now, one address each.
    pub(crate) async fn nodes(&self) -> Result<BTreeMap<String, AccountId>, ReadError> {
        let book: Option<AddressBook> = self.get("network/nodes?limit=25&order=asc").await?;
        let mut nodes = BTreeMap::new();
        for row in book.map(|book| book.nodes).unwrap_or_default() {
            let Some(address) = row.service_endpoints.iter().find_map(EndpointRow::address) else {
                continue;
            };
            let account = row.node_account_id.parse().map_err(|error| {
                ReadError::Malformed(format!("mirror node: a node's account: {error}"))
            })?;
            nodes.insert(address, account);
        }
        Ok(nodes)
    }

    /// What a unit of gas costs in a contract call, in tinybars.
    pub(crate) async fn gas_price(&self) -> Result<u64, ReadError> {
        let answer: Option<Fees> = self.get("network/fees").await?;
        let fees = answer.map(|answer| answer.fees).unwrap_or_default();
        let call = fees.into_iter().find(|fee| fee.transaction_type == "ContractCall");
        call.map(|fee| fee.gas).ok_or_else(|| {
            ReadError::Malformed("the mirror node has no price of a contract call".to_owned())
        })
    }

    /// The exchange rate of this hour.
    pub(crate) async fn rate(&self) -> Result<Rate, ReadError> {
        let answer: Option<Rates> = self.get("network/exchangerate").await?;
        answer
            .map(|answer| answer.current_rate)
            .ok_or_else(|| ReadError::Malformed("the mirror node has no exchange rate".to_owned()))
    }

    pub(crate) async fn account(
        &self,
        account: AccountId,
    ) -> Result<Option<AccountAnswer>, ReadError> {
        self.get(&format!("accounts/{account}?transactions=false")).await
    }

    pub(crate) async fn contract(
        &self,
        contract: AccountId,
    ) -> Result<Option<ContractAnswer>, ReadError> {
        self.get(&format!("contracts/{contract}")).await
    }

    /// Log entries from `timestamp` on; of that moment only those after `index`, if one is given.
    pub(crate) async fn logs(
        &self,
        contract: AccountId,
        timestamp: &str,
        index: Option<u64>,
    ) -> Result<Logs, ReadError> {
        let index = index.map(|index| format!("&index=gt:{index}")).unwrap_or_default();
        let path = format!(
            "contracts/{contract}/results/logs\
             ?order=asc&limit={PAGE}&timestamp=gte:{timestamp}{index}"
        );
        let answer: Option<Logs> = self.get(&path).await?;
        answer.ok_or_else(|| ReadError::Unavailable(format!("{contract} is not known yet")))
    }
}
