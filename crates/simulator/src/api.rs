//! A client of our own API: what a program of a campaigner or reviewer would do, with its key.

use anyhow::Context as _;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::web::Web;

/// The API as seen by whoever holds a key.
#[derive(Clone, Debug)]
pub struct Api {
    web: Web,
    key: SecretString,
}

/// A campaign as the API shows it; fields that no play needs are left out.
#[derive(Clone, Debug, Deserialize)]
pub struct Campaign {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub state: String,
    #[serde(default)]
    pub stalled: Value,
    #[serde(default)]
    pub posts: Vec<Post>,
    #[serde(default)]
    pub steps: Vec<Step>,
    #[serde(default)]
    pub starts_at: Option<String>,
    pub money: Money,
    pub totals: Totals,
}

/// A post of a campaign.
#[derive(Clone, Debug, Deserialize)]
pub struct Post {
    pub step: String,
    pub id: String,
}

/// How one step stands.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    pub step: String,
    pub state: String,
    #[serde(default)]
    pub detail: String,
}

/// A campaign's money by our books, in decimal text.
#[derive(Clone, Debug, Deserialize)]
pub struct Money {
    pub paid: String,
    pub refunded: String,
    pub fee: String,
}

/// Heads.
#[derive(Clone, Debug, Deserialize)]
pub struct Totals {
    pub participants: u64,
    pub eligible: u64,
    pub excluded: u64,
}

/// News of a campaign.
#[derive(Clone, Debug, Deserialize)]
pub struct News {
    pub entries: Vec<Entry>,
    #[serde(default)]
    pub next: Option<String>,
}

/// One line of a timeline.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    pub kind: String,
    #[serde(default)]
    pub step: Option<String>,
    pub message: String,
}

impl Api {
    /// As the holder of `key`.
    pub const fn new(web: Web, key: SecretString) -> Self {
        Self { web, key }
    }

    /// The key, to be shown to whoever runs the play.
    pub fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// Drafts a campaign.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn draft(&self, body: &Value) -> anyhow::Result<Campaign> {
        self.web.ask(Method::POST, "/v2/campaigns", Some(self.key()), Some(body)).await
    }

    /// Hands a picture or video in, described by one word; its id. The same bytes once more are the
    /// same one.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn medium(&self, bytes: Vec<u8>, alt: &str) -> anyhow::Result<String> {
        let path = format!("/v2/media?alt={alt}");
        let medium = self.web.send_bytes(&path, self.key(), bytes).await?;
        let id = medium["id"].as_str().context("a medium has an id")?;
        Ok(id.to_owned())
    }

    /// One of the commands `submit`, `approve`, `publish`.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn command(&self, id: &str, command: &str) -> anyhow::Result<()> {
        let path = format!("/v2/campaigns/{id}/{command}");
        self.web.ask::<Value>(Method::POST, &path, Some(self.key()), None).await?;
        Ok(())
    }

    /// Whatever is at `path`.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.web.ask(Method::GET, path, Some(self.key()), None).await
    }

    /// A campaign.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn campaign(&self, id: &str) -> anyhow::Result<Campaign> {
        self.web.ask(Method::GET, &format!("/v2/campaigns/{id}"), Some(self.key()), None).await
    }

    /// What has happened to a campaign after the line `after`.
    ///
    /// # Errors
    /// As [`Web::ask`].
    pub async fn news(&self, id: &str, after: Option<&str>) -> anyhow::Result<News> {
        let after = after.map(|after| format!("?after={after}")).unwrap_or_default();
        let path = format!("/v2/campaigns/{id}/timeline{after}");
        self.web.ask(Method::GET, &path, Some(self.key()), None).await
    }
}
