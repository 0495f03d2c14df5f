//! What people do, now or later.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Senseless, people};
use crate::clock;
use crate::server::Shared;
use crate::world::{Act, ActKind, PostId, World};

/// An act as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scripted {
    /// RFC 3339, or microseconds since the epoch; now unless told.
    #[serde(default)]
    at: Option<Moment>,
    /// Id or handle.
    user: String,
    kind: ActKind,
    #[serde(default)]
    post: Option<PostId>,
    #[serde(default)]
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Moment {
    Micros(i64),
    Written(String),
}

/// `POST /_standin/acts`: all acts of a list, in the order of their times. The answer has one row
/// for each in the order given: the post that came of it, that it waits, or why it was refused.
pub(super) async fn perform(
    State(shared): State<Shared>,
    Json(scripted): Json<Vec<Scripted>>,
) -> Result<Json<Value>, Senseless> {
    let now = shared.clock.now();
    let mut world = shared.world();
    let mut acts = Vec::new();
    for (place, act) in scripted.into_iter().enumerate() {
        acts.push((place, understood(&world, act, now)?));
    }
    acts.sort_by_key(|(place, act)| (act.at, *place));
    let mut rows: Vec<(usize, Value)> =
        acts.into_iter().map(|(place, act)| (place, run(&mut world, act, now))).collect();
    rows.sort_by_key(|(place, _)| *place);
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    Ok(Json(json!({ "acts": rows })))
}

fn run(world: &mut World, act: Act, now: i64) -> Value {
    if act.at > now {
        let at = clock::written(act.at);
        world.agenda.add(act);
        return json!({ "waits_until": at });
    }
    match world.perform(&act) {
        Ok(Some(id)) => json!({ "id": id }),
        Ok(None) => json!({}),
        Err(refused) => json!({ "refused": refused.0 }),
    }
}

fn understood(world: &World, act: Scripted, now: i64) -> Result<Act, Senseless> {
    let at = match act.at {
        None => now,
        Some(Moment::Micros(micros)) => micros,
        Some(Moment::Written(text)) => {
            clock::read(&text).ok_or_else(|| Senseless(format!("{text} is no time")))?
        }
    };
    let user = people::find(world, &act.user)?;
    Ok(Act { at, user, kind: act.kind, post: act.post, text: act.text })
}
