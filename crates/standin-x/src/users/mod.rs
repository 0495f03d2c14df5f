//! People: who am I, who is that, and how they look in an answer.

mod view;

use serde_json::{Value, json};

pub(crate) use view::view;

use crate::call::{Answer, Call, Reply};
use crate::problem;
use crate::shape::Shape;
use crate::world::{User, UserId, World};

/// `GET /2/users/me`
pub(crate) fn me(world: &mut World, call: &Call) -> Reply {
    let me = world.users.get(call.user()?);
    single(call, me, ("id", "me"))
}

/// `GET /2/users/{id}`
pub(crate) fn by_id(world: &mut World, call: &Call) -> Reply {
    let id: UserId = call.path_id("id")?;
    single(call, world.users.get(id), ("id", &id.to_string()))
}

/// `GET /2/users/by/username/{username}`
pub(crate) fn by_username(world: &mut World, call: &Call) -> Reply {
    let handle = call.path.get("username").map_or("", String::as_str);
    single(call, world.users.by_handle(handle), ("username", handle))
}

/// `GET /2/users?ids=`
pub(crate) fn by_ids(world: &mut World, call: &Call) -> Reply {
    let shape = Shape::of(call)?;
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for (written, id) in call.ids::<UserId>()? {
        match shown(world.users.get(id), ("ids", &written)) {
            Ok(user) => found.push(view(&shape, user)),
            Err(error) => errors.push(error),
        }
    }
    let data = (!found.is_empty()).then_some(found);
    let errors = (!errors.is_empty()).then_some(errors);
    Ok(Answer::json(json!({ "data": data, "errors": errors })).without_nulls())
}

fn single(call: &Call, user: Option<&User>, asked: (&str, &str)) -> Reply {
    let shape = Shape::of(call)?;
    Ok(Answer::json(match shown(user, asked) {
        Ok(user) => json!({ "data": view(&shape, user) }),
        Err(error) => json!({ "errors": [error] }),
    }))
}

fn shown<'a>(user: Option<&'a User>, (parameter, value): (&str, &str)) -> Result<&'a User, Value> {
    match user {
        None => Err(problem::missing("user", parameter, value)),
        Some(user) if user.suspended => Err(problem::user_suspended(parameter, value)),
        Some(user) => Ok(user),
    }
}
