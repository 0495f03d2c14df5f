//! Posts: publishing, deleting, looking up, and how they look in an answer.

mod create;
mod lookup;
mod related;
mod request;
mod view;

use serde_json::json;

pub(crate) use create::create;
pub(crate) use lookup::{by_id, by_ids};
pub(crate) use related::document;
pub(crate) use view::{view, withheld};

use crate::call::{Answer, Call, Reply};
use crate::problem::Problem;
use crate::world::{PostId, World};

/// `DELETE /2/tweets/{id}`
pub(crate) fn delete(world: &mut World, call: &Call) -> Reply {
    let id: PostId = call.path_id("id")?;
    let post =
        world.posts.live(id).ok_or_else(|| Problem::not_found("tweet", "id", &id.to_string()))?;
    if post.author != call.user()? {
        return Err(Problem::forbidden("You are not authorized to delete this Tweet."));
    }
    world.delete(id);
    Ok(Answer::json(json!({ "data": { "deleted": true } })))
}
