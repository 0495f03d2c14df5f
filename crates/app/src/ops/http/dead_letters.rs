//! `GET /v2/ops/dead-letters`: what gave up, grouped by kind and by what the errors have in common.

use axum::Json;
use axum::extract::State;
use hashbuzz_outbox::operator::{Group, dead_letter_groups};
use serde::Serialize;

use crate::App;
use crate::account::Role;
use crate::campaign::http::rfc3339;
use crate::http::{Problem, Signed};

#[derive(Serialize)]
pub(crate) struct LettersView {
    groups: Vec<GroupView>,
    /// Whether there are more dead letters than were looked at.
    more: bool,
}

#[derive(Serialize)]
struct GroupView {
    group: String,
    kind: String,
    fingerprint: String,
    error: String,
    count: usize,
    oldest: String,
    newest: String,
    sample: Vec<String>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            group: group.id,
            kind: group.kind,
            fingerprint: group.fingerprint,
            error: group.error,
            count: group.count,
            oldest: rfc3339(group.oldest),
            newest: rfc3339(group.newest),
            sample: group.sample,
        }
    }
}

/// The groups, largest first.
pub(crate) async fn dead_letters(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<LettersView>, Problem> {
    signed.need(Role::Operator)?;
    let letters = dead_letter_groups(&app.db).await?;
    let groups = letters.groups.into_iter().map(GroupView::from).collect();
    Ok(Json(LettersView { groups, more: letters.more }))
}
