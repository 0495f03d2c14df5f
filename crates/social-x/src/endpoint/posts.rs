//! `GET /2/tweets?ids=`: the public counts of posts.
//!
//! Limits      5,000 in 15 minutes a profile, 3,500 the app; 1 to 100 ids a request; $0.005 a
//!             post, once a UTC day. <X docs, August 2026>
//! Pages       none; more ids are asked for in several requests.
//! Surprises   a deleted post is an entry of `errors` beside a status of 200, and the answer for
//!             only deleted posts has no `data` at all. Counts include protected and suspended
//!             accounts that no list shows. <OpenAPI 2.167; public issues>

use std::collections::BTreeSet;

use hashbuzz_domain::PostId;
use hashbuzz_social::{Access, Metrics, ReadError};
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Call, Client, Delivers};
use crate::problem::Problem;
use crate::rates::{Billed, Rate};
use crate::remedy;
use crate::wire::{Post, malformed, post_fields, post_id, readable};

/// How many ids a request may name.
pub(crate) const IDS: usize = 100;

pub(crate) static RATE: Rate =
    Rate { name: "posts", profile: 5_000, app: 3_500, billed: Billed::Post };

#[derive(Deserialize)]
struct Answer {
    data: Option<Vec<Post>>,
    errors: Option<Vec<Value>>,
}

impl Delivers for Answer {
    fn objects(&self) -> u64 {
        self.data.as_ref().map_or(0, |rows| rows.len() as u64)
    }
}

/// The counts of those of `posts` that exist.
pub(crate) async fn metrics(
    client: &Client,
    access: &Access,
    posts: &[PostId],
) -> Result<Vec<Metrics>, ReadError> {
    let ids: BTreeSet<&str> =
        posts.iter().map(|post| readable(post.as_str())).collect::<Result<_, _>>()?;
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut all = Vec::with_capacity(ids.len());
    for some in ids.chunks(IDS) {
        let call = Call::get(&RATE, &["2", "tweets"])
            .at_most(some.len() as u64)
            .query("ids", some.join(","))
            .query(post_fields(client.vocabulary()), "public_metrics");
        let answer: Answer = client.read(&client.public(access), call).await?;
        let errors = answer.errors.unwrap_or_default();
        // A row that is left out for another reason must not look deleted.
        if let Some(other) = errors.iter().find(|error| !is_absent(error)) {
            return Err(remedy::of_partial(std::slice::from_ref(other)));
        }
        match answer.data {
            Some(rows) => {
                for row in rows {
                    all.push(counts(row)?);
                }
            }
            None if errors.is_empty() => return Err(malformed("neither posts nor reasons")),
            None => {}
        }
    }
    Ok(all)
}

fn is_absent(error: &Value) -> bool {
    Problem::from_value(error).kind == "resource-not-found"
}

fn counts(post: Post) -> Result<Metrics, ReadError> {
    let counted = post.public_metrics.and_then(|m| {
        Some((m.like_count?, m.retweet_count.or(m.repost_count)?, m.quote_count?, m.reply_count?))
    });
    let (likes, reposts, quotes, replies) =
        counted.ok_or_else(|| malformed("a post without its counts"))?;
    Ok(Metrics { post: post_id(&post.id)?, likes, reposts, quotes, replies })
}
