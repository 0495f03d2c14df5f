//! `POST /v2/ops/dead-letters/retry`: a group of dead letters runs now; a dry run unless told
//! otherwise.

use axum::Json;
use axum::extract::State;
use hashbuzz_outbox::operator::Matching;
use serde::Deserialize;

use super::retry_matching::{Act, RetryView, yes};
use crate::App;
use crate::account::Role;
use crate::http::{Body, Problem, Signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupBody {
    group: String,
    #[serde(default = "yes")]
    dry_run: bool,
    limit: Option<usize>,
}

/// Retries a group.
pub(crate) async fn retry_dead_letters(
    State(app): State<App>,
    signed: Signed,
    Body(body): Body<GroupBody>,
) -> Result<Json<RetryView>, Problem> {
    signed.need(Role::Operator)?;
    let what = Matching::group(&body.group).ok_or_else(|| {
        Problem::malformed("`group` is what GET /v2/ops/dead-letters calls the group")
    })?;
    let (dry_run, limit) = (body.dry_run, body.limit);
    let done = Act { what, act: "dead_letters.retry", subject: body.group, dry_run, limit };
    done.answer(&app, &signed).await
}
