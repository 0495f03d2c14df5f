//! What a deployment says about X: where it is, who we are to it, how long we wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hashbuzz_domain::Time;
use hashbuzz_social::{Budget, Unlimited};
use secrecy::SecretString;

/// Tells the time. Needed for waits that X does not date itself, for the age of a post and for
/// signatures; a test moves it.
pub type ClockFn = Arc<dyn Fn() -> Time + Send + Sync>;

/// The keys of our registered app, which sign OAuth 1.0a requests.
#[derive(Clone, Debug)]
pub struct AppKeys {
    /// The consumer key ("API key").
    pub consumer_key: SecretString,
    /// Its secret ("API key secret").
    pub consumer_secret: SecretString,
}

/// The keys under which people sign in through our app (OAuth 2.0).
#[derive(Clone, Debug)]
pub struct ClientKeys {
    /// The client id.
    pub id: String,
    /// The client secret; none for an app that is registered as a public client.
    pub secret: Option<SecretString>,
    /// Where X sends people back to; registered with the app, letter by letter.
    pub redirect_uri: String,
    /// X's consent page.
    pub consent_page: String,
}

impl ClientKeys {
    /// X's own consent page. <X docs, OAuth 2.0, August 2026>
    pub const CONSENT_PAGE: &'static str = "https://x.com/i/oauth2/authorize";
}

/// What X bills, in millionths of a dollar. <X docs, pricing, August 2026>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// A post that is read.
    pub post_read: u64,
    /// A profile that is read.
    pub profile_read: u64,
    /// A post that is made.
    pub post: u64,
    /// A post that is made with a link in it.
    pub post_with_link: u64,
    /// A post that is deleted.
    pub deletion: u64,
}

impl Default for Prices {
    fn default() -> Self {
        Self {
            post_read: 5_000,
            profile_read: 10_000,
            post: 15_000,
            post_with_link: 200_000,
            deletion: 10_000,
        }
    }
}

/// What is not to be exceeded, whatever X would allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Spent on a day (UTC), in millionths of a dollar.
    pub micros_per_day: Option<u64>,
    /// Spent in a month (UTC), in millionths of a dollar.
    pub micros_per_month: Option<u64>,
    /// Posts that are read in a month. X's own cap is 3 million. <X docs, pricing, August 2026>
    pub posts_read_per_month: Option<u64>,
}

impl Default for Caps {
    fn default() -> Self {
        Self { micros_per_day: None, micros_per_month: None, posts_read_per_month: Some(3_000_000) }
    }
}

/// Which names to ask for fields by. X documents the new ones and still serves the old ones;
/// every public client of August 2026 but X's own asks by the old ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vocabulary {
    /// `tweet.fields`, `referenced_tweets`: up to OpenAPI 2.166.
    #[default]
    Tweet,
    /// `post.fields`, `referenced_posts`: from OpenAPI 2.167 on.
    Post,
}

/// How to reach X. Secrets redact themselves.
#[derive(Clone)]
pub struct Settings {
    /// Scheme and host without a trailing path, such as `https://api.x.com`. Signatures are
    /// computed over it, so it must be the address that X sees.
    pub api_base: String,
    /// Needed for profiles that were linked by OAuth 1.0a.
    pub app: Option<AppKeys>,
    /// Needed to let people sign in.
    pub client: Option<ClientKeys>,
    /// The app's own bearer token. When set, public lists (reposts, quotes, replies, counts) are
    /// read with it: a brand that revokes our access then cannot keep the people who engaged
    /// from being counted. While its window is used up, the brand's own access is used.
    pub bearer: Option<SecretString>,
    /// Keeps the limits that all processes of this deployment share.
    pub budget: Arc<dyn Budget>,
    /// What X bills.
    pub prices: Prices,
    /// What is not to be exceeded.
    pub caps: Caps,
    /// Time for one whole exchange. Must stay below the lease under which work is done (60 s).
    pub request_timeout: Duration,
    /// The time.
    pub clock: ClockFn,
    /// Which names to ask by.
    pub vocabulary: Vocabulary,
    /// Whether counts of many campaigns are read together, and one search shows several kinds of
    /// engagement. Without it every post is counted alone and every kind has a list of its own: to
    /// compare, or where X's search leaves something out.
    pub together: bool,
}

impl Settings {
    /// The real X, 20 s for an exchange, no keys, and nobody else who uses it up.
    pub fn new(clock: ClockFn) -> Self {
        Self {
            api_base: "https://api.x.com".to_owned(),
            app: None,
            client: None,
            bearer: None,
            budget: Arc::new(Unlimited),
            prices: Prices::default(),
            caps: Caps::default(),
            request_timeout: Duration::from_secs(20),
            clock,
            vocabulary: Vocabulary::default(),
            together: true,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("api_base", &self.api_base)
            .field("app", &self.app)
            .field("client", &self.client)
            .field("bearer", &self.bearer)
            .field("request_timeout", &self.request_timeout)
            .field("vocabulary", &self.vocabulary)
            .finish_non_exhaustive()
    }
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not `http(s)://host[:port]`.
    #[error("`{0}` is not an address such as https://api.x.com")]
    Address(String),
    /// Zero, or not below the lease.
    #[error("the request time limit must be between 1 ms and 50 s, not {0:?}")]
    TimeLimit(Duration),
    /// TLS or connection set-up.
    #[error("cannot prepare connections: {0}")]
    Connections(String),
}
