//! Posts by their ids. What is gone or hidden is named beside what was found, with status 200.

use serde_json::{Value, json};

use super::{document, withheld};
use crate::call::{Answer, Call, Reply};
use crate::shape::Shape;
use crate::world::{PostId, World};

/// `GET /2/tweets?ids=`
pub(crate) fn by_ids(world: &mut World, call: &Call) -> Reply {
    let shape = Shape::of(call)?;
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for (written, id) in call.ids::<PostId>()? {
        match withheld(world, call.caller, id, ("ids", &written)) {
            Some(error) => errors.push(error),
            None => found.push(id),
        }
    }
    let mut answer = document(world, &shape, call.caller, &found);
    add_errors(&mut answer, errors);
    Ok(Answer::json(answer))
}

/// `GET /2/tweets/{id}`
pub(crate) fn by_id(world: &mut World, call: &Call) -> Reply {
    let shape = Shape::of(call)?;
    let id: PostId = call.path_id("id")?;
    if let Some(error) = withheld(world, call.caller, id, ("id", &id.to_string())) {
        return Ok(Answer::json(json!({ "errors": [error] })));
    }
    let mut answer = document(world, &shape, call.caller, &[id]);
    if let Some(single) = answer["data"].get_mut(0).map(Value::take) {
        answer["data"] = single;
    }
    Ok(Answer::json(answer))
}

fn add_errors(answer: &mut Value, errors: Vec<Value>) {
    match answer.get_mut("errors").and_then(Value::as_array_mut) {
        Some(others) => others.extend(errors),
        None if errors.is_empty() => {}
        None => answer["errors"] = Value::Array(errors),
    }
}
