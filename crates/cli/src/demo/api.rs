//! A client of our own API: what a program of a campaigner or reviewer would do, with its key.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::web::Web;

/// The API as seen by whoever holds a key.
#[derive(Clone, Debug)]
pub(super) struct Api {
    web: Web,
    key: SecretString,
}

/// A campaign as the API shows it; fields that the demo does not need are left out.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) stalled: Value,
    #[serde(default)]
    pub(super) posts: Vec<Post>,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
    #[serde(default)]
    pub(super) starts_at: Option<String>,
    pub(super) money: Money,
    pub(super) totals: Totals,
}

/// A post of a campaign.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Post {
    pub(super) step: String,
    pub(super) id: String,
}

/// How one step stands.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Step {
    pub(super) step: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) detail: String,
}

/// A campaign's money by our books, in decimal text.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Money {
    pub(super) paid: String,
    pub(super) refunded: String,
    pub(super) fee: String,
}

/// Heads.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Totals {
    pub(super) participants: u64,
    pub(super) eligible: u64,
    pub(super) excluded: u64,
}

/// News of a campaign.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct News {
    pub(super) entries: Vec<Entry>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// One line of a timeline.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) kind: String,
    #[serde(default)]
    pub(super) step: Option<String>,
    pub(super) message: String,
}

impl Api {
    /// As the holder of `key`.
    pub(super) const fn new(web: Web, key: SecretString) -> Self {
        Self { web, key }
    }

    /// The key, to be shown to whoever runs the demo.
    pub(super) fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// Drafts a campaign.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub(super) async fn draft(&self, body: &Value) -> anyhow::Result<Campaign> {
        self.web.ask(Method::POST, "/v2/campaigns", Some(self.key()), Some(body)).await
    }

    /// One of the commands `submit`, `approve`, `publish`.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub(super) async fn command(&self, id: &str, command: &str) -> anyhow::Result<()> {
        let path = format!("/v2/campaigns/{id}/{command}");
        self.web.ask::<Value>(Method::POST, &path, Some(self.key()), None).await?;
        Ok(())
    }

    /// A campaign.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub(super) async fn campaign(&self, id: &str) -> anyhow::Result<Campaign> {
        self.web.ask(Method::GET, &format!("/v2/campaigns/{id}"), Some(self.key()), None).await
    }

    /// What has happened to a campaign after the line `after`.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub(super) async fn news(&self, id: &str, after: Option<&str>) -> anyhow::Result<News> {
        let after = after.map(|after| format!("?after={after}")).unwrap_or_default();
        let path = format!("/v2/campaigns/{id}/timeline{after}");
        self.web.ask(Method::GET, &path, Some(self.key()), None).await
    }
}
