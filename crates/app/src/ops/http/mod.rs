//! What an operator, and for the balance a campaigner, can ask and do. One operation a file.

mod acted;
mod audit;
mod balance;
mod dead_letters;
mod decide;
mod discard;
mod effects;
mod event;
mod events;
mod filter;
mod instances;
mod pause;
mod pauses;
mod resume;
mod retry;
mod retry_dead_letters;
mod retry_matching;
mod view;

pub(crate) use audit::audit;
pub(crate) use balance::balance;
pub(crate) use dead_letters::dead_letters;
pub(crate) use decide::decide;
pub(crate) use discard::discard;
pub(crate) use effects::effects;
pub(crate) use event::event;
pub(crate) use events::events;
pub(crate) use instances::instances;
pub(crate) use pause::pause;
pub(crate) use pauses::pauses;
pub(crate) use resume::resume;
pub(crate) use retry::retry;
pub(crate) use retry_dead_letters::retry_dead_letters;
pub(crate) use retry_matching::retry_matching;

use crate::http::Problem;

/// Rows of a page when nobody says how many.
const PAGE: i64 = 50;
/// Rows that a page has at most.
const MOST: i64 = 200;

/// How many rows a page has.
fn limit(wanted: Option<i64>) -> Result<i64, Problem> {
    let limit = wanted.unwrap_or(PAGE);
    if (1..=MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::malformed(format!("`limit` is 1 to {MOST}")))
    }
}

/// Why somebody does something, in words that somebody else can use.
pub(crate) fn reason(given: &str) -> Result<&str, Problem> {
    let reason = given.trim();
    if reason.is_empty() || reason.len() > 1_000 {
        return Err(Problem::malformed("give a reason of 1 to 1000 characters"));
    }
    Ok(reason)
}
