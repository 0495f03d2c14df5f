//! `POST /v2/ops/events/retry`: everything that matches runs now; a dry run unless told otherwise.

use axum::Json;
use axum::extract::State;
use hashbuzz_outbox::operator::{Matching, matching};
use serde::{Deserialize, Serialize};

use super::filter::FilterBody;
use super::view::EventView;
use crate::App;
use crate::account::Role;
use crate::http::{Body, Problem, Signed};
use crate::ops::retry_all::{Asked, retry_all};
use crate::stored::json;

/// Events that one request retries when nobody says how many.
const USUAL: usize = 1_000;
/// Events that one request retries at most: it has to be answered in time.
const MOST: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryBody {
    #[serde(default)]
    filter: FilterBody,
    #[serde(default = "yes")]
    dry_run: bool,
    limit: Option<usize>,
}

pub(super) const fn yes() -> bool {
    true
}

#[derive(Serialize)]
pub(crate) struct RetryView {
    dry_run: bool,
    /// What matched before anything was done.
    matched: i64,
    /// Whether there is more than was counted.
    more: bool,
    sample: Vec<EventView>,
    retried: u64,
    /// Events that stay as they are: an equal one waits, or they changed meanwhile.
    skipped: u64,
}

/// Retries dead letters that match, or those that wait for their time, or were set aside.
pub(crate) async fn retry_matching(
    State(app): State<App>,
    signed: Signed,
    Body(body): Body<RetryBody>,
) -> Result<Json<RetryView>, Problem> {
    signed.need(Role::Operator)?;
    let subject = json(&body.filter)?;
    let what = Matching::filter(body.filter.read(app.clock.now())?).ok_or_else(|| {
        Problem::malformed("`state` is dead (if nothing is said), deferred or discarded here")
    })?;
    let done = Act { what, act: "events.retry", subject, dry_run: body.dry_run, limit: body.limit };
    done.answer(&app, &signed).await
}

/// A retry of many, and what it is called in the audit log.
pub(super) struct Act {
    pub(super) what: Matching,
    pub(super) act: &'static str,
    pub(super) subject: String,
    pub(super) dry_run: bool,
    pub(super) limit: Option<usize>,
}

impl Act {
    /// Looks, does it unless it is a dry run, and says what came of it.
    pub(super) async fn answer(
        self,
        app: &App,
        signed: &Signed,
    ) -> Result<Json<RetryView>, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::malformed(format!("`limit` is 1 to {MOST}")));
        }
        let seen = matching(&app.db, &self.what).await?;
        let mut view = RetryView {
            dry_run: self.dry_run,
            matched: seen.count,
            more: seen.more,
            sample: seen.sample.into_iter().map(EventView::from).collect(),
            retried: 0,
            skipped: 0,
        };
        if !self.dry_run {
            let actor = signed.0.account.to_string();
            let asked = Asked { actor: &actor, act: self.act, subject: &self.subject, limit };
            let done = retry_all(app, &self.what, asked).await?;
            (view.retried, view.skipped) = (done.retried, done.skipped);
        }
        Ok(Json(view))
    }
}
