//! The far side of the stand-ins: there a play has its people act, opens accounts and breaks
//! things. The system that is played with never sees these routes.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::web::Web;

/// What everybody can see of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub handle: String,
    pub name: String,
    /// How long ago the account was made.
    pub age: Duration,
    pub followers: u64,
    pub following: u64,
    pub posts: u64,
    pub default_avatar: bool,
    pub protected: bool,
}

/// The social network, from behind.
#[derive(Clone, Debug)]
pub struct XControl {
    web: Web,
}

/// The keys of the one app that is registered at the network.
#[derive(Clone, Debug, Deserialize)]
pub struct XApp {
    pub consumer_key: SecretString,
    pub consumer_secret: SecretString,
    pub bearer_token: SecretString,
}

/// Somebody at the network.
#[derive(Clone, Debug, Deserialize)]
pub struct XUser {
    pub id: String,
    pub handle: String,
    pub oauth1: XToken,
}

/// What somebody has handed to the app.
#[derive(Clone, Debug, Deserialize)]
pub struct XToken {
    pub token: SecretString,
    pub secret: SecretString,
}

/// Something that somebody does.
#[derive(Clone, Debug, Serialize)]
pub struct XAct {
    /// Microseconds since the epoch.
    pub at: i64,
    /// Id.
    pub user: String,
    pub kind: &'static str,
    pub post: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub text: String,
}

/// What the network has counted.
#[derive(Clone, Debug, Deserialize)]
pub struct XCounters {
    pub posts: Vec<XPost>,
    pub duplicates_refused: u64,
    pub duplicate_posts: Vec<XDuplicate>,
}

/// A post that was ever made.
#[derive(Clone, Debug, Deserialize)]
pub struct XPost {
    pub id: String,
    pub author: String,
    pub reply_to: Option<String>,
    pub deleted: bool,
    /// Ids of what it shows.
    #[serde(default)]
    pub media: Vec<String>,
}

/// Posts of one author with one text and one target.
#[derive(Clone, Debug, Deserialize)]
pub struct XDuplicate {
    pub ids: Vec<String>,
}

#[derive(Deserialize)]
struct Users {
    users: Vec<XUser>,
}

impl XControl {
    /// The stand-in at this address.
    ///
    /// # Errors
    /// When no client can be built.
    pub fn new(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { web: Web::new(format!("http://{address}/_standin"))? })
    }

    /// The app's keys.
    pub async fn app(&self) -> anyhow::Result<XApp> {
        self.web.get("/app").await
    }

    /// Opens an account for everybody, as old at `now` (microseconds) as they are; in order.
    pub async fn open(&self, profiles: &[&Profile], now: i64) -> anyhow::Result<Vec<XUser>> {
        let person = |profile: &&Profile| {
            let age = i64::try_from(profile.age.as_micros()).unwrap_or(i64::MAX);
            let created = jiff::Timestamp::from_microsecond(now.saturating_sub(age))?;
            anyhow::Ok(json!({
                "handle": profile.handle,
                "name": profile.name,
                "created_at": created.to_string(),
                "followers": profile.followers,
                "following": profile.following,
                "posts": profile.posts,
                "default_avatar": profile.default_avatar,
                "protected": profile.protected,
            }))
        };
        let people: Vec<Value> = profiles.iter().map(person).collect::<Result<_, _>>()?;
        Ok(self.web.post::<Users>("/users", &people.into()).await?.users)
    }

    /// People act, now or when the time has come.
    pub async fn act(&self, acts: &[XAct]) -> anyhow::Result<()> {
        self.web.post::<Value>("/acts", &serde_json::to_value(acts)?).await?;
        Ok(())
    }

    /// Writes the script of what goes wrong.
    pub async fn break_down(&self, faults: &Value) -> anyhow::Result<()> {
        self.web.post::<Value>("/faults", faults).await?;
        Ok(())
    }

    /// How many lines of the script have not happened.
    pub async fn faults_left(&self) -> anyhow::Result<usize> {
        let faults: Value = self.web.get("/faults").await?;
        Ok(faults["waiting"].as_array().map_or(0, Vec::len))
    }

    /// Replaces some settings.
    pub async fn set(&self, changes: &Value) -> anyhow::Result<()> {
        let method = reqwest::Method::PATCH;
        self.web.ask::<Value>(method, "/settings", None, Some(changes)).await?;
        Ok(())
    }

    /// What was counted; posts that people wrote only `with_acts`.
    pub async fn counters(&self, with_acts: bool) -> anyhow::Result<XCounters> {
        self.web.get(&format!("/counters?acts={with_acts}")).await
    }
}

/// The ledger, from behind.
#[derive(Clone, Debug)]
pub struct HederaControl {
    web: Web,
}

/// An account with its key.
#[derive(Clone, Debug, Deserialize)]
pub struct LedgerAccount {
    pub account: String,
    pub private_key: SecretString,
    pub evm_address: String,
    pub balance_tinybar: u64,
}

/// What the ledger has counted.
#[derive(Clone, Debug, Deserialize)]
pub struct HederaCounters {
    /// Copies refused before consensus: an answer was lost and the same bytes were sent again.
    pub duplicates_refused: u64,
    pub contract_calls: Vec<ContractCall>,
}

/// A contract call that reached consensus.
#[derive(Clone, Debug, Deserialize)]
pub struct ContractCall {
    pub selector: Option<String>,
    pub first_argument: Option<String>,
    pub second_word: Option<String>,
    pub payer: String,
    pub result: String,
}

impl HederaControl {
    /// The stand-in whose mirror node has this address.
    ///
    /// # Errors
    /// When no client can be built.
    pub fn new(mirror: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { web: Web::new(format!("http://{mirror}/_standin"))? })
    }

    /// Opens accounts with an ED25519 key each.
    pub async fn open(
        &self,
        count: usize,
        balance_tinybar: u64,
    ) -> anyhow::Result<Vec<LedgerAccount>> {
        let asked = json!({ "count": count, "balance_tinybar": balance_tinybar, "key": "ed25519" });
        self.web.post("/accounts", &asked).await
    }

    /// Writes the script of what goes wrong.
    pub async fn break_down(&self, faults: &Value) -> anyhow::Result<()> {
        self.web.post::<Value>("/faults", faults).await?;
        Ok(())
    }

    /// How many lines of the script have not happened.
    pub async fn faults_left(&self) -> anyhow::Result<usize> {
        let faults: Value = self.web.get("/faults").await?;
        Ok(faults["waiting"].as_array().map_or(0, Vec::len))
    }

    /// What was counted.
    pub async fn counters(&self) -> anyhow::Result<HederaCounters> {
        self.web.get("/counters").await
    }
}
