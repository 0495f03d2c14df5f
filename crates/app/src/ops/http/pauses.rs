//! `GET /v2/ops/pauses`: what is paused, since when and why; and what can be.

use axum::Json;
use axum::extract::State;
use hashbuzz_domain::AccountId;
use hashbuzz_outbox::Queue;
use hashbuzz_outbox::operator::{self, Pause, Scope};
use serde::Serialize;

use crate::account::Role;
use crate::campaign::http::rfc3339;
use crate::http::{Problem, Signed};
use crate::{App, events};

#[derive(Serialize)]
pub(crate) struct PauseView {
    scope: &'static str,
    name: String,
    reason: String,
    since: String,
}

impl From<Pause> for PauseView {
    fn from(pause: Pause) -> Self {
        Self {
            scope: pause.scope.as_str(),
            name: pause.name,
            reason: pause.why,
            since: rfc3339(pause.since),
        }
    }
}

/// All pauses, oldest first.
pub(crate) async fn pauses(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Vec<PauseView>>, Problem> {
    signed.need(Role::Operator)?;
    let pauses = operator::pauses(&app.db).await?;
    Ok(Json(pauses.into_iter().map(PauseView::from).collect()))
}

/// The scope of a path.
pub(super) fn scope(name: &str) -> Result<Scope, Problem> {
    Scope::read(name).ok_or_else(|| Problem::malformed("a queue, a kind or an account is paused"))
}

/// Refuses a name that nothing has: a pause that is spelt wrong holds nothing, and whoever made it
/// believes that it does.
pub(super) fn known(scope: Scope, name: &str) -> Result<(), Problem> {
    let registry = events::registry();
    let (known, names): (bool, Vec<&str>) = match scope {
        Scope::Queue => (Queue::named(name).is_some(), Queue::ALL.map(Queue::as_str).to_vec()),
        Scope::Kind => {
            let names: Vec<&str> = registry.kinds().collect();
            (names.contains(&name), names)
        }
        Scope::Account => (name.parse::<AccountId>().is_ok(), vec!["ids such as 0.0.1234"]),
    };
    if known {
        return Ok(());
    }
    let (scope, names) = (scope.as_str(), names.join(", "));
    Err(Problem::malformed(format!("there is no {scope} `{name}`; known are: {names}")))
}
