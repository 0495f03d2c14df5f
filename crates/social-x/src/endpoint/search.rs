//! `GET /2/tweets/search/recent`: who answered, quoted or reposted some posts.
//!
//! Limits      300 in 15 minutes a profile, 450 the app; $0.005 a post; a query of 512 characters.
//!             <X docs, August 2026>
//! Pages       10 to 100 posts and a token. <X docs, August 2026>
//! Surprises   covers seven days only, so a longer campaign has to look at least weekly. Without
//!             an end it shows what is at least half a minute old. `conversation_id:` would also
//!             bring answers to answers; `in_reply_to_tweet_id:` does not. <X docs, August 2026>
//!
//! One query asks for several kinds of engagement with several posts, which is what makes it the
//! cheapest list: half the price of a profile, six times the requests, and one walk instead of six.
//!
//! No `start_time` is sent: nothing answers a post before it exists, a start outside the window is
//! refused with 400, and one that moves with the clock would differ from page to page.

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, Span, Time};
use hashbuzz_social::{Access, Collect, Page, ReadError, Sighting};

use crate::client::{Call, Client};
use crate::cursor::Walk;
use crate::endpoint::{page, shown};
use crate::rates::{Billed, Rate};
use crate::wire::{Post, readable, with_posts};

pub(crate) static RATE: Rate =
    Rate { name: "search", profile: 300, app: 450, billed: Billed::Post };

/// How far back the search goes.
pub(crate) const WINDOW: Span = Span::from_secs(7 * 86_400);
/// The longest query.
pub(crate) const QUERY: usize = 512;
/// Between two conditions.
const OR: &str = " OR ";

/// Whether search can show a kind, and what it calls it.
pub(crate) const fn operator(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Reply => Some("in_reply_to_tweet_id"),
        Kind::Quote => Some("quotes_of_tweet_id"),
        Kind::Repost => Some("retweets_of_tweet_id"),
        Kind::Like => None,
    }
}

/// How long the query for these is.
pub(crate) fn length(wanted: &[(PostId, Kind)]) -> usize {
    query(wanted).len()
}

fn query(wanted: &[(PostId, Kind)]) -> String {
    let condition = |(post, kind): &(PostId, Kind)| Some(format!("{}:{post}", operator(*kind)?));
    wanted.iter().filter_map(condition).collect::<Vec<_>>().join(OR)
}

/// Whether search still shows everything since then.
pub(crate) fn reaches(posted_at: Time, now: Time) -> bool {
    now < posted_at.plus(WINDOW)
}

/// One page of whatever engaged with any of `wanted`.
pub(crate) async fn engaged(
    client: &Client,
    access: &Access,
    wanted: &[(PostId, Kind)],
    collect: &Collect,
) -> Result<Page, ReadError> {
    let walk = Walk::resume(collect.cursor.as_ref())?;
    for (post, _) in wanted {
        readable(post.as_str())?;
    }
    let call = Call::get(&RATE, &["2", "tweets", "search", "recent"]);
    let call = with_posts(call.query("query", query(wanted)), client.vocabulary());
    let (posts, mut walk) = page::<Post>(client, &client.public(access), call, walk).await?;
    let people = posts.authors()?;
    let mut sightings: Vec<Sighting> = Vec::with_capacity(posts.rows.len());
    for row in &posts.rows {
        match (row.says_what_it_refers_to(), wanted) {
            (true, _) => {
                for (post, kind) in wanted.iter().filter(|(post, kind)| row.is(*kind, post)) {
                    sightings.push(row.sighting(post, *kind, &people)?);
                }
            }
            // There is only one thing that it can be.
            (false, [(post, kind)]) => sightings.push(row.sighting(post, *kind, &people)?),
            (false, _) => walk.gap = true,
        }
    }
    let whole_life = reaches(collect.posted_at, client.now());
    Ok(shown(sightings, &walk, whole_life))
}
