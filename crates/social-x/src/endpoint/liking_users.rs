//! `GET /2/tweets/:id/liking_users`: who liked a post.
//!
//! Limits      75 in 15 minutes a profile; $0.010 a person, once a UTC day. <X docs, August 2026>
//! Pages       up to 100 people; the documentation says that never more than 100 are shown of a
//!             post, for all time, and still describes a page token. <X docs, August 2026>
//! Surprises   since June 2024 only for posts of the profile whose token asks. No time of a like.
//!             Suspended, deactivated and protected accounts are left out of the list and still
//!             counted. A token can lead to an empty page. <public issues, 2023 to 2026>
//!
//! So absence is proved only where everybody that X counts was shown: fewer than 100 rows, and as
//! many as `like_count`, which costs one more request at the end of the list.

use hashbuzz_domain::PostId;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_social::{Access, Collect, Page, ReadError, Sighting};

use crate::client::{Call, Client};
use crate::cursor::Walk;
use crate::endpoint::{page, posts, shown};
use crate::rates::{Billed, Rate};
use crate::sign::Right;
use crate::wire::{User, readable, with_people};

pub(crate) static RATE: Rate =
    Rate { name: "liking_users", profile: 75, app: 0, billed: Billed::Profile };

/// As many as are ever shown of one post.
pub(crate) const EVER_SHOWN: u64 = 100;

/// One page of people who liked a post.
pub(crate) async fn likers(
    client: &Client,
    access: &Access,
    post: &PostId,
    collect: &Collect,
) -> Result<Page, ReadError> {
    let walk = Walk::resume(collect.cursor.as_ref())?;
    let id = readable(post.as_str())?;
    let call = with_people(Call::get(&RATE, &["2", "tweets", id, "liking_users"]));
    let (people, walk) = page::<User>(client, &[Right::Profile(access)], call, walk).await?;
    let sightings = people
        .rows
        .iter()
        .map(|user| sighting(user, post, Kind::Like))
        .collect::<Result<_, _>>()?;
    let ended = walk.token.is_none();
    let complete =
        ended && walk.rows < EVER_SHOWN && counted(client, access, post).await == Some(walk.rows);
    Ok(shown(sightings, &walk, complete))
}

/// How many people X counts. Not knowing it fails nothing: then absence is not proved.
async fn counted(client: &Client, access: &Access, post: &PostId) -> Option<u64> {
    match posts::metrics(client, access, std::slice::from_ref(post)).await {
        Ok(metrics) => metrics.first().map(|m| m.likes),
        Err(error) => {
            tracing::debug!(%error, "the count of likes is not known");
            None
        }
    }
}

/// A person on a list that shows people only.
pub(super) fn sighting(user: &User, post: &PostId, kind: Kind) -> Result<Sighting, ReadError> {
    let (post, author) = (post.clone(), user.author()?);
    Ok(Sighting { post, kind, author, object: None, at: None, text: None })
}
