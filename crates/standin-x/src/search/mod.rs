//! Recent search: posts of the last seven days that fit a query, newest first.
//!
//! Two limits bite a collector. What is older than seven days is not found any more, even if it
//! was never read; and what is younger than 30 seconds is not found yet.

mod condition;
mod counts;
mod query;

pub(crate) use counts::count_recent;

use crate::call::{Answer, Call, Reply};
use crate::clock;
use crate::lists::{Span, page, post_page};
use crate::problem::Problem;
use crate::shape::Shape;
use crate::snowflake;
use crate::world::{Post, PostId, World};
use query::Query;

const SECOND: i64 = 1_000_000;
const WINDOW: i64 = 7 * 24 * 3600 * SECOND;

/// An end must lie at least this far back.
const NEWEST_END: i64 = 10 * SECOND;

/// Longest query of a self-serve app, in characters.
const LONGEST: usize = 512;

/// `GET /2/tweets/search/recent`
pub(crate) fn recent(world: &mut World, call: &Call) -> Reply {
    let shape = Shape::of(call)?;
    let order = call.param("sort_order").unwrap_or("recency");
    if !matches!(order, "recency" | "relevancy") {
        let message = format!(
            "The `sort_order` query parameter value [{order}] is not one of [recency,relevancy]"
        );
        return Err(Problem::invalid("sort_order", order, &message));
    }
    let size = call.number("max_results", 10..=100, 10)?;
    let span = window(world, call)?;
    let (query, written) = read_query(call)?;
    let seen = |post: &&Post| span.contains(post) && query.matches(world, post);
    let rows = candidates(world, &query, span.start.unwrap_or_default())
        .filter(seen)
        .map(|post| (post.id.0, post.id))
        .collect();
    let page = page(world, call, written, size, rows)?;
    Ok(Answer::json(post_page(world, call.caller, &shape, page, true)))
}

fn read_query(call: &Call) -> Result<(Query, &str), Problem> {
    let written = call.param("query").unwrap_or_default();
    if !(1..=LONGEST).contains(&written.chars().count()) {
        let message = format!(
            "The `query` query parameter value [{written}] must have 1 to {LONGEST} characters"
        );
        return Err(Problem::invalid("query", written, &message));
    }
    let query = Query::parse(written).map_err(|why| Problem::invalid("query", written, &why))?;
    Ok((query, written))
}

/// The span that was asked for, cut to what search reaches. Asking for more is an error.
fn window(world: &World, call: &Call) -> Result<Span, Problem> {
    let span = Span::of(call)?;
    let oldest = call.now - WINDOW;
    let given = |name| call.param(name).unwrap_or_default();
    if span.start.is_some_and(|start| start < oldest) {
        let message = format!(
            "Invalid 'start_time':'{}'. 'start_time' must be on or after {}",
            given("start_time"),
            clock::written(oldest)
        );
        return Err(Problem::invalid("start_time", given("start_time"), &message));
    }
    if span.end.is_some_and(|end| end > call.now - NEWEST_END) {
        let message = format!(
            "Invalid 'end_time':'{}'. 'end_time' must be a minimum of 10 seconds prior to the \
             request time.",
            given("end_time")
        );
        return Err(Problem::invalid("end_time", given("end_time"), &message));
    }
    if span.since_id.is_some_and(|id| snowflake::created_at(id.0) < oldest) {
        let message = format!(
            "Invalid 'since_id':'{}'. 'since_id' must be a tweet id created after {}",
            given("since_id"),
            clock::written(oldest)
        );
        return Err(Problem::invalid("since_id", given("since_id"), &message));
    }
    let indexed = call.now - world.settings.search_delay_secs * SECOND + 1;
    Ok(Span {
        start: Some(span.start.unwrap_or(oldest)),
        end: Some(span.end.unwrap_or(i64::MAX).min(indexed)),
        ..span
    })
}

/// Posts that may fit, by the narrowest index that the query names.
fn candidates<'a>(
    world: &'a World,
    query: &Query,
    start: i64,
) -> Box<dyn Iterator<Item = &'a Post> + 'a> {
    let posts = &world.posts;
    if let Some(id) = query.replies_to() {
        return Box::new(posts.replies_to(id));
    }
    if let Some(id) = query.quotes_of() {
        return Box::new(posts.quotes_of(id));
    }
    if let Some(id) = query.reposts_of() {
        return Box::new(posts.reposts_of(id));
    }
    if let Some(id) = query.conversation() {
        return Box::new(posts.of_conversation(id));
    }
    if let Some(author) = query.author().and_then(|name| world.users.find(name)) {
        return Box::new(posts.of_author(author.id));
    }
    let floor = PostId(snowflake::floor(start));
    Box::new(posts.since(floor))
}
