//! How many posts of the last seven days fit a query, by the minute, the hour or the day.

use serde_json::{Value, json};

use super::{candidates, read_query, window};
use crate::call::{Answer, Call, Reply};
use crate::clock;
use crate::problem::Problem;
use crate::world::World;

const MINUTE: i64 = 60 * 1_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `GET /2/tweets/counts/recent`
pub(crate) fn count_recent(world: &mut World, call: &Call) -> Reply {
    let span = window(world, call)?;
    let (query, _) = read_query(call)?;
    let step = match call.param("granularity").unwrap_or("hour") {
        "minute" => MINUTE,
        "hour" => HOUR,
        "day" => DAY,
        other => {
            let message = format!(
                "The `granularity` query parameter value [{other}] is not one of [day,hour,minute]"
            );
            return Err(Problem::invalid("granularity", other, &message));
        }
    };
    let start = span.start.unwrap_or(call.now);
    let end = span.end.unwrap_or(call.now).min(call.now).max(start);
    // The first and the last step are cut where the span is; those between begin on the clock.
    let mut rows = Vec::new();
    let mut from = start;
    while from < end {
        let to = ((from.div_euclid(step) + 1) * step).min(end);
        rows.push((from, to, 0_u64));
        from = to;
    }
    for post in candidates(world, &query, start) {
        if span.contains(post) && query.matches(world, post) {
            let at = rows.partition_point(|(_, to, _)| *to <= post.created_at);
            if let Some((_, _, count)) = rows.get_mut(at) {
                *count += 1;
            }
        }
    }
    let total: u64 = rows.iter().map(|(_, _, count)| count).sum();
    let data: Vec<Value> = rows
        .into_iter()
        .map(|(from, to, count)| {
            json!({
                "start": clock::written(from), "end": clock::written(to), "tweet_count": count,
            })
        })
        .collect();
    Ok(Answer::json(json!({ "data": data, "meta": { "total_tweet_count": total } })))
}
