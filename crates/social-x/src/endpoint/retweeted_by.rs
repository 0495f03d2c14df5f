//! `GET /2/tweets/:id/retweeted_by`: who reposted a post without comment.
//!
//! Limits      75 in 15 minutes, a profile and the app each; $0.010 a person. <X docs, August 2026>
//! Pages       up to 100 people and a token. No documented end. <X docs, August 2026>
//! Surprises   no time of the repost. The last page is often an empty one. Accounts that became
//!             protected or were suspended vanish from the list like those that took their repost
//!             back; what nobody can see any more is treated as taken back. <public issues>

use hashbuzz_domain::PostId;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_social::{Access, Collect, Page, ReadError};

use crate::client::{Call, Client};
use crate::cursor::Walk;
use crate::endpoint::liking_users::sighting;
use crate::endpoint::{page, shown};
use crate::rates::{Billed, Rate};
use crate::wire::{User, readable, with_people};

pub(crate) static RATE: Rate =
    Rate { name: "retweeted_by", profile: 75, app: 75, billed: Billed::Profile };

/// One page of people who reposted a post.
pub(crate) async fn reposters(
    client: &Client,
    access: &Access,
    post: &PostId,
    collect: &Collect,
) -> Result<Page, ReadError> {
    let walk = Walk::resume(collect.cursor.as_ref())?;
    let id = readable(post.as_str())?;
    let call = with_people(Call::get(&RATE, &["2", "tweets", id, "retweeted_by"]));
    let (people, walk) = page::<User>(client, &client.public(access), call, walk).await?;
    let sightings = people
        .rows
        .iter()
        .map(|user| sighting(user, post, Kind::Repost))
        .collect::<Result<_, _>>()?;
    Ok(shown(sightings, &walk, true))
}
