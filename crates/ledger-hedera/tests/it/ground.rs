//! A stand-in network with the escrow on it and a clock that the test moves.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_domain::{AccountId, CampaignId, Span, Time};
use hashbuzz_ledger::Ledger as _;
use hashbuzz_ledger::conformance::{Fault, Party, Proving};
use hashbuzz_ledger_hedera::{Hedera, Network, Roles, Settings, Wallet, deploy};
use hashbuzz_standin_hedera::{Clock, Config, Running, start};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// 2026-06-01T00:00:00Z
const START: i64 = 1_780_272_000_000_000;
const HBAR: u64 = 100_000_000;

pub(crate) struct Ground {
    pub(crate) hedera: Hedera,
    pub(crate) network: Network,
    pub(crate) operator: Opened,
    clock: Arc<AtomicI64>,
    lag: Span,
    running: Running,
    http: reqwest::Client,
    wallets: Mutex<HashMap<AccountId, Wallet>>,
    campaigns: AtomicU8,
}

/// An account of the stand-in's with its key.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) party: Party,
    pub(crate) key_der: String,
    pub(crate) key_raw: String,
}

impl Ground {
    /// A network whose mirror node is `lag` behind.
    pub(crate) async fn with_lag(lag: Duration) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let config = Config {
            clock: Clock::manual(Arc::clone(&clock)),
            mirror_lag: lag,
            ..Config::default()
        };
        let running = start(config).await.unwrap();
        let network = Network {
            nodes: [(running.node.to_string(), AccountId::new(3))].into(),
            mirror: format!("http://{}", running.mirror),
            request_timeout: Duration::from_secs(10),
        };
        let http = client();
        let lag = Span::from_micros(i64::try_from(lag.as_micros()).unwrap());
        let [admin, operator, guardian, treasury] = [(); 4].map(|()| open(&http, &running));
        let (admin, operator) = (admin.await, operator.await);
        let (guardian, treasury) = (guardian.await, treasury.await);
        advance(&clock, lag);
        let roles = Roles {
            admin: admin.party.address,
            operator: operator.party.address,
            guardian: guardian.party.address,
            treasury: treasury.party.address,
            payout_ceiling_per_hour: 1_000 * HBAR,
        };
        let now = Time::from_micros(clock.load(Ordering::SeqCst));
        let key = operator.key_der.clone().into();
        let contract = deploy(&network, operator.party.account, &key, &roles, now).await.unwrap();
        advance(&clock, lag);
        let hedera = Hedera::connect(Settings {
            network: network.clone(),
            operator: operator.party.account,
            operator_key: key,
            contract,
            chain_id: 298,
            max_fee_tinybar: 20 * HBAR,
        })
        .await
        .unwrap();
        Self {
            hedera,
            network,
            operator,
            clock,
            lag,
            running,
            http,
            wallets: Mutex::default(),
            campaigns: AtomicU8::new(0),
        }
    }

    pub(crate) async fn open(&self) -> Opened {
        let opened = open(&self.http, &self.running).await;
        advance(&self.clock, self.lag);
        opened
    }

    /// Somebody sends `tinybar` to an account.
    pub(crate) async fn top_up(&self, whom: &Opened, tinybar: i64) {
        let giver = self.open().await;
        let account = |id: AccountId| hiero_sdk::AccountId::new(0, 0, id.num);
        let nodes = self.network.nodes.iter().map(|(at, id)| (at.clone(), account(*id)));
        let client = hiero_sdk::Client::for_network(nodes.collect::<HashMap<_, _>>()).unwrap();
        let key = giver.key_der.parse().unwrap();
        client.set_operator(account(giver.party.account), key);
        let start = time::OffsetDateTime::from_unix_timestamp(self.now().secs() - 10).unwrap();
        let id = hiero_sdk::TransactionId {
            account_id: account(giver.party.account),
            valid_start: start,
            nonce: None,
            scheduled: false,
        };
        let mut transfer = hiero_sdk::TransferTransaction::new();
        transfer
            .transaction_id(id)
            .hbar_transfer(account(giver.party.account), hiero_sdk::Hbar::from_tinybars(-tinybar))
            .hbar_transfer(account(whom.party.account), hiero_sdk::Hbar::from_tinybars(tinybar));
        transfer.execute(&client).await.unwrap();
        advance(&self.clock, self.lag);
    }

    /// Writes into the stand-in's script of faults.
    pub(crate) async fn fault(&self, fault: Value) {
        let url = format!("http://{}/_standin/faults", self.running.mirror);
        post(&self.http, &url, fault).await;
    }

    /// What the mirror node answers.
    pub(crate) async fn mirror(&self, path: &str) -> Value {
        let url = format!("{}/api/v1/{path}", self.network.mirror);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn counters(&self) -> Value {
        let url = format!("http://{}/_standin/counters", self.running.mirror);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

#[async_trait]
impl Proving for Ground {
    fn now(&self) -> Time {
        Time::from_micros(self.clock.load(Ordering::SeqCst))
    }

    async fn later(&self, by: Span) {
        advance(&self.clock, by);
    }

    async fn provoke(&self, fault: Fault) {
        let kind = match fault {
            Fault::AnswerLost => "drop_after_apply",
            Fault::RequestLost => "drop_before_apply",
            Fault::Busy => "busy",
        };
        self.fault(json!({"on": "submit", "kind": kind, "times": 1})).await;
    }

    async fn applied(&self) -> u64 {
        let counters = self.counters().await;
        let operator = self.operator.party.account.to_string();
        let calls = counters["contract_calls"].as_array().unwrap();
        let mine = calls.iter().filter(|call| call["payer"] == operator.as_str());
        u64::try_from(mine.count()).unwrap()
    }

    fn fresh_campaign(&self) -> CampaignId {
        CampaignId::from_bytes([self.campaigns.fetch_add(1, Ordering::Relaxed) + 1; 16])
    }

    async fn fresh_party(&self) -> Party {
        let opened = self.open().await;
        let account = opened.party.account;
        let wallet = Wallet::new(&self.network, account, &opened.key_der.into()).await.unwrap();
        self.wallets.lock().await.insert(account, wallet);
        opened.party
    }

    async fn deposit_and_allow(&self, by: Party, amount: u64, allowance: u64, max_fee_bps: u16) {
        let wallets = self.wallets.lock().await;
        let contract = self.hedera.escrow().contract;
        wallets[&by.account]
            .deposit_and_allow(contract, amount, allowance, max_fee_bps, self.now())
            .await
            .unwrap();
    }

    async fn withdraw(&self, by: Party, amount: u64) {
        let wallets = self.wallets.lock().await;
        let contract = self.hedera.escrow().contract;
        wallets[&by.account].withdraw(contract, amount, self.now()).await.unwrap();
    }

    async fn balance(&self, of: Party) -> u64 {
        let account = self.mirror(&format!("accounts/{}", of.account)).await;
        account["balance"]["balance"].as_u64().unwrap()
    }
}

fn advance(clock: &AtomicI64, by: Span) {
    clock.fetch_add(by.micros() + 1_000, Ordering::SeqCst);
}

async fn open(http: &reqwest::Client, running: &Running) -> Opened {
    let url = format!("http://{}/_standin/accounts", running.mirror);
    let asked = json!({"count": 1, "balance_tinybar": 10_000 * HBAR, "key": "ecdsa"});
    let answer = post(http, &url, asked).await;
    let text = |field: &str| answer[0][field].as_str().unwrap().to_owned();
    Opened {
        party: Party {
            account: text("account").parse().unwrap(),
            address: text("evm_address").parse().unwrap(),
        },
        key_der: text("private_key"),
        key_raw: text("private_key_raw"),
    }
}

async fn post(http: &reqwest::Client, url: &str, body: Value) -> Value {
    let answer = http.post(url).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.json().await.unwrap()
}

/// For the stand-in's own routes.
fn client() -> reqwest::Client {
    // Another test of the process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build().unwrap()
}
