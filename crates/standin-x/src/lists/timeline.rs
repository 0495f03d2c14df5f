//! What somebody wrote: posts, replies, quotes and reposts, newest first.

use serde_json::json;

use super::{excluded, page, post_page};
use crate::call::{Answer, Call, Reply};
use crate::problem::{self, Problem};
use crate::shape::Shape;
use crate::world::{Post, PostId, UserId, World};

/// No timeline reaches further back.
const REACH: usize = 3_200;

/// `GET /2/users/{id}/tweets`
pub(crate) fn timeline(world: &mut World, call: &Call) -> Reply {
    let shape = Shape::of(call)?;
    let size = call.number("max_results", 5..=100, 10)?;
    let span = Span::of(call)?;
    let id: UserId = call.path_id("id")?;
    let subject = id.to_string();
    let own = call.caller.user() == Some(id);
    let refused = match world.users.get(id) {
        None => Some(problem::missing("user", "id", &subject)),
        Some(user) if user.suspended => Some(problem::user_suspended("id", &subject)),
        Some(user) if user.protected && !own => {
            Some(problem::not_authorized("user", "id", &subject))
        }
        Some(_) => None,
    };
    if let Some(error) = refused {
        return Ok(Answer::json(json!({ "errors": [error] })));
    }
    let excluded = excluded(call)?;
    let newest = call.now - world.settings.timeline_delay_ms * 1000;
    let rows = world
        .posts
        .of_author(id)
        .take(REACH)
        .filter(|post| post.created_at <= newest && span.contains(post))
        .filter(|post| !excluded.covers(post))
        .map(|post| (post.id.0, post.id))
        .collect();
    let page = page(world, call, &subject, size, rows)?;
    Ok(Answer::json(post_page(world, call.caller, &shape, page, true)))
}

/// Limits on ids and times, all optional: after `since_id`, before `until_id`, from `start_time`,
/// before `end_time`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) since_id: Option<PostId>,
    pub(crate) until_id: Option<PostId>,
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

impl Span {
    pub(crate) fn of(call: &Call) -> Result<Self, Problem> {
        let span = Self {
            since_id: call.id("since_id")?,
            until_id: call.id("until_id")?,
            start: call.moment("start_time")?,
            end: call.moment("end_time")?,
        };
        if let (Some(start), Some(end)) = (span.start, span.end)
            && start >= end
        {
            let given = call.param("start_time").unwrap_or_default();
            let message =
                format!("Invalid 'start_time':'{given}'. 'start_time' must be before 'end_time'");
            return Err(Problem::invalid("start_time", given, &message));
        }
        Ok(span)
    }

    pub(crate) fn contains(&self, post: &Post) -> bool {
        self.since_id.is_none_or(|id| post.id > id)
            && self.until_id.is_none_or(|id| post.id < id)
            && self.start.is_none_or(|start| post.created_at >= start)
            && self.end.is_none_or(|end| post.created_at < end)
    }
}
