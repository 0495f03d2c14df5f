//! Events as operators see them. Times are RFC 3339.

use hashbuzz_outbox::operator::Event;
use serde::Serialize;

use crate::campaign::http::rfc3339;

/// An event in a list.
#[derive(Serialize)]
pub(super) struct EventView {
    id: String,
    kind: String,
    queue: String,
    campaign: Option<String>,
    account: Option<String>,
    state: &'static str,
    due_at: Option<String>,
    failures: i64,
    leases_lost: i64,
    worker: Option<String>,
    leased_at: Option<String>,
    lease_until: Option<String>,
    waits_for: Option<String>,
    last_error: Option<String>,
    created_at: String,
    finished_at: Option<String>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            queue: event.queue,
            campaign: event.key,
            account: Some(event.account).filter(|account| !account.is_empty()),
            state: event.state.as_str(),
            due_at: event.due_at.map(rfc3339),
            failures: event.attempt,
            leases_lost: event.lost,
            worker: event.worker,
            leased_at: event.leased_at.map(rfc3339),
            lease_until: event.lease_until.map(rfc3339),
            waits_for: event.waits_for,
            last_error: event.last_error,
            created_at: rfc3339(event.created_at),
            finished_at: event.finished_at.map(rfc3339),
        }
    }
}
