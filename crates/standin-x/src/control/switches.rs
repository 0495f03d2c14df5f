//! Faults, settings, the clock, and the counters.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Senseless;
use crate::clock::written;
use crate::endpoints::ENDPOINTS;
use crate::faults::{Chance, Fault};
use crate::server::Shared;
use crate::world::World;

/// One fault or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(Fault),
    More(Vec<Fault>),
}

/// `POST /_standin/faults`
pub(super) async fn add(
    State(shared): State<Shared>,
    Json(faults): Json<OneOrMore>,
) -> Json<Value> {
    let mut world = shared.world();
    match faults {
        OneOrMore::One(fault) => world.faults.add(fault),
        OneOrMore::More(faults) => faults.into_iter().for_each(|fault| world.faults.add(fault)),
    }
    Json(json!({ "waiting": world.faults.waiting() }))
}

/// `GET /_standin/faults`: those that still wait for a request.
pub(super) async fn faults(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ "waiting": shared.world().faults.waiting() }))
}

/// `DELETE /_standin/faults`: ends the script and the random mode.
pub(super) async fn clear(State(shared): State<Shared>) -> Json<Value> {
    let mut world = shared.world();
    world.faults.clear();
    Json(json!({ "waiting": [] }))
}

/// `PUT /_standin/faults/random`
pub(super) async fn chance(
    State(shared): State<Shared>,
    Json(chance): Json<Chance>,
) -> Result<Json<Value>, Senseless> {
    let probability = json!(chance.probability);
    if !shared.world().faults.set_chance(chance) {
        return Err(Senseless("a probability lies between 0 and 1".to_owned()));
    }
    Ok(Json(json!({ "probability": probability })))
}

/// `GET /_standin/settings`
pub(super) async fn settings(State(shared): State<Shared>) -> Json<Value> {
    Json(written_down(&shared.world()))
}

/// `PATCH /_standin/settings`: replaces those that are named.
pub(super) async fn change(
    State(shared): State<Shared>,
    Json(mut changes): Json<Map<String, Value>>,
) -> Result<Json<Value>, Senseless> {
    let mut world = shared.world();
    if changes.remove("limits").is_some_and(|limits| limits != world.limits.name()) {
        return Err(Senseless("limits are chosen when the stand-in is started".to_owned()));
    }
    let changed = world.settings.with(changes);
    world.settings = changed.map_err(|error| Senseless(error.to_string()))?;
    Ok(Json(written_down(&world)))
}

/// The settings, and by name the limits that the stand-in was started with.
fn written_down(world: &World) -> Value {
    let mut all = json!(world.settings);
    all["limits"] = json!(world.limits.name());
    all
}

/// `GET /_standin/clock`
pub(super) async fn clock(State(shared): State<Shared>) -> Json<Value> {
    let now = shared.clock.now();
    Json(json!({ "now_micros": now, "now": written(now) }))
}

/// `GET /_standin/endpoints`: everything that can be asked of the API, by the names that faults,
/// limits and counters use.
pub(super) async fn endpoints() -> Json<Value> {
    let rows = ENDPOINTS.iter().map(|endpoint| {
        json!({
            "name": endpoint.name,
            "method": endpoint.method.as_str(),
            "path": endpoint.path,
            "per_user": endpoint.per_user,
            "per_app": endpoint.per_app,
        })
    });
    Json(json!({ "endpoints": rows.collect::<Vec<_>>() }))
}

/// How far to move the clock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    advance_ms: i64,
}

/// `POST /_standin/clock {"advance_ms"}`: refused when the clock is the real one.
pub(super) async fn advance(
    State(shared): State<Shared>,
    Json(step): Json<Step>,
) -> Result<Json<Value>, Senseless> {
    let moved = shared.clock.advance(step.advance_ms.saturating_mul(1000));
    let now = moved.ok_or_else(|| Senseless("the real clock cannot be moved".to_owned()))?;
    // So that what became due has happened when this is answered.
    drop(shared.world());
    Ok(Json(json!({ "now_micros": now, "now": written(now) })))
}

/// What to count.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    acts: bool,
}

/// `GET /_standin/counters`, with `?acts=true` also the posts that scripted acts made.
pub(super) async fn counters(
    State(shared): State<Shared>,
    Query(wanted): Query<Wanted>,
) -> Json<Value> {
    Json(shared.world().count_everything(wanted.acts, shared.clock.now()))
}
