//! Lists: who liked, who reposted, what was quoted, what somebody wrote; newest first.
//!
//! Rows of suspended and protected accounts are taken out after a page was cut, so a page may be
//! shorter than asked for, or empty, and still have a next one. Counts include them.

mod paging;
mod people;
mod timeline;

use serde_json::{Value, json};

pub(crate) use paging::{Page, page};
pub(crate) use people::{liking_users, reposted_by};
pub(crate) use timeline::{Span, timeline};

use crate::auth::Caller;
use crate::call::{Answer, Call, Reply};
use crate::posts;
use crate::problem::Problem;
use crate::shape::Shape;
use crate::world::{Post, PostId, World};

/// `GET /2/tweets/{id}/retweets`
pub(crate) fn reposts(world: &mut World, call: &Call) -> Reply {
    let size = call.number("max_results", 1..=100, 100)?;
    let target = call.path_id("id")?;
    of_post(world, call, target, size, world.posts.reposts_of(target))
}

/// `GET /2/tweets/{id}/quote_tweets`
pub(crate) fn quotes(world: &mut World, call: &Call) -> Reply {
    let size = call.number("max_results", 10..=100, 10)?;
    let target = call.path_id("id")?;
    let excluded = excluded(call)?;
    let rows = world.posts.quotes_of(target).filter(|post| !excluded.covers(post));
    of_post(world, call, target, size, rows)
}

fn of_post<'a>(
    world: &World,
    call: &Call,
    target: PostId,
    size: usize,
    rows: impl Iterator<Item = &'a Post>,
) -> Reply {
    let shape = Shape::of(call)?;
    let subject = target.to_string();
    if let Some(error) = posts::withheld(world, call.caller, target, ("id", &subject)) {
        return Ok(Answer::json(json!({ "errors": [error] })));
    }
    let newest = newest(world, call);
    let rows = rows.filter(|post| post.created_at <= newest);
    let rows = rows.map(|post| (post.id.0, post.id)).collect();
    let page = page(world, call, &subject, size, rows)?;
    Ok(Answer::json(post_page(world, call.caller, &shape, page, false)))
}

/// Kinds of posts that a list shall not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excluded {
    replies: bool,
    reposts: bool,
}

impl Excluded {
    pub(crate) fn covers(self, post: &Post) -> bool {
        (self.replies && post.reply_to.is_some()) || (self.reposts && post.reposts.is_some())
    }
}

/// Reads `exclude`.
pub(crate) fn excluded(call: &Call) -> Result<Excluded, Problem> {
    let mut excluded = Excluded { replies: false, reposts: false };
    for kind in call.param("exclude").into_iter().flat_map(|kinds| kinds.split(',')) {
        match kind {
            "replies" => excluded.replies = true,
            "retweets" => excluded.reposts = true,
            other => {
                let message = format!(
                    "The `exclude` query parameter value [{other}] is not one of [replies,retweets]"
                );
                return Err(Problem::invalid("exclude", other, &message));
            }
        }
    }
    Ok(excluded)
}

/// What is newer does not stand in a list yet.
fn newest(world: &World, call: &Call) -> i64 {
    call.now - world.settings.list_delay_ms * 1000
}

/// A page of posts, without those that this caller may not see.
pub(crate) fn post_page(
    world: &World,
    caller: Caller,
    shape: &Shape,
    page: Page<PostId>,
    with_ends: bool,
) -> Value {
    let seen = |id: &PostId| posts::withheld(world, caller, *id, ("id", "")).is_none();
    let rows: Vec<PostId> = page.rows.into_iter().filter(seen).collect();
    let mut answer = posts::document(world, shape, caller, &rows);
    let mut meta = json!({ "result_count": rows.len() });
    if let Some(next) = page.next {
        meta["next_token"] = json!(next);
    }
    if with_ends && let (Some(newest), Some(oldest)) = (rows.iter().max(), rows.iter().min()) {
        meta["newest_id"] = json!(newest);
        meta["oldest_id"] = json!(oldest);
    }
    answer["meta"] = meta;
    answer
}
