//! People: who am I, who is that, and how they look in an answer.

mod view;

use serde_json::{Value, json};

pub(crate) use view::view;

use crate::call::{Answer, Call, Reply};
use crate::posts;
use crate::problem::{self, Problem};
use crate::shape::Shape;
use crate::world::{PostId, User, UserId, World};

/// `GET /2/users/me`
pub(crate) fn me(world: &mut World, call: &Call) -> Reply {
    let me = world.users.get(call.user()?);
    single(world, call, me, ("id", "me"))
}

/// `GET /2/users/{id}`
pub(crate) fn by_id(world: &mut World, call: &Call) -> Reply {
    let id: UserId = call.path_id("id")?;
    single(world, call, world.users.get(id), ("id", &id.to_string()))
}

/// `GET /2/users/by/username/{username}`
pub(crate) fn by_username(world: &mut World, call: &Call) -> Reply {
    let handle = call.path.get("username").map_or("", String::as_str);
    single(world, call, world.users.by_handle(handle), ("username", handle))
}

/// `GET /2/users?ids=`
pub(crate) fn by_ids(world: &mut World, call: &Call) -> Reply {
    let asked = call.ids::<UserId>()?.into_iter();
    several(world, call, "ids", asked.map(|(written, id)| (written, world.users.get(id))))
}

/// `GET /2/users/by?usernames=`
pub(crate) fn by_usernames(world: &mut World, call: &Call) -> Reply {
    let given = call.param("usernames").unwrap_or_default();
    let handles: Vec<&str> = given.split(',').filter(|handle| !handle.is_empty()).collect();
    let is_handle = |handle: &&str| {
        let letters = handle.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        letters && handle.len() <= 15
    };
    if !(1..=100).contains(&handles.len()) || !handles.iter().all(is_handle) {
        let message = "The `usernames` query parameter must be 1 to 100 values that match \
                       ^[A-Za-z0-9_]{1,15}$";
        return Err(Problem::invalid("usernames", given, message));
    }
    let asked =
        handles.into_iter().map(|handle| (handle.to_owned(), world.users.by_handle(handle)));
    several(world, call, "usernames", asked)
}

fn several<'a>(
    world: &'a World,
    call: &Call,
    parameter: &str,
    asked: impl Iterator<Item = (String, Option<&'a User>)>,
) -> Reply {
    let shape = Shape::of_people(call)?;
    let mut found: Vec<&User> = Vec::new();
    let mut errors = Vec::new();
    for (written, user) in asked {
        match shown(user, (parameter, &written)) {
            Ok(user) => found.push(user),
            Err(error) => errors.push(error),
        }
    }
    let includes = latest(world, &shape, call, &found);
    let data: Vec<Value> = found.into_iter().map(|user| view(&shape, user)).collect();
    let data = (!data.is_empty()).then_some(data);
    let errors = (!errors.is_empty()).then_some(errors);
    let answer = json!({ "data": data, "includes": includes, "errors": errors });
    Ok(Answer::json(answer).without_nulls())
}

fn single(world: &World, call: &Call, user: Option<&User>, asked: (&str, &str)) -> Reply {
    let shape = Shape::of_people(call)?;
    let answer = match shown(user, asked) {
        Ok(user) => {
            let includes = latest(world, &shape, call, &[user]);
            json!({ "data": view(&shape, user), "includes": includes })
        }
        Err(error) => json!({ "errors": [error] }),
    };
    Ok(Answer::json(answer).without_nulls())
}

/// `includes` with the latest posts of these people, if that was asked for.
pub(crate) fn latest(world: &World, shape: &Shape, call: &Call, people: &[&User]) -> Option<Value> {
    if !shape.expands("most_recent_tweet_id") {
        return None;
    }
    let seen = |id: &PostId| posts::withheld(world, call.caller, *id, ("id", "")).is_none();
    let latest = people.iter().filter_map(|user| user.latest).filter(seen);
    let latest = latest.filter_map(|id| world.posts.live(id));
    let rows: Vec<Value> = latest.map(|post| posts::view(world, shape, post)).collect();
    (!rows.is_empty()).then(|| json!({ "tweets": rows }))
}

fn shown<'a>(user: Option<&'a User>, (parameter, value): (&str, &str)) -> Result<&'a User, Value> {
    match user {
        None => Err(problem::missing("user", parameter, value)),
        Some(user) if user.suspended => Err(problem::user_suspended(parameter, value)),
        Some(user) => Ok(user),
    }
}
