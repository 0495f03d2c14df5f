//! What a deployment says: a TOML file, overridden by `HASHBUZZ__SECTION__NAME` variables.
//!
//! An unknown key is an error that names it: a setting that is spelt wrong and silently ignored is
//! how money is lost.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use hashbuzz_domain::campaign::Bounds;
use hashbuzz_domain::{AccountId, Asset, Span};
use hashbuzz_ledger_hedera::Known;
use hashbuzz_media::{Limits, MediaStore, StoreError};
use secrecy::SecretString;
use serde::Deserialize;

use crate::dispatch::{Dispatch, Redis};

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the API listens.
    #[serde(default = "listen")]
    pub(crate) listen: SocketAddr,
    /// `sqlite:PATH` or `postgres://…`.
    #[serde(default = "database_url")]
    pub(crate) database_url: String,
    /// The most connections to the database that this process holds for its work.
    #[serde(default = "database_connections")]
    pub(crate) database_connections: u32,
    /// How due events reach workers.
    #[serde(default)]
    pub(crate) dispatch: Dispatch,
    #[serde(default)]
    pub(crate) redis: Redis,
    #[serde(default)]
    pub(crate) workers: Workers,
    /// 32 random bytes in base64 (`hashbuzz vault-key`): seals access tokens in the database.
    pub(crate) vault_key: SecretString,
    /// Keys that sealed before; they only open. `hashbuzz vault reseal` makes them superfluous.
    #[serde(default)]
    pub(crate) vault_old_keys: Vec<SecretString>,
    #[serde(default)]
    pub(crate) campaigns: Campaigns,
    #[serde(default)]
    pub(crate) media: Media,
    #[serde(default)]
    pub(crate) retention: Retention,
    pub(crate) x: X,
    pub(crate) hedera: Hedera,
}

/// Those who work on events in this process.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Workers {
    /// Events at a time.
    pub(crate) concurrency: u16,
}

impl Default for Workers {
    fn default() -> Self {
        Self { concurrency: 16 }
    }
}

/// Where pictures and videos are kept, and how large they may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Media {
    /// A folder; every process of a deployment needs the same one.
    pub(crate) folder: PathBuf,
    pub(crate) image_mb: u16,
    pub(crate) gif_mb: u16,
    pub(crate) video_mb: u16,
    pub(crate) video_seconds: u16,
}

impl Default for Media {
    fn default() -> Self {
        let folder = PathBuf::from("media");
        Self { folder, image_mb: 5, gif_mb: 15, video_mb: 512, video_seconds: 140 }
    }
}

impl Media {
    /// The store that is meant.
    ///
    /// # Errors
    /// A folder that cannot be made or written to.
    pub(crate) fn store(&self) -> Result<MediaStore, StoreError> {
        let bytes = |mb: u16| u64::from(mb) * 1024 * 1024;
        let limits = Limits {
            image_bytes: bytes(self.image_mb),
            gif_bytes: bytes(self.gif_mb),
            video_bytes: bytes(self.video_mb),
            video_duration: Span::from_secs(u32::from(self.video_seconds)),
        };
        MediaStore::in_folder(&self.folder, limits)
    }
}

/// How long finished events are kept. Audit, effects and money are kept for ever.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    /// Of a campaign, after it ended.
    pub(crate) history_days: u16,
    /// Of no campaign, and what an operator discarded.
    pub(crate) housekeeping_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { history_days: 30, housekeeping_days: 1 }
    }
}

/// What campaigns may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Campaigns {
    /// `required` or `none`.
    pub(crate) review: Review,
    /// The fee on a budget in basis points; 1000 = 10%.
    pub(crate) fee_bps: u16,
    pub(crate) min_duration_seconds: u32,
    pub(crate) max_duration_seconds: u32,
    pub(crate) max_claim_window_seconds: u32,
    /// In HBAR, as decimal text.
    pub(crate) minimum_payout: String,
    /// 0 to 100; profiles with a higher score are not paid.
    pub(crate) bot_threshold: u8,
    /// How long after the close engagement without a network time may first be seen.
    pub(crate) grace_seconds: u32,
    /// How long after the close the lists are read for the last time: a network's search lags.
    pub(crate) collect_after_seconds: u32,
    pub(crate) track_every_seconds: u32,
    pub(crate) sweep_every_seconds: u32,
    /// Never closed by then after its end: the sponsor alone may recover everything.
    pub(crate) recover_after_seconds: u32,
    /// Where people join, as said in the second post.
    pub(crate) join_url: String,
}

/// Whether campaigns are reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Review {
    Required,
    None,
}

impl Default for Campaigns {
    fn default() -> Self {
        Self {
            review: Review::Required,
            fee_bps: 1_000,
            min_duration_seconds: 300,
            max_duration_seconds: 30 * 86_400,
            max_claim_window_seconds: 30 * 86_400,
            minimum_payout: "0.01".to_owned(),
            bot_threshold: hashbuzz_domain::engagement::score::DEFAULT_THRESHOLD,
            grace_seconds: 300,
            collect_after_seconds: 60,
            track_every_seconds: 300,
            sweep_every_seconds: 6 * 3_600,
            recover_after_seconds: 30 * 86_400,
            join_url: String::new(),
        }
    }
}

/// X.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct X {
    #[serde(default = "x_api")]
    pub(crate) api_base: String,
    pub(crate) consumer_key: Option<SecretString>,
    pub(crate) consumer_secret: Option<SecretString>,
    pub(crate) bearer: Option<SecretString>,
    /// OAuth 2.0: under which people sign in, and where X sends them back to.
    pub(crate) client_id: Option<String>,
    /// Missing where the app is registered as a public client.
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) redirect_uri: Option<String>,
    #[serde(default = "x_consent_page")]
    pub(crate) consent_page: String,
    #[serde(default)]
    pub(crate) prices: XPrices,
    #[serde(default)]
    pub(crate) caps: XCaps,
    /// X's developer policy forbids paying for engagement. Nothing on X is paid until the operator
    /// says here that they have read that and have X's consent.
    #[serde(default)]
    pub(crate) pay_to_engage_acknowledged: bool,
}

/// What X bills, in US dollars as decimal text: its price list changes without notice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct XPrices {
    pub(crate) post_read: Option<String>,
    pub(crate) profile_read: Option<String>,
    pub(crate) post: Option<String>,
    pub(crate) post_with_link: Option<String>,
    pub(crate) deletion: Option<String>,
}

/// What this deployment does not exceed, whatever X would allow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct XCaps {
    /// In US dollars, a day (UTC).
    pub(crate) usd_per_day: Option<String>,
    /// In US dollars, a month (UTC).
    pub(crate) usd_per_month: Option<String>,
    /// Posts that are read in a month; X's own cap unless it is set.
    pub(crate) posts_read_per_month: Option<u64>,
}

/// Hedera.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hedera {
    /// `mainnet`, `testnet` or `previewnet`: nodes, mirror node and chain id follow from it.
    #[serde(default)]
    pub(crate) network: Option<String>,
    /// Node accounts by address: `nodes = { "host:50211" = "0.0.3" }`. Without, the mirror node's.
    #[serde(default)]
    pub(crate) nodes: BTreeMap<String, String>,
    /// The mirror node's REST address.
    #[serde(default)]
    pub(crate) mirror: Option<String>,
    pub(crate) operator: String,
    pub(crate) operator_key: SecretString,
    /// The escrow contract; not needed by `hashbuzz escrow deploy`.
    pub(crate) contract: Option<String>,
    /// 295 mainnet, 296 testnet, 297 previewnet, 298 local.
    #[serde(default)]
    pub(crate) chain_id: Option<u64>,
    /// In HBAR, as decimal text: with less, the operator's account needs more soon.
    #[serde(default = "low_balance")]
    pub(crate) low_balance: String,
    /// In HBAR, as decimal text: the most that one transaction may cost.
    #[serde(default = "max_fee")]
    pub(crate) max_fee: String,
    /// Between two looks at the escrow's log.
    #[serde(default = "watch_every")]
    pub(crate) watch_every_seconds: u32,
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn database_url() -> String {
    "sqlite:hashbuzz.db".to_owned()
}

const fn database_connections() -> u32 {
    hashbuzz_db::DEFAULT_CONNECTIONS
}

fn x_api() -> String {
    "https://api.x.com".to_owned()
}

fn x_consent_page() -> String {
    hashbuzz_social_x::ClientKeys::CONSENT_PAGE.to_owned()
}

fn max_fee() -> String {
    "20".to_owned()
}

fn low_balance() -> String {
    "20".to_owned()
}

const fn watch_every() -> u32 {
    5
}

impl Settings {
    /// Reads `file` (or `hashbuzz.toml` where there is one) and the environment.
    ///
    /// # Errors
    /// A file that cannot be read; an unknown, missing or malformed setting, by name; settings that
    /// do not go together.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let path = file.unwrap_or(Path::new("hashbuzz.toml"));
        let source = config::File::from(path).required(file.is_some());
        let environment = config::Environment::with_prefix("HASHBUZZ")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true);
        let read = config::Config::builder()
            .add_source(source)
            .add_source(environment)
            .build()
            .with_context(|| format!("cannot read {}", path.display()))?;
        let settings: Self = read.try_deserialize().with_context(|| {
            format!("{}: see docs/how-to/configure.md for every setting", path.display())
        })?;
        settings.check()?;
        Ok(settings)
    }

    /// What can be told to be wrong before anything is opened.
    fn check(&self) -> anyhow::Result<()> {
        if !(2..=1_000).contains(&self.database_connections) {
            bail!("database_connections is 2 to 1000");
        }
        if !(1..=1_000).contains(&self.workers.concurrency) {
            bail!("workers.concurrency is 1 to 1000");
        }
        crate::dispatch::redis(self).map(drop)
    }

    /// What campaigns may be, typed.
    pub(crate) fn for_app(&self) -> anyhow::Result<hashbuzz_app::Settings> {
        let given = &self.campaigns;
        if given.fee_bps > 10_000 {
            bail!("campaigns.fee_bps is at most 10000 (100%)");
        }
        if given.bot_threshold > 100 {
            bail!("campaigns.bot_threshold is 0 to 100");
        }
        let span = Span::from_secs;
        Ok(hashbuzz_app::Settings {
            bounds: Bounds {
                duration: span(given.min_duration_seconds)..=span(given.max_duration_seconds),
                claim_window: Span::ZERO..=span(given.max_claim_window_seconds),
                payable: Vec::new(),
            },
            review: given.review == Review::Required,
            fee_bps: given.fee_bps,
            minimum_payout: tinybars("campaigns.minimum_payout", &given.minimum_payout)?,
            bot_threshold: given.bot_threshold,
            grace: span(given.grace_seconds),
            collect_after: span(given.collect_after_seconds),
            track_every: span(given.track_every_seconds.max(1)),
            sweep_every: span(given.sweep_every_seconds.max(1)),
            watch_every: span(self.hedera.watch_every_seconds.max(1)),
            low_balance: tinybars("hedera.low_balance", &self.hedera.low_balance)?,
            recover_after: span(given.recover_after_seconds),
            join_url: given.join_url.clone(),
            retention: hashbuzz_app::Retention {
                history: days(self.retention.history_days),
                housekeeping: days(self.retention.housekeeping_days),
            },
        })
    }
}

fn days(days: u16) -> Span {
    Span::from_secs(u32::from(days).saturating_mul(86_400))
}

/// A decimal amount of HBAR, in tinybars.
pub(crate) fn tinybars(name: &str, text: &str) -> anyhow::Result<u64> {
    let amount = Asset::Hbar.parse(text).with_context(|| format!("{name} = \"{text}\""))?;
    Ok(amount.units())
}

/// A decimal amount of US dollars, in millionths.
fn micros(name: &str, text: &str) -> anyhow::Result<u64> {
    let wrong = || anyhow::anyhow!("{name} = \"{text}\" is no amount such as 0.015");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 6 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    format!("{whole}{part:0<6}").parse().map_err(|_| wrong())
}

impl X {
    /// X's prices and this deployment's caps, typed.
    pub(crate) fn money(
        &self,
    ) -> anyhow::Result<(hashbuzz_social_x::Prices, hashbuzz_social_x::Caps)> {
        let given = &self.prices;
        let usual = hashbuzz_social_x::Prices::default();
        let price = |name: &str, text: &Option<String>, usual: u64| match text {
            Some(text) => micros(&format!("x.prices.{name}"), text),
            None => Ok(usual),
        };
        let prices = hashbuzz_social_x::Prices {
            post_read: price("post_read", &given.post_read, usual.post_read)?,
            profile_read: price("profile_read", &given.profile_read, usual.profile_read)?,
            post: price("post", &given.post, usual.post)?,
            post_with_link: price("post_with_link", &given.post_with_link, usual.post_with_link)?,
            deletion: price("deletion", &given.deletion, usual.deletion)?,
        };
        let cap = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| micros(&format!("x.caps.{name}"), text)).transpose()
        };
        let usual = hashbuzz_social_x::Caps::default();
        let caps = hashbuzz_social_x::Caps {
            micros_per_day: cap("usd_per_day", &self.caps.usd_per_day)?,
            micros_per_month: cap("usd_per_month", &self.caps.usd_per_month)?,
            posts_read_per_month: self.caps.posts_read_per_month.or(usual.posts_read_per_month),
        };
        Ok((prices, caps))
    }

    /// The keys under which people sign in; none where they are not set.
    pub(crate) fn client_keys(&self) -> anyhow::Result<Option<hashbuzz_social_x::ClientKeys>> {
        let Some(id) = self.client_id.clone() else { return Ok(None) };
        let redirect_uri = self.redirect_uri.clone();
        let redirect_uri = redirect_uri.context("x.redirect_uri is missing beside x.client_id")?;
        let (secret, consent_page) = (self.client_secret.clone(), self.consent_page.clone());
        Ok(Some(hashbuzz_social_x::ClientKeys { id, secret, redirect_uri, consent_page }))
    }
}

impl Hedera {
    /// The network, typed.
    pub(crate) fn network(&self) -> anyhow::Result<hashbuzz_ledger_hedera::Network> {
        let mut nodes = BTreeMap::new();
        for (address, account) in &self.nodes {
            nodes.insert(address.clone(), account_id("hedera.nodes", account)?);
        }
        let known = self.known()?.map(|known| known.mirror.to_owned());
        let mirror = self.mirror.clone().or(known).context(
            "hedera.mirror is missing: write it, or network = \"mainnet\", \"testnet\" or \
             \"previewnet\"",
        )?;
        Ok(hashbuzz_ledger_hedera::Network {
            nodes,
            mirror,
            request_timeout: Duration::from_secs(10),
        })
    }

    /// The EVM chain id.
    pub(crate) fn chain(&self) -> anyhow::Result<u64> {
        let known = self.known()?.map(|known| known.chain_id);
        match (self.chain_id, known) {
            (Some(given), Some(known)) if given != known => {
                bail!("hedera.chain_id is {given}, and that of hedera.network is {known}")
            }
            (given, known) => given.or(known).context(
                "hedera.chain_id is missing: write it (298 for a local network), or \
                 network = \"mainnet\", \"testnet\" or \"previewnet\"",
            ),
        }
    }

    fn known(&self) -> anyhow::Result<Option<Known>> {
        let Some(name) = &self.network else { return Ok(None) };
        let known = Known::named(name).with_context(|| {
            format!("hedera.network is mainnet, testnet or previewnet, not `{name}`")
        })?;
        Ok(Some(known))
    }
}

/// An account in the settings.
pub(crate) fn account_id(name: &str, text: &str) -> anyhow::Result<AccountId> {
    text.parse().with_context(|| name.to_owned())
}
