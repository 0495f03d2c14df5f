//! How much may be asked, and the headers that say so.
//!
//! Every endpoint has a window of 15 minutes for each person, and one for the app where it asks
//! without a person. Publishing has two more, of 24 hours. A window begins with its first request;
//! refused requests do not count, every other one does, failed or not.

mod rates;

use std::collections::BTreeMap;

pub(crate) use rates::{Rates, Readings};

/// The app's posts within 24 hours, all people together.
const APP_POSTS_PER_DAY: u32 = 10_000;

/// One person's posts within 24 hours, over all apps.
const USER_POSTS_PER_DAY: u32 = 2_400;

/// Without limits the headers still need a number.
const ENDLESS: u32 = 1_000_000_000;

/// How the real limits are applied.
#[derive(Clone, Debug)]
pub struct Limits {
    percent: Option<u32>,
    own: BTreeMap<String, u32>,
}

impl Limits {
    /// As the real network: each endpoint's own numbers.
    #[must_use]
    pub fn real() -> Self {
        Self::percent(100)
    }

    /// The real numbers times `percent` / 100, at least one request a window.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        Self { percent: Some(percent), own: BTreeMap::new() }
    }

    /// No limits; the headers are still there.
    #[must_use]
    pub fn none() -> Self {
        Self { percent: None, own: BTreeMap::new() }
    }

    /// The same, but `requests` per window on one endpoint, named as in the counters
    /// (`create_post`), or on `app_posts_per_day` and `user_posts_per_day`.
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

    fn app_posts_per_day(&self) -> u32 {
        self.of("app_posts_per_day", APP_POSTS_PER_DAY)
    }

    fn user_posts_per_day(&self) -> u32 {
        self.of("user_posts_per_day", USER_POSTS_PER_DAY)
    }
}
