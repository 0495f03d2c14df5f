//! `GET /2/tweets/:id/quote_tweets`: who reposted a post with a comment.
//!
//! Limits      75 in 15 minutes, a profile and the app each; $0.005 a post. <X docs, August 2026>
//! Pages       10 to 100 posts and a token. <X docs, August 2026>
//! Surprises   takes no time parameters: `end_time` is answered with 400 and costs a request. Posts
//!             of accounts that became protected vanish, as reposts do. <public issues, 2025>

use hashbuzz_domain::PostId;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_social::{Access, Collect, Page, ReadError};

use crate::client::{Call, Client};
use crate::cursor::Walk;
use crate::endpoint::{page, shown};
use crate::rates::{Billed, Rate};
use crate::wire::{Post, readable, with_posts};

pub(crate) static RATE: Rate =
    Rate { name: "quote_tweets", profile: 75, app: 75, billed: Billed::Post };

/// One page of quotes of a post.
pub(crate) async fn quotes(
    client: &Client,
    access: &Access,
    post: &PostId,
    collect: &Collect,
) -> Result<Page, ReadError> {
    let walk = Walk::resume(collect.cursor.as_ref())?;
    let id = readable(post.as_str())?;
    let call = Call::get(&RATE, &["2", "tweets", id, "quote_tweets"]);
    let call = with_posts(call, client.vocabulary());
    let (posts, walk) = page::<Post>(client, &client.public(access), call, walk).await?;
    let people = posts.authors()?;
    let quote = |row: &Post| row.sighting(post, Kind::Quote, &people);
    let sightings = posts.rows.iter().map(quote).collect::<Result<_, _>>()?;
    Ok(shown(sightings, &walk, true))
}
