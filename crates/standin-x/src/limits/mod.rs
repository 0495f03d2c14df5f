//! How much may be asked, and the headers that say so.
//!
//! Every endpoint has a window of 15 minutes for each person, and one for the app where it asks
//! without a person. Publishing and uploading have more, of 24 hours. A window begins with its first request;
//! refused requests do not count, every other one does, failed or not.

mod rates;

use std::collections::BTreeMap;

pub(crate) use rates::{Rates, Readings};

/// A window of 24 hours: whose own limit it is, by name, and how much fits.
pub(crate) type Day = (&'static str, u32);

/// The windows of 24 hours that an endpoint has: the app's, and each person's.
pub(crate) fn days(endpoint: &str) -> (Option<Day>, Option<Day>) {
    match endpoint {
        "create_post" => (Some(("app_posts_per_day", 10_000)), Some(("user_posts_per_day", 2_400))),
        "media_upload" => (Some(("app_uploads_per_day", 50_000)), None),
        "media_initialize" => (Some(("app_upload_starts_per_day", 180_000)), None),
        "media_append" => (Some(("app_upload_pieces_per_day", 180_000)), None),
        "media_finalize" => (Some(("app_upload_ends_per_day", 180_000)), None),
        _ => (None, None),
    }
}

/// Without limits the headers still need a number.
const ENDLESS: u32 = 1_000_000_000;

/// How the real limits are applied.
#[derive(Clone, Debug)]
pub struct Limits {
    profile: &'static str,
    percent: Option<u32>,
    daily: bool,
    own: BTreeMap<String, u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::documented()
    }
}

impl Limits {
    /// As the real network: each endpoint's own numbers.
    #[must_use]
    pub fn documented() -> Self {
        Self::percent(100)
    }

    /// The same without the windows of 24 hours, for runs that do a month's work in an hour.
    #[must_use]
    pub fn load() -> Self {
        Self { profile: "load", daily: false, ..Self::documented() }
    }

    /// What to call them in everything that is said about a run: `documented`, `load`, or that
    /// they are others.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.own.is_empty() { self.profile } else { "changed" }
    }

    /// The real numbers times `percent` / 100, at least one request a window.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        let profile = if percent == 100 { "documented" } else { "scaled" };
        Self { profile, percent: Some(percent), daily: true, own: BTreeMap::new() }
    }

    /// No limits; the headers are still there.
    #[must_use]
    pub fn none() -> Self {
        Self { profile: "none", percent: None, daily: false, own: BTreeMap::new() }
    }

    /// The same, but `requests` per window on one endpoint, named as in the counters
    /// (`create_post`), or on a window of 24 hours (`app_posts_per_day`, `user_posts_per_day`).
    #[must_use]
    pub fn with(mut self, endpoint: &str, requests: u32) -> Self {
        self.own.insert(endpoint.to_owned(), requests);
        self
    }

    pub(crate) fn of(&self, endpoint: &str, real: u32) -> u32 {
        match (self.own.get(endpoint), self.percent) {
            (Some(own), _) => *own,
            (None, Some(percent)) => {
                let scaled = u64::from(real) * u64::from(percent) / 100;
                u32::try_from(scaled).unwrap_or(ENDLESS).max(1)
            }
            (None, None) => ENDLESS,
        }
    }

    fn of_day(&self, (name, real): Day) -> u32 {
        if self.daily || self.own.contains_key(name) { self.of(name, real) } else { ENDLESS }
    }
}
