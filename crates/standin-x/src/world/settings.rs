//! What can be changed while the stand-in runs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::vocabulary::Vocabulary;

/// Switches and measures, read and changed at `/_standin/settings`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The names that answers use.
    pub(crate) vocabulary: Vocabulary,
    /// Scheme and authority that OAuth 1.0a signatures cover; a client may believe that it talks
    /// to another address than the one it reaches.
    pub(crate) public_base_url: String,
    /// Whether duplicate texts are refused.
    pub(crate) refuse_duplicates: bool,
    /// For how long a live post makes its text a duplicate. X does not say.
    pub(crate) duplicate_window_secs: i64,
    /// How young a post may not be to be found by search. X's documentation says 30 s.
    pub(crate) search_delay_secs: i64,
    /// How long the author's timeline lags behind, in milliseconds. X does not say.
    pub(crate) timeline_delay_ms: i64,
    /// How long X works on a GIF or a film. X does not say.
    pub(crate) media_processing_ms: i64,
    /// How long an OAuth 2.0 access token lives.
    pub(crate) access_token_lifetime_secs: i64,
    /// How long a page token is understood; `None`: for ever.
    pub(crate) page_token_lifetime_secs: Option<i64>,
    /// How far an OAuth 1.0a timestamp may be from the stand-in's clock; `None`: not looked at.
    pub(crate) oauth1_skew_secs: Option<i64>,
    /// Whether the token endpoint wants the client's secret.
    pub(crate) confidential_client: bool,
    /// Where a sign-in may return to; empty: anywhere.
    pub(crate) callback_urls: Vec<String>,
    /// Requests that are still paid for; `None`: any number, `0`: 402.
    pub(crate) credits: Option<u64>,
    /// Objects that may still be read this month; `None`: any number, `0`: 429 with a usage cap.
    pub(crate) reads_left: Option<u64>,
}

impl Settings {
    pub(crate) fn new(public_base_url: String, refuse_duplicates: bool) -> Self {
        Self {
            vocabulary: Vocabulary::Tweet,
            public_base_url,
            refuse_duplicates,
            duplicate_window_secs: 24 * 3600,
            search_delay_secs: 30,
            timeline_delay_ms: 0,
            media_processing_ms: 5000,
            access_token_lifetime_secs: 2 * 3600,
            page_token_lifetime_secs: None,
            oauth1_skew_secs: Some(300),
            confidential_client: true,
            callback_urls: Vec::new(),
            credits: None,
            reads_left: None,
        }
    }

    /// These settings with some of them replaced.
    pub(crate) fn with(&self, changes: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let mut all = serde_json::to_value(self)?;
        if let Value::Object(fields) = &mut all {
            fields.extend(changes);
        }
        serde_json::from_value(all)
    }
}
