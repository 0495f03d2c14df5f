//! Lists of people: likers and reposters of a post.
//!
//! Likes are private: only the author of a post can list its likers, and at most 100 of them
//! ever. X does not say which; here it is the first hundred, and one that takes the like back
//! makes no room, so that asking more often does not help.

use serde_json::{Map, Value, json};

use super::{newest, page};
use crate::call::{Answer, Call, Reply};
use crate::posts;
use crate::problem::Problem;
use crate::shape::Shape;
use crate::users;
use crate::world::{PostId, User, UserId, World};

/// `GET /2/tweets/{id}/liking_users`
pub(crate) fn liking_users(world: &mut World, call: &Call) -> Reply {
    let target: PostId = call.path_id("id")?;
    let Some(post) = world.posts.live(target) else { return gone(call, world, target) };
    if post.author != call.user()? {
        return Err(Problem::not_yours("tweet", &target.to_string()));
    }
    people(world, call, target, post.likes.listed(newest(world, call)).collect())
}

/// `GET /2/tweets/{id}/retweeted_by`
pub(crate) fn reposted_by(world: &mut World, call: &Call) -> Reply {
    let target: PostId = call.path_id("id")?;
    let newest = newest(world, call);
    let rows = world.posts.reposts_of(target).filter(|post| post.created_at <= newest);
    let rows = rows.map(|post| (post.id.0, post.author)).collect();
    people(world, call, target, rows)
}

fn people(world: &World, call: &Call, target: PostId, rows: Vec<(u64, UserId)>) -> Reply {
    let shape = Shape::of_people(call)?;
    let size = call.number("max_results", 1..=100, 100)?;
    let subject = target.to_string();
    if posts::withheld(world, call.caller, target, ("id", &subject)).is_some() {
        return gone(call, world, target);
    }
    let page = page(world, call, &subject, size, rows)?;
    let shown: Vec<&User> = page
        .rows
        .iter()
        .filter_map(|id| world.users.get(*id))
        .filter(|user| !user.suspended && (!user.protected || call.caller.user() == Some(user.id)))
        .collect();
    let includes = users::latest(world, &shape, call, &shown);
    let shown: Vec<Value> = shown.into_iter().map(|user| users::view(&shape, user)).collect();
    let mut meta = json!({ "result_count": shown.len() });
    if let Some(next) = page.next {
        meta["next_token"] = json!(next);
    }
    let mut answer = Map::new();
    if !shown.is_empty() {
        answer.insert("data".into(), Value::Array(shown));
    }
    if let Some(includes) = includes {
        answer.insert("includes".into(), includes);
    }
    answer.insert("meta".into(), meta);
    Ok(Answer::json(Value::Object(answer)))
}

fn gone(call: &Call, world: &World, target: PostId) -> Reply {
    let error = posts::withheld(world, call.caller, target, ("id", &target.to_string()));
    Ok(Answer::json(json!({ "errors": error.into_iter().collect::<Vec<_>>() })))
}
