//! The far ends: stand-ins for the social network and the ledger, each a process, and their control
//! routes, where people and accounts are made, things are broken, and deeds are counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hashbuzz_domain::{AccountId, EvmAddress};
use hashbuzz_ledger_hedera::Network;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha3::{Digest as _, Keccak256};

use crate::programs::Program;

/// The account of the stand-in's node.
const NODE: AccountId = AccountId::new(3);

/// Both stand-ins, running.
pub(crate) struct Far {
    _x: Program,
    _hedera: Program,
    /// Where the social network answers.
    pub(crate) x: String,
    /// Where the ledger's mirror answers.
    pub(crate) mirror: String,
    /// The ledger as the adapter knows it.
    pub(crate) network: Network,
    web: reqwest::Client,
}

/// An account on the ledger.
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) address: EvmAddress,
    pub(crate) key: SecretString,
}

/// The app's keys at the social network.
#[derive(Deserialize)]
pub(crate) struct XApp {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) bearer_token: String,
}

/// A profile's access.
#[derive(Clone, Deserialize)]
pub(crate) struct XUser {
    pub(crate) id: String,
    pub(crate) oauth1: XToken,
}

/// OAuth 1.0a.
#[derive(Clone, Deserialize)]
pub(crate) struct XToken {
    pub(crate) token: SecretString,
    pub(crate) secret: SecretString,
}

/// A post that was ever made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) text: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) deleted: bool,
}

/// What the social network counted.
#[derive(Deserialize)]
pub(crate) struct XCounters {
    pub(crate) posts: Vec<Post>,
    pub(crate) duplicate_posts: Vec<Value>,
    pub(crate) requests: Value,
}

/// A contract call that reached consensus.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Call {
    pub(crate) selector: Option<String>,
    pub(crate) first_argument: Option<String>,
    pub(crate) transaction_id: String,
    pub(crate) result: String,
}

/// What the ledger counted.
#[derive(Deserialize)]
pub(crate) struct HederaCounters {
    pub(crate) duplicates_refused: u64,
    pub(crate) faults_fired: u64,
    contract_calls: Vec<Call>,
}

impl HederaCounters {
    /// Calls of the function with this signature, successful or not.
    pub(crate) fn calls(&self, signature: &str) -> Vec<Call> {
        let selector = hex::encode(&Keccak256::digest(signature)[..4]);
        let named = |call: &&Call| call.selector.as_deref() == Some(&selector);
        self.contract_calls.iter().filter(named).cloned().collect()
    }
}

impl Far {
    /// Starts both; the same seed gives the same keys and faults.
    pub(crate) async fn start(seed: u64, folder: &Path) -> Self {
        let seed = seed.to_string();
        let (x_log, hedera_log) = (folder.join("x.log"), folder.join("hedera.log"));
        let x = ["standin", "x", "--json", "--users", "0", "--accept-duplicates", "--seed", &seed];
        let hedera = ["standin", "hedera", "--json", "--seed", &seed];
        let (x, hedera) =
            tokio::join!(Program::start(&x, &x_log), Program::start(&hedera, &hedera_log));
        let (x, hedera) = (x.expect("the X stand-in"), hedera.expect("the Hedera stand-in"));
        let mirror = format!("http://{}", hedera.address("mirror"));
        let network = Network {
            nodes: BTreeMap::from([(hedera.address("node"), NODE)]),
            mirror: mirror.clone(),
            request_timeout: Duration::from_secs(10),
        };
        let address = format!("http://{}", x.address("address"));
        Self { _x: x, _hedera: hedera, x: address, mirror, network, web: client() }
    }

    async fn get<T: DeserializeOwned>(&self, base: &str, path: &str) -> T {
        let asked = self.web.get(format!("{base}/_standin/{path}")).send().await;
        asked.expect("a stand-in answers").json().await.expect("in the shape that is expected")
    }

    async fn post<T: DeserializeOwned>(&self, base: &str, path: &str, body: &Value) -> T {
        let asked = self.web.post(format!("{base}/_standin/{path}")).json(body).send().await;
        asked.expect("a stand-in answers").json().await.expect("in the shape that is expected")
    }

    /// Opens accounts on the ledger and waits until the mirror shows them.
    pub(crate) async fn accounts(&self, count: usize) -> Vec<Account> {
        #[derive(Deserialize)]
        struct Opened {
            account: String,
            private_key: SecretString,
            evm_address: String,
        }
        let asked = json!({ "count": count, "balance_tinybar": 100_000_000_000_u64 });
        let opened: Vec<Opened> = self.post(&self.mirror, "accounts", &asked).await;
        let last = opened.last().expect("some were asked for");
        self.until_shown(&format!("accounts/{}?transactions=false", last.account)).await;
        let account = |opened: Opened| Account {
            id: opened.account.parse().expect("an account id"),
            address: opened.evm_address.parse().expect("an address"),
            key: opened.private_key,
        };
        opened.into_iter().map(account).collect()
    }

    /// Returns when the mirror, which is a little behind, shows what is at `path`.
    pub(crate) async fn until_shown(&self, path: &str) {
        let url = format!("{}/api/v1/{path}", self.mirror);
        let mut looks = tokio::time::interval(Duration::from_millis(25));
        for _ in 0..400 {
            looks.tick().await;
            let answer = self.web.get(&url).send().await.expect("the mirror answers");
            if answer.status().is_success() {
                return;
            }
        }
        panic!("the mirror does not show {path} within ten seconds");
    }

    /// The app's keys.
    pub(crate) async fn app(&self) -> XApp {
        self.get(&self.x, "app").await
    }

    /// Opens profiles at the social network.
    pub(crate) async fn profiles(&self, count: usize) -> Vec<XUser> {
        #[derive(Deserialize)]
        struct Users {
            users: Vec<XUser>,
        }
        let people: Vec<Value> =
            (0..count).map(|at| json!({ "handle": format!("brand_{at}") })).collect();
        self.post::<Users>(&self.x, "users", &people.into()).await.users
    }

    /// Writes the script of what goes wrong at the social network.
    pub(crate) async fn break_x(&self, faults: Value) {
        self.post::<Value>(&self.x, "faults", &faults).await;
    }

    /// Writes the script of what goes wrong at the ledger.
    pub(crate) async fn break_hedera(&self, faults: Value) {
        self.post::<Value>(&self.mirror, "faults", &faults).await;
    }

    /// How many lines of the scripts never came to strike.
    pub(crate) async fn faults_left(&self) -> usize {
        let waiting = async |base| {
            let faults: Value = self.get(base, "faults").await;
            faults["waiting"].as_array().map_or(0, Vec::len)
        };
        waiting(&self.x).await + waiting(&self.mirror).await
    }

    /// What the social network counted.
    pub(crate) async fn x_counters(&self) -> XCounters {
        self.get(&self.x, "counters").await
    }

    /// What the ledger counted.
    pub(crate) async fn hedera_counters(&self) -> HederaCounters {
        self.get(&self.mirror, "counters").await
    }
}

/// A client of plain HTTP with a time limit.
pub(crate) fn client() -> reqwest::Client {
    // Whoever comes second finds a provider installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).no_proxy().build();
    client.expect("a client can be built")
}
