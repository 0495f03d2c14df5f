//! The stand-ins' own routes: accounts and people, faults, counters. The system never calls them.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, Method, redirect};
use serde::Deserialize;
use serde_json::{Value, json};

/// Accounts that the stand-in opens at a time.
const MOST_ACCOUNTS: usize = 1_000;

/// A client for loopback addresses.
pub(crate) fn client() -> Client {
    // Another world of this process may have been first.
    let _already = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a plain client can be built")
}

/// One stand-in's control routes.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    http: Client,
    root: String,
}

/// An account of the ledger.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Opened {
    pub(crate) account: String,
    pub(crate) private_key: String,
    pub(crate) evm_address: String,
}

/// Somebody at the social network.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct XUser {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) oauth1: XToken,
}

/// What they handed to the app.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct XToken {
    pub(crate) token: String,
    pub(crate) secret: String,
}

/// The app's keys.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct XApp {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) bearer_token: String,
}

/// A contract call that reached consensus.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Call {
    /// The function's four bytes in hexadecimal.
    pub selector: Option<String>,
    /// The campaign, for calls about one.
    pub first_argument: Option<String>,
    /// The batch number, for payments.
    pub second_word: Option<String>,
    /// `SUCCESS`, or why not.
    pub result: String,
    /// Who paid for it: `0.0.n`.
    pub payer: String,
}

/// What both networks have counted, apart from our books.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Posts that were ever made through the API: objects with `id`, `text`, `reply_to`, `deleted`.
    pub posts: Vec<Value>,
    /// Posts of one author with one text and one target.
    pub duplicate_posts: Vec<Value>,
    /// Texts refused because they were public already.
    pub duplicates_refused: u64,
    /// Everything that was ever uploaded, with the hash of what arrived.
    pub media: Vec<Value>,
    /// Contract calls that the service made, in order.
    pub calls: Vec<Call>,
}

impl Counted {
    /// Posts that are public now.
    pub fn public(&self) -> usize {
        self.posts.iter().filter(|post| post["deleted"] == false).count()
    }

    /// How often the service's call of a function succeeded; by its signature.
    pub fn succeeded(&self, signature: &str) -> usize {
        let name = selector(signature);
        let ours = |call: &&Call| call.selector.as_ref() == Some(&name) && call.result == "SUCCESS";
        self.calls.iter().filter(ours).count()
    }
}

/// The four bytes that name a function, in hexadecimal.
pub(crate) fn selector(signature: &str) -> String {
    use sha3::Digest as _;
    hex::encode(&sha3::Keccak256::digest(signature)[..4])
}

impl Control {
    pub(crate) fn new(http: Client, at: SocketAddr) -> Self {
        Self { http, root: format!("http://{at}") }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.root));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("a stand-in answers");
        let status = answer.status();
        let text = answer.text().await.expect("an answer can be read");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).expect("a stand-in answers with JSON")
    }

    pub(crate) async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        read(self.ask(Method::GET, path, None).await)
    }

    pub(crate) async fn post<T: serde::de::DeserializeOwned>(&self, path: &str, body: &Value) -> T {
        read(self.ask(Method::POST, path, Some(body)).await)
    }

    /// Somebody agrees on the consent page that they were sent to; what comes back with them: the
    /// state and the code.
    pub(crate) async fn consent(&self, page: &str, handle: &str) -> (String, String) {
        let page = reqwest::Url::parse(page).expect("a consent page has an address");
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        form.push(("user".to_owned(), handle.to_owned()));
        let page = format!("{}/i/oauth2/authorize", self.root);
        let answer = self.http.post(page).form(&form).send().await.expect("X answers");
        let back = answer.headers()["location"].to_str().expect("an address is text");
        let back = reqwest::Url::parse(back).expect("an address");
        let field = |name: &str| {
            let found = back.query_pairs().find(|(key, _)| key == name);
            found.unwrap_or_else(|| panic!("no {name} comes back: {back}")).1.into_owned()
        };
        (field("state"), field("code"))
    }

    /// Opens accounts on the ledger.
    pub(crate) async fn open(&self, count: usize, balance_tinybar: u64) -> Vec<Opened> {
        let mut opened = Vec::with_capacity(count);
        while opened.len() < count {
            let some = (count - opened.len()).min(MOST_ACCOUNTS);
            let asked =
                json!({ "count": some, "balance_tinybar": balance_tinybar, "key": "ecdsa" });
            opened.extend(self.post::<Vec<Opened>>("/_standin/accounts", &asked).await);
        }
        opened
    }
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}
