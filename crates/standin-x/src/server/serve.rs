//! One request of the API, in the order in which the real one takes its decisions: who asks,
//! whether they may, whether they asked too often, whether somebody pays; then the answer. Faults
//! strike just before or just after the answer is made.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::Response;
use tokio::sync::watch;

use super::Shared;
use super::line::Switch;
use super::respond::{Manner, half, overloaded};
use crate::auth::{self, Access, Proof};
use crate::call::Call;
use crate::endpoints::Endpoint;
use crate::faults::{Fault, FaultKind, Target};
use crate::limits::Readings;
use crate::money;
use crate::problem::Problem;
use crate::query::{self, Pairs};
use crate::world::{Outcome, World};

/// The largest body that is read, in bytes. A post has a few kilobytes.
const LARGEST_BODY: usize = 1 << 20;

/// The largest body of an upload: a GIF in base64.
const LARGEST_UPLOAD: usize = 24 << 20;

/// How many bytes of a request are read.
pub(super) fn largest_body(endpoint: &Endpoint) -> usize {
    if endpoint.path.starts_with("/2/media/upload") { LARGEST_UPLOAD } else { LARGEST_BODY }
}

/// A request that was read from the socket.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) endpoint: &'static Endpoint,
    pub(super) path: HashMap<String, String>,
    pub(super) parts: Parts,
    pub(super) body: Vec<u8>,
}

/// A request that was let in, or refused at the door.
struct Admitted {
    call: Result<Call, Problem>,
    readings: Option<Readings>,
    fault: Option<Fault>,
}

/// Answers a request, or cuts its line.
pub(super) async fn serve(shared: Shared, switch: Switch, incoming: Incoming) -> Response {
    let endpoint = incoming.endpoint;
    let mut admitted = admit(&mut shared.world(), incoming, shared.clock.now());
    let fault = admitted.fault.take();
    let kind = fault.as_ref().map(|fault| fault.kind);
    let wait = fault.as_ref().map_or(0, |fault| fault.delay_ms * 1000);
    if kind == Some(FaultKind::Delay) {
        pause(&shared, wait).await;
    }
    if kind == Some(FaultKind::DropBeforeApply) {
        return drop_line(&shared, &switch, endpoint);
    }
    let response = answer(&shared, admitted, fault.as_ref());
    if kind == Some(FaultKind::DelayAfterApply) {
        pause(&shared, wait).await;
    }
    if kind == Some(FaultKind::DropAfterApply) {
        return drop_line(&shared, &switch, endpoint);
    }
    if kind == Some(FaultKind::HalfBody) {
        shared.world().counters.count(endpoint.name, Outcome::Dropped);
        return half(response).await;
    }
    let outcome = Outcome::Status(response.status().as_u16());
    shared.world().counters.count(endpoint.name, outcome);
    response
}

fn drop_line(shared: &Shared, switch: &Switch, endpoint: &Endpoint) -> Response {
    shared.world().counters.count(endpoint.name, Outcome::Dropped);
    switch.cut();
    // Never seen: the line is cut before the first byte of it is written.
    Response::default()
}

async fn pause(shared: &Shared, micros: i64) {
    let mut stopped: watch::Receiver<bool> = shared.stopped.clone();
    tokio::select! {
        () = shared.clock.reach(shared.clock.now() + micros) => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

fn admit(world: &mut World, incoming: Incoming, now: i64) -> Admitted {
    let Incoming { endpoint, path, parts, body } = incoming;
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let query = query::pairs(parts.uri.query().unwrap_or_default());
    let form = signed_form(header(CONTENT_TYPE), &body);
    let authorization = header(AUTHORIZATION);
    let proof = Proof {
        method: &parts.method,
        path: parts.uri.path(),
        query: &query,
        form: &form,
        authorization,
        now,
    };
    let caller = match auth::admit(world, endpoint.access, proof) {
        Ok(caller) => caller,
        Err(problem) => return Admitted { call: Err(problem), readings: None, fault: None },
    };
    let target = Target {
        endpoint: endpoint.name,
        method: parts.method.as_str(),
        path: parts.uri.path(),
        continues: query.iter().any(|(name, _)| name.ends_with("_token")),
    };
    let authorization = authorization.map(str::to_owned);
    let content_type = header(CONTENT_TYPE).map(str::to_owned);
    let call = Call {
        endpoint,
        caller,
        now,
        path,
        query: query.clone(),
        body,
        authorization,
        content_type,
        fault: None,
    };
    let (readings, allowed) = meter(world, &call);
    if let Err(problem) = allowed.and_then(|()| money::check(world, endpoint)) {
        return Admitted { call: Err(problem), readings, fault: None };
    }
    let fault = world.faults.strike(target);
    Admitted { call: Ok(Call { fault: fault.clone(), ..call }), readings, fault }
}

/// The fields of a form are signed by OAuth 1.0a; a JSON body is not.
fn signed_form(content_type: Option<&str>, body: &[u8]) -> Pairs {
    let is_form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form"));
    if is_form { query::pairs(&String::from_utf8_lossy(body)) } else { Pairs::new() }
}

fn meter(world: &mut World, call: &Call) -> (Option<Readings>, Result<(), Problem>) {
    let endpoint = call.endpoint;
    if endpoint.access == Access::Open {
        return (None, Ok(()));
    }
    let user = call.caller.user();
    let real = if user.is_some() { endpoint.per_user } else { endpoint.per_app };
    let limit = world.limits.of(endpoint.name, real);
    let (readings, allowed) =
        world.rates.take(endpoint.name, &world.limits, (limit, user), call.now);
    let refused = || match world.settings.old_rate_limit_answer {
        true => Problem::too_many_requests_v1(),
        false => Problem::too_many_requests(),
    };
    (Some(readings), allowed.then_some(()).ok_or_else(refused))
}

/// Makes the answer, or the one that a fault gives in its place.
fn answer(shared: &Shared, admitted: Admitted, fault: Option<&Fault>) -> Response {
    let Admitted { call, readings, .. } = admitted;
    let mut world = shared.world();
    let world = &mut *world;
    let instead = match fault {
        Some(fault) if fault.kind == FaultKind::HtmlError => return overloaded(),
        Some(fault) if fault.kind == FaultKind::Status => {
            return scripted(world, fault, readings, shared.clock.now());
        }
        Some(fault) if fault.kind == FaultKind::StatusAfterApply => Some(fault),
        _ => None,
    };
    let reply = call.and_then(|call| {
        // The request may have waited since it was let in.
        let call = Call { now: shared.clock.now(), ..call };
        if call.endpoint.access != Access::Open {
            call.check_params()?;
        }
        let reply = (call.endpoint.handle)(world, &call);
        money::charge(world, &call, &reply);
        reply
    });
    match instead {
        Some(fault) => scripted(world, fault, readings, shared.clock.now()),
        None => Manner::new(world, readings).respond(reply),
    }
}

fn scripted(world: &mut World, fault: &Fault, readings: Option<Readings>, now: i64) -> Response {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = status.canonical_reason().unwrap_or("Error");
    let problem = match status {
        StatusCode::PAYMENT_REQUIRED => Problem::credits_depleted(&world.app.account_id),
        _ => Problem::plain(status, title, title),
    };
    let wait = fault.retry_after_secs.unwrap_or(900);
    let readings = readings.map(|readings| match status {
        StatusCode::TOO_MANY_REQUESTS => {
            readings.exhausted(fault.used_up, now.div_euclid(1_000_000) + wait)
        }
        _ => readings,
    });
    Manner::new(world, readings).respond(Err(problem))
}
