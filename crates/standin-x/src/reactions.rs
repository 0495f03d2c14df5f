//! Likes and reposts that a person gives through the API.
//!
//! Giving one twice is no error and changes nothing; neither is taking back what is not there.
//! A person can only act for themselves, and likes are for enterprise customers.

use serde_json::{Value, json};

use crate::call::{Answer, Call, Reply};
use crate::problem::Problem;
use crate::world::{Origin, PostId, UserId, World};

/// `POST /2/users/{id}/likes`
pub(crate) fn like(world: &mut World, call: &Call) -> Reply {
    likes_allowed(world)?;
    let (user, target) = (themselves(call)?, body_target(world, call)?);
    world.like(user, target, call.now);
    Ok(data(&json!({ "liked": true })))
}

/// `DELETE /2/users/{id}/likes/{tweet_id}`
pub(crate) fn unlike(world: &mut World, call: &Call) -> Reply {
    likes_allowed(world)?;
    let user = themselves(call)?;
    world.unlike(user, call.path_id("tweet_id")?);
    Ok(data(&json!({ "liked": false })))
}

/// `POST /2/users/{id}/retweets`
pub(crate) fn repost(world: &mut World, call: &Call) -> Reply {
    let (user, target) = (themselves(call)?, body_target(world, call)?);
    world.repost(user, target, Origin::Api, call.now);
    Ok(data(&json!({ "rest_id": target, "retweeted": true })))
}

/// `DELETE /2/users/{id}/retweets/{tweet_id}`
pub(crate) fn unrepost(world: &mut World, call: &Call) -> Reply {
    let user = themselves(call)?;
    world.unrepost(user, call.path_id("tweet_id")?);
    Ok(data(&json!({ "retweeted": false })))
}

fn likes_allowed(world: &World) -> Result<(), Problem> {
    let refused = || Problem::forbidden("You are not permitted to perform this action.");
    world.settings.enterprise.then_some(()).ok_or_else(refused)
}

fn data(body: &Value) -> Answer {
    Answer::json(json!({ "data": body }))
}

fn themselves(call: &Call) -> Result<UserId, Problem> {
    let user = call.user()?;
    if call.path_id::<UserId>("id")? == user {
        return Ok(user);
    }
    let id = call.path.get("id").map_or("", String::as_str);
    let message = format!(
        "The `id` query parameter value [{id}] must be the same as the \
                           authenticating user [{user}]"
    );
    Err(Problem::invalid("id", id, &message))
}

fn body_target(world: &World, call: &Call) -> Result<PostId, Problem> {
    let body = call.object()?;
    if let Some(name) = body.keys().find(|name| *name != "tweet_id") {
        return Err(Problem::invalid_body(&format!(
            "$.{name}: is not defined in the schema and the schema does not allow additional \
             properties"
        )));
    }
    let written = body.get("tweet_id").and_then(Value::as_str).unwrap_or_default();
    let target: PostId = written.parse().map_err(|_| {
        let message = "$.tweet_id: does not match the regex pattern ^[0-9]{1,19}$";
        Problem::invalid("$.tweet_id", written, message)
    })?;
    match world.posts.live(target) {
        Some(_) => Ok(target),
        None => Err(Problem::not_found("tweet", "tweet_id", written)),
    }
}
