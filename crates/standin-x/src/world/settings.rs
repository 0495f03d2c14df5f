//! What can be changed while the stand-in runs.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::auth::Proof;
use crate::vocabulary::Vocabulary;

/// What a month of pay-per-use ends with.
const POST_READS_PER_MONTH: u64 = 3_000_000;

/// What is wrong with the app's registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AppTrouble {
    #[default]
    None,
    /// Signed requests may only read.
    ReadOnly,
    /// It belongs to no project.
    NotEnrolled,
}

impl AppTrouble {
    pub(crate) fn forbids_signed(self, proof: Proof<'_>) -> bool {
        self == Self::ReadOnly && proof.method != Method::GET
    }
}

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
    /// How young a post may not be to be found by its id, in milliseconds. X does not say.
    pub(crate) lookup_delay_ms: i64,
    /// How young a like, repost or quote may not be to stand in its list, in milliseconds; counts
    /// have it at once.
    pub(crate) list_delay_ms: i64,
    /// How long X works on a GIF or a film. X does not say.
    pub(crate) media_processing_ms: i64,
    /// How long an OAuth 2.0 access token lives.
    pub(crate) access_token_lifetime_secs: i64,
    /// How long a refresh token lives that nobody uses. X says about six months.
    pub(crate) refresh_token_lifetime_secs: i64,
    /// How long a page token is understood; `None`: for ever.
    pub(crate) page_token_lifetime_secs: Option<i64>,
    /// How far an OAuth 1.0a timestamp may be from the stand-in's clock; `None`: not looked at.
    pub(crate) oauth1_skew_secs: Option<i64>,
    /// Whether the token endpoint wants the client's secret.
    pub(crate) confidential_client: bool,
    /// Where a sign-in may return to; empty: anywhere.
    pub(crate) callback_urls: Vec<String>,
    /// Hosts that a text may not link to.
    pub(crate) refused_hosts: Vec<String>,
    /// Whether the app may like posts and quote them; self-serve apps may not since April 2026.
    pub(crate) enterprise: bool,
    /// What is wrong with the app's registration, if anything.
    pub(crate) app_trouble: AppTrouble,
    /// Who owns the app, by id or handle; their own posts are cheaper to read for them.
    pub(crate) app_owner: Option<String>,
    /// Whether a used-up window is answered in the form of the older part of the API.
    pub(crate) old_rate_limit_answer: bool,
    /// What is left of the prepaid credit, in millionths of a dollar; `None`: no end to it. What
    /// is not enough for a request is answered with 402.
    pub(crate) credits: Option<u64>,
    /// Posts that may still be read this month; `None`: any number, `0`: 429 with a usage cap.
    pub(crate) reads_left: Option<u64>,
    /// What `reads_left` is set to when a month begins.
    pub(crate) post_reads_per_month: Option<u64>,
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
            lookup_delay_ms: 0,
            list_delay_ms: 0,
            media_processing_ms: 5000,
            access_token_lifetime_secs: 2 * 3600,
            refresh_token_lifetime_secs: 182 * 24 * 3600,
            page_token_lifetime_secs: None,
            oauth1_skew_secs: Some(300),
            confidential_client: true,
            callback_urls: Vec::new(),
            refused_hosts: Vec::new(),
            enterprise: false,
            app_trouble: AppTrouble::None,
            app_owner: None,
            old_rate_limit_answer: false,
            credits: None,
            reads_left: Some(POST_READS_PER_MONTH),
            post_reads_per_month: Some(POST_READS_PER_MONTH),
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
