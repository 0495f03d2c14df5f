//! What happened on the ledger, read from its mirror node without our adapter.
//!
//! Whoever checks books must not use the accountant's glasses: names of functions and events are
//! hashed here, words are cut out here, and nothing is shared with `ledger-hedera`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use sha3::{Digest as _, Keccak256};

use crate::web::Web;

/// The mirror node.
#[derive(Clone, Debug)]
pub struct Chain {
    web: Web,
    contract: String,
}

/// The escrow's log, added up. Amounts in tinybars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EscrowLog {
    /// What campaigners sent.
    pub deposited: u64,
    /// By the campaign's key in hexadecimal.
    pub campaigns: BTreeMap<String, OnChain>,
}

/// What the log says of one campaign, in tinybars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnChain {
    pub budget: u64,
    pub fee: u64,
    /// Only then does the fee belong to the treasury.
    pub closed: bool,
    /// The sum of the lines that were committed at the close.
    pub total: u64,
    pub paid: u64,
    /// Of this could not be sent, and waits for its owner in the contract.
    pub credited: u64,
    /// Back with the campaigner; with the fee when it was cancelled.
    pub refunded: u64,
    /// How often each line was paid.
    pub lines: BTreeMap<u64, u64>,
}

#[derive(Deserialize)]
struct Page {
    logs: Vec<Entry>,
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    topics: Vec<String>,
    data: String,
}

#[derive(Deserialize)]
struct Balances {
    balances: Vec<Balance>,
    links: Links,
}

#[derive(Deserialize)]
struct Balance {
    account: String,
    balance: u64,
}

impl Chain {
    /// The mirror at `address` and the escrow `contract` (`0.0.n`).
    ///
    /// # Errors
    /// When no client can be built.
    pub fn new(address: SocketAddr, contract: String) -> anyhow::Result<Self> {
        Ok(Self { web: Web::new(format!("http://{address}"))?, contract })
    }

    /// Everything that the escrow has logged.
    ///
    /// # Errors
    /// No answer, or one that makes no sense.
    pub async fn escrow_log(&self) -> anyhow::Result<EscrowLog> {
        let contract = &self.contract;
        let mut next =
            Some(format!("/api/v1/contracts/{contract}/results/logs?order=asc&limit=100"));
        let mut log = EscrowLog::default();
        while let Some(path) = next {
            let page: Page = self.web.get(&path).await?;
            for entry in &page.logs {
                log.add(entry)?;
            }
            next = page.links.next;
        }
        Ok(log)
    }

    /// The tinybars of every account and contract.
    ///
    /// # Errors
    /// No answer.
    pub async fn balances(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut next = Some("/api/v1/balances?limit=100&order=asc".to_owned());
        let mut balances = BTreeMap::new();
        while let Some(path) = next {
            let page: Balances = self.web.get(&path).await?;
            balances.extend(page.balances.into_iter().map(|row| (row.account, row.balance)));
            next = page.links.next;
        }
        Ok(balances)
    }

    /// The tinybars of the escrow.
    ///
    /// # Errors
    /// No answer, or no such contract.
    pub async fn escrow_balance(&self) -> anyhow::Result<u64> {
        let path = format!("/api/v1/balances?account.id={}&limit=1", self.contract);
        let page: Balances = self.web.get(&path).await?;
        let row = page.balances.first().with_context(|| format!("no {}", self.contract))?;
        Ok(row.balance)
    }

    /// What a campaigner has in the escrow and could withdraw.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn free_balance(&self, sponsor: &str) -> anyhow::Result<u64> {
        let address = sponsor.trim_start_matches("0x");
        self.view(&format!("{}{address:0>64}{:0>64}", selector("freeBalance(address,address)"), ""))
            .await
    }

    /// What the treasury could withdraw.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn fees(&self) -> anyhow::Result<u64> {
        self.view(&format!("{}{:0>64}", selector("fees(address)"), "")).await
    }

    /// Calls a view of the escrow that answers with one number.
    async fn view(&self, data: &str) -> anyhow::Result<u64> {
        let number = self.contract.rsplit('.').next().unwrap_or_default();
        let number: u64 = number.parse().context("a contract's id ends with its number")?;
        let body = json!({ "to": format!("0x{number:040x}"), "data": format!("0x{data}") });
        let answer: Value = self.web.post("/api/v1/contracts/call", &body).await?;
        let result = answer["result"].as_str().context("a call has a result")?;
        word(result, 0)
    }
}

impl EscrowLog {
    fn add(&mut self, entry: &Entry) -> anyhow::Result<()> {
        let Some(name) = entry.topics.first() else { return Ok(()) };
        let name = name.trim_start_matches("0x");
        let is = |signature| name == hash(signature);
        let data = &entry.data;
        if is("Deposited(address,address,uint256)") {
            self.deposited += word(data, 0)?;
        } else if is("CampaignCreated(bytes32,address,address,uint128,uint128,uint64)")
            || is("CampaignToppedUp(bytes32,uint128,uint128)")
        {
            let campaign = self.campaign(entry)?;
            campaign.budget += word(data, 0)?;
            campaign.fee += word(data, 1)?;
        } else if is("CampaignClosed(bytes32,bytes32,uint128,uint64)") {
            let campaign = self.campaign(entry)?;
            campaign.total = word(data, 1)?;
            campaign.closed = true;
        } else if is("Paid(bytes32,uint32,address,uint128,bool)") {
            let line = word(entry.topics.get(2).context("a payment names its line")?, 0)?;
            let (amount, credited) = (word(data, 0)?, word(data, 1)? == 1);
            let campaign = self.campaign(entry)?;
            campaign.paid += amount;
            campaign.credited += if credited { amount } else { 0 };
            *campaign.lines.entry(line).or_default() += 1;
        } else if is("Refunded(bytes32,uint128)")
            || is("CampaignCancelled(bytes32,uint128)")
            || is("Recovered(bytes32,uint128)")
        {
            self.campaign(entry)?.refunded += word(data, 0)?;
        }
        Ok(())
    }

    fn campaign(&mut self, entry: &Entry) -> anyhow::Result<&mut OnChain> {
        let id = entry.topics.get(1).context("the event names its campaign")?;
        Ok(self.campaigns.entry(id.trim_start_matches("0x").to_owned()).or_default())
    }
}

/// The key of a campaign in the contract: the digits of its UUID, then sixteen zero bytes.
pub fn campaign_key(id: &str) -> String {
    format!("{:0<64}", id.replace('-', ""))
}

/// The four bytes that name a function, in hexadecimal.
pub fn selector(signature: &str) -> String {
    hash(signature)[..8].to_owned()
}

fn hash(signature: &str) -> String {
    hex::encode(Keccak256::digest(signature))
}

/// The number in the 32-byte word at `position` of a hexadecimal text.
fn word(text: &str, position: usize) -> anyhow::Result<u64> {
    let digits = text.trim_start_matches("0x");
    let word = digits.get(position * 64..(position + 1) * 64).context("the data is too short")?;
    let (high, low) = word.split_at(48);
    if high.bytes().any(|digit| digit != b'0') {
        bail!("{word} is more tinybars than there are");
    }
    Ok(u64::from_str_radix(low, 16)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_by_the_first_four_bytes_of_its_hash() {
        // The best known selector of all: ERC-20's transfer.
        assert_eq!(selector("transfer(address,uint256)"), "a9059cbb");
    }

    #[test]
    fn a_campaign_is_named_by_its_uuid_and_zeros() {
        let id = "0190c1f2-0000-7000-8000-00000000abcd";
        let key: hashbuzz_domain::CampaignId = id.parse().unwrap();
        assert_eq!(campaign_key(id), hex::encode(key.contract_key()));
    }

    #[test]
    fn a_word_is_a_number_or_an_error() {
        let two = format!("0x{:064x}{:064x}", 7, u64::MAX);
        assert_eq!(word(&two, 0).unwrap(), 7);
        assert_eq!(word(&two, 1).unwrap(), u64::MAX);
        assert!(word(&two, 2).is_err());
        assert!(word(&format!("0x1{:063x}", 0), 0).is_err());
    }

    #[test]
    fn the_log_adds_up_payments_by_line() {
        let id = campaign_key("0190c1f2-0000-7000-8000-00000000abcd");
        let paid = |line: u64, amount: u64, credited: u64| Entry {
            topics: vec![
                format!("0x{}", hash("Paid(bytes32,uint32,address,uint128,bool)")),
                format!("0x{id}"),
                format!("0x{line:064x}"),
            ],
            data: format!("0x{amount:064x}{credited:064x}"),
        };
        let mut log = EscrowLog::default();
        for entry in [paid(0, 5, 0), paid(1, 6, 1), paid(1, 6, 0)] {
            log.add(&entry).unwrap();
        }
        let campaign = &log.campaigns[&id];
        assert_eq!((campaign.paid, campaign.credited), (17, 6));
        assert_eq!(campaign.lines, BTreeMap::from([(0, 1), (1, 2)]));
    }
}
