//! The far side of the stand-ins: there the demo plays the people, opens accounts and breaks
//! things. The system under demonstration never sees these routes.

use std::net::SocketAddr;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::population::Profile;
use super::web::Web;

/// The social network, from behind.
#[derive(Clone, Debug)]
pub(super) struct XControl {
    web: Web,
}

/// The keys of the one app that is registered at the network.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct XApp {
    pub(super) consumer_key: SecretString,
    pub(super) consumer_secret: SecretString,
    pub(super) bearer_token: SecretString,
}

/// Somebody at the network.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct XUser {
    pub(super) id: String,
    pub(super) handle: String,
    pub(super) oauth1: XToken,
}

/// What somebody has handed to the app.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct XToken {
    pub(super) token: SecretString,
    pub(super) secret: SecretString,
}

/// Something that somebody does.
#[derive(Clone, Debug, Serialize)]
pub(super) struct XAct {
    /// Microseconds since the epoch.
    pub(super) at: i64,
    /// Id.
    pub(super) user: String,
    pub(super) kind: &'static str,
    pub(super) post: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) text: String,
}

/// What the network has counted.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct XCounters {
    pub(super) posts: Vec<XPost>,
    pub(super) duplicates_refused: u64,
    pub(super) duplicate_posts: Vec<XDuplicate>,
}

/// A post that was ever made.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct XPost {
    pub(super) id: String,
    pub(super) author: String,
    pub(super) reply_to: Option<String>,
    pub(super) deleted: bool,
}

/// Posts of one author with one text and one target.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct XDuplicate {
    pub(super) ids: Vec<String>,
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
    pub(super) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { web: Web::new(format!("http://{address}/_standin"))? })
    }

    /// The app's keys.
    pub(super) async fn app(&self) -> anyhow::Result<XApp> {
        self.web.get("/app").await
    }

    /// Opens an account for everybody, as old at `now` (microseconds) as they are; in order.
    pub(super) async fn open(&self, profiles: &[&Profile], now: i64) -> anyhow::Result<Vec<XUser>> {
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
    pub(super) async fn act(&self, acts: &[XAct]) -> anyhow::Result<()> {
        self.web.post::<Value>("/acts", &serde_json::to_value(acts)?).await?;
        Ok(())
    }

    /// Writes the script of what goes wrong.
    pub(super) async fn break_down(&self, faults: &Value) -> anyhow::Result<()> {
        self.web.post::<Value>("/faults", faults).await?;
        Ok(())
    }

    /// How many lines of the script have not happened.
    pub(super) async fn faults_left(&self) -> anyhow::Result<usize> {
        let faults: Value = self.web.get("/faults").await?;
        Ok(faults["waiting"].as_array().map_or(0, Vec::len))
    }

    /// Replaces some settings.
    pub(super) async fn set(&self, changes: &Value) -> anyhow::Result<()> {
        let method = reqwest::Method::PATCH;
        self.web.ask::<Value>(method, "/settings", None, Some(changes)).await?;
        Ok(())
    }

    /// What was counted; posts that people wrote only `with_acts`.
    pub(super) async fn counters(&self, with_acts: bool) -> anyhow::Result<XCounters> {
        self.web.get(&format!("/counters?acts={with_acts}")).await
    }
}

/// The ledger, from behind.
#[derive(Clone, Debug)]
pub(super) struct HederaControl {
    web: Web,
}

/// An account with its key.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct LedgerAccount {
    pub(super) account: String,
    pub(super) private_key: SecretString,
    pub(super) evm_address: String,
    pub(super) balance_tinybar: u64,
}

/// What the ledger has counted.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct HederaCounters {
    /// Copies refused before consensus: an answer was lost and the same bytes were sent again.
    pub(super) duplicates_refused: u64,
    pub(super) contract_calls: Vec<ContractCall>,
}

/// A contract call that reached consensus.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ContractCall {
    pub(super) selector: Option<String>,
    pub(super) first_argument: Option<String>,
    pub(super) second_word: Option<String>,
    pub(super) payer: String,
    pub(super) result: String,
}

impl HederaControl {
    /// The stand-in whose mirror node has this address.
    ///
    /// # Errors
    /// When no client can be built.
    pub(super) fn new(mirror: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { web: Web::new(format!("http://{mirror}/_standin"))? })
    }

    /// Opens accounts with an ED25519 key each.
    pub(super) async fn open(
        &self,
        count: usize,
        balance_tinybar: u64,
    ) -> anyhow::Result<Vec<LedgerAccount>> {
        let asked = json!({ "count": count, "balance_tinybar": balance_tinybar, "key": "ed25519" });
        self.web.post("/accounts", &asked).await
    }

    /// Writes the script of what goes wrong.
    pub(super) async fn break_down(&self, faults: &Value) -> anyhow::Result<()> {
        self.web.post::<Value>("/faults", faults).await?;
        Ok(())
    }

    /// How many lines of the script have not happened.
    pub(super) async fn faults_left(&self) -> anyhow::Result<usize> {
        let faults: Value = self.web.get("/faults").await?;
        Ok(faults["waiting"].as_array().map_or(0, Vec::len))
    }

    /// What was counted.
    pub(super) async fn counters(&self) -> anyhow::Result<HederaCounters> {
        self.web.get("/counters").await
    }
}
