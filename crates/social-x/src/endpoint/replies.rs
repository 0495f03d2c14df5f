//! `GET /2/tweets/search/recent`: who answered a post directly.
//!
//! Limits      300 in 15 minutes a profile, 450 the app; $0.005 a post. <X docs, August 2026>
//! Pages       10 to 100 posts and a token. <X docs, August 2026>
//! Surprises   covers seven days only, so a longer campaign has to look at least weekly. Without
//!             an end it shows what is at least half a minute old. `conversation_id:` would also
//!             bring answers to answers; `in_reply_to_tweet_id:` does not. <X docs, August 2026>
//!
//! No `start_time` is sent: nothing answers a post before it exists, a start outside the window is
//! refused with 400, and one that moves with the clock would differ from page to page.

use hashbuzz_domain::Span;
use hashbuzz_social::{Access, Collect, Page, ReadError};

use crate::client::{Call, Client};
use crate::cursor::Walk;
use crate::endpoint::{page, shown};
use crate::wire::{Post, readable, with_posts};

/// How far back the search goes.
const WINDOW: Span = Span::from_secs(7 * 86_400);

/// One page of direct replies to a post.
pub(crate) async fn replies(
    client: &Client,
    access: &Access,
    collect: &Collect,
) -> Result<Page, ReadError> {
    let walk = Walk::resume(collect.cursor.as_ref())?;
    let id = readable(collect.post.as_str())?;
    let call = Call::get("replies", &["2", "tweets", "search", "recent"])
        .query("query", format!("in_reply_to_tweet_id:{id}"));
    let call = with_posts(call, client.vocabulary);
    let (posts, walk) = page::<Post>(client, client.public(access), call, walk).await?;
    let people = posts.authors()?;
    let sightings = posts
        .rows
        .iter()
        .filter(|post| !post.answers_another(&collect.post))
        .map(|post| post.sighting(&people))
        .collect::<Result<_, _>>()?;
    let whole_life = client.now() < collect.posted_at.plus(WINDOW);
    Ok(shown(sightings, &walk, whole_life))
}
