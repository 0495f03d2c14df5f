//! Which events somebody means, as they say it.

use hashbuzz_outbox::operator::{EventState, Filter};
use serde::{Deserialize, Serialize};

use crate::http::Problem;

/// Characters that a property has at most.
const LONGEST: usize = 200;
/// A hundred years.
const OLDEST: i64 = 100 * 365 * 86_400;

/// Properties of events; what is not said does not matter.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FilterBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) campaign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) older_than_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) younger_than_seconds: Option<i64>,
}

impl FilterBody {
    /// The filter that it says.
    pub(super) fn read(self, now: i64) -> Result<Filter, Problem> {
        let texts = [&self.kind, &self.campaign, &self.account, &self.queue, &self.error];
        if texts.into_iter().flatten().any(|text| text.is_empty() || text.len() > LONGEST) {
            let detail = format!("what events are looked for by has 1 to {LONGEST} characters");
            return Err(Problem::malformed(detail));
        }
        Ok(Filter {
            kind: self.kind,
            key: self.campaign,
            account: self.account,
            queue: self.queue,
            state: self.state.as_deref().map(state).transpose()?,
            error: self.error,
            created_before: age("older_than_seconds", self.older_than_seconds, now)?,
            created_after: age("younger_than_seconds", self.younger_than_seconds, now)?,
        })
    }
}

fn state(name: &str) -> Result<EventState, Problem> {
    EventState::read(name).ok_or_else(|| {
        let names = EventState::ALL.map(EventState::as_str).join(", ");
        Problem::malformed(format!("`state` is one of {names}"))
    })
}

fn age(name: &str, seconds: Option<i64>, now: i64) -> Result<Option<i64>, Problem> {
    match seconds {
        Some(seconds) if !(0..=OLDEST).contains(&seconds) => {
            Err(Problem::malformed(format!("`{name}` is 0 to {OLDEST}")))
        }
        seconds => Ok(seconds.map(|seconds| now - seconds * 1_000_000)),
    }
}
