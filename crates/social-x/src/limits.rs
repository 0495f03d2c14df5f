//! What X's headers say of its limits, and until when to wait after 429.
//!
//! Several limits can be used up at once and each has its own headers; the fifteen-minute headers
//! of an answer can show thousands left while a daily or monthly cap is what blocks. So the latest
//! reset among the limits that are really used up counts, and where none is, a wait of our own.
//! <X docs, rate limits, August 2026; public issues about 429 with requests left>

use hashbuzz_domain::{Span, Time};
use reqwest::header::HeaderMap;

use crate::problem::Problem;

/// The wait when X names none: the length of its usual window.
const WINDOW: Span = Span::from_secs(15 * 60);
/// The shortest wait, for a reset that our clock has already passed.
const SHORTEST: Span = Span::from_secs(2);
/// The longest wait that a header can impose.
const LONGEST: Span = Span::from_secs(25 * 3_600);

/// A limit with headers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Fifteen minutes of one endpoint.
    Window,
    /// A profile's posts in 24 hours.
    ProfileDay,
    /// The app's posts in 24 hours.
    AppDay,
}

/// The beginning of a limit's headers, and what to call it.
const LIMITS: [(Limit, &str, &str); 3] = [
    (Limit::Window, "x-rate-limit", "15-minute window of this endpoint"),
    (Limit::ProfileDay, "x-user-limit-24hour", "24-hour limit of this profile"),
    (Limit::AppDay, "x-app-limit-24hour", "24-hour limit of the app"),
];

/// How full a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gauge {
    pub(crate) limit: Limit,
    pub(crate) size: u64,
    pub(crate) left: u64,
    pub(crate) resets_at: Time,
}

/// The limits that an answer shows completely.
pub(crate) fn gauges(headers: &HeaderMap) -> impl Iterator<Item = Gauge> {
    LIMITS.into_iter().filter_map(|(limit, prefix, _)| {
        let count = |what: &str| u64::try_from(number(headers, &format!("{prefix}-{what}"))?).ok();
        let resets_at = at(number(headers, &format!("{prefix}-reset"))?);
        Some(Gauge { limit, size: count("limit")?, left: count("remaining")?, resets_at })
    })
}

/// The limit that is used up, and the latest to be full again where several are.
pub(crate) fn used_up(headers: &HeaderMap) -> Option<Limit> {
    latest(headers).map(|(_, limit, _)| limit)
}

fn latest(headers: &HeaderMap) -> Option<(i64, Limit, &'static str)> {
    LIMITS
        .into_iter()
        .filter(|(_, prefix, _)| {
            number(headers, &format!("{prefix}-remaining")).is_some_and(|left| left <= 0)
        })
        .filter_map(|(limit, prefix, scope)| {
            Some((number(headers, &format!("{prefix}-reset"))?, limit, scope))
        })
        .max_by_key(|(reset, _, _)| *reset)
}

/// When asking again makes sense, and which limit says so.
pub(crate) fn wait(headers: &HeaderMap, problem: &Problem, now: Time) -> (Time, String) {
    if is_usage_cap(problem) {
        let scope = [problem.period.as_str(), problem.scope.as_str()].join(" ");
        return (next_day(now), format!("usage cap {}", scope.trim()).trim().to_owned());
    }
    let dated = latest(headers).map(|(secs, _, scope)| (at(secs), scope));
    let asked = || {
        let secs = u32::try_from(number(headers, "retry-after")?).ok()?;
        Some((now.plus(Span::from_secs(secs)), "the network's retry-after"))
    };
    let undeclared = || {
        let unknown = number(headers, "x-rate-limit-remaining").is_none();
        let secs = number(headers, "x-rate-limit-reset").filter(|_| unknown)?;
        Some((at(secs), LIMITS[0].2))
    };
    let (until, scope) = dated
        .or_else(asked)
        .or_else(undeclared)
        .unwrap_or((now.plus(WINDOW), "a limit that the network did not name"));
    (until.clamp(now.plus(SHORTEST), now.plus(LONGEST)), scope.to_owned())
}

/// Whether the month's or day's allowance is used up, where a quarter of an hour changes nothing.
pub(crate) fn is_usage_cap(problem: &Problem) -> bool {
    problem.kind == "usage-capped" || problem.title == "UsageCapExceeded"
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn at(secs: i64) -> Time {
    Time::from_micros(secs.saturating_mul(1_000_000))
}

/// The next midnight UTC. X does not date the end of a cap; asking once a day is cheap.
fn next_day(now: Time) -> Time {
    at(now.secs().div_euclid(86_400).saturating_add(1).saturating_mul(86_400))
}
