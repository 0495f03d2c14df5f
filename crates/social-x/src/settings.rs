//! What a deployment says about X: where it is, who we are to it, how long we wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hashbuzz_domain::Time;
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
    /// The app's own bearer token. When set, public lists (reposts, quotes, replies, counts) are
    /// read with it: a brand that revokes our access then cannot keep the people who engaged
    /// from being counted. The price is one rate window for all brands instead of one each.
    pub bearer: Option<SecretString>,
    /// Time for one whole exchange. Must stay below the lease under which work is done (60 s).
    pub request_timeout: Duration,
    /// The time.
    pub clock: ClockFn,
    /// Which names to ask by.
    pub vocabulary: Vocabulary,
}

impl Settings {
    /// The real X, 20 s for an exchange, profiles linked by OAuth 2.0 only.
    pub fn new(clock: ClockFn) -> Self {
        Self {
            api_base: "https://api.x.com".to_owned(),
            app: None,
            bearer: None,
            request_timeout: Duration::from_secs(20),
            clock,
            vocabulary: Vocabulary::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("api_base", &self.api_base)
            .field("app", &self.app)
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
