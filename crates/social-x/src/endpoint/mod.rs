//! One endpoint a file. Each opens with what X documents and what it does.
//!
//! Dates are those of the documentation or of the reports that were read; figures change, and a
//! limit that is used up is learned from the answer, never from here.

pub(crate) mod create_post;
pub(crate) mod delete_post;
pub(crate) mod liking_users;
pub(crate) mod me;
pub(crate) mod media_append;
pub(crate) mod media_finalize;
pub(crate) mod media_initialize;
pub(crate) mod media_metadata;
pub(crate) mod media_status;
pub(crate) mod oauth2;
pub(crate) mod posts;
pub(crate) mod quote_tweets;
pub(crate) mod retweeted_by;
pub(crate) mod search;
pub(crate) mod user_posts;

use hashbuzz_social::{Page, ReadError, Sighting};
use serde::de::DeserializeOwned;

use crate::client::{Call, Client, Delivers};
use crate::cursor::Walk;
use crate::sign::Right;
use crate::wire::{List, Rows};

/// The largest page that these endpoints give.
pub(crate) const PAGE: u64 = 100;

impl<T> Delivers for List<T> {
    fn objects(&self) -> u64 {
        self.len()
    }
}

/// Asks for the page on which `walk` stands, and says where the next one is.
async fn page<T: DeserializeOwned>(
    client: &Client,
    rights: &[Right<'_>],
    call: Call,
    walk: Walk,
) -> Result<(Rows<T>, Walk), ReadError> {
    let mut call = call.at_most(PAGE).query("max_results", PAGE.to_string());
    if let Some(token) = &walk.token {
        call = call.query("pagination_token", token.clone());
    }
    let mut rows = client.read::<List<T>>(rights, call).await?.rows()?;
    let count = u64::try_from(rows.rows.len()).unwrap_or(u64::MAX);
    let walk = walk.advance(count, rows.gap, rows.next.take())?;
    Ok((rows, walk))
}

/// A page for the caller; `complete` is whether X lists everybody, were this the last page.
fn shown(sightings: Vec<Sighting>, walk: &Walk, complete: bool) -> Page {
    let next = walk.cursor();
    let proves_absence = next.is_none() && !walk.gap && complete;
    Page { sightings, next, proves_absence }
}
