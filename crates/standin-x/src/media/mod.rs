//! Pictures and films: uploading them at once or in pieces, describing them, and asking whether
//! they are ready.
//!
//! There are three ways in, and X offers all of them: addresses for each step, one address with a
//! `command`, and a single request for what is small. A picture is ready when it has arrived; a
//! GIF and a film are worked on first, and a post that names one too early is refused.

mod form;
mod kind;
mod steps;
mod view;

pub(crate) use kind::{Category, dimensions};
pub(crate) use steps::{append, describe, finalize, initialize, status, upload};
pub(crate) use view::{counted, shown};

use crate::problem::Problem;
use crate::world::{MediaId, UserId, World};

/// What every media id that cannot be published is refused with, whatever is wrong with it.
const INVALID_IDS: &str = "Your media IDs are invalid.";

/// The refusal of a post for the media that it names.
pub(crate) fn invalid_ids(written: &[String]) -> Problem {
    Problem::invalid_values("media.media_ids", written, INVALID_IDS)
}

/// The media that a post names, provided that its author may publish all of them together now: up
/// to four pictures, or one GIF, or one film.
pub(crate) fn publishable(
    world: &World,
    author: UserId,
    written: &[String],
    now: i64,
) -> Result<Vec<MediaId>, Problem> {
    let refused = || invalid_ids(written);
    let mut ids = Vec::new();
    let mut category = None;
    for id in written {
        let upload = id.parse().ok().and_then(|id| world.uploads.get(&id)).ok_or_else(refused)?;
        let first = upload.posts.first().and_then(|post| world.posts.ever_by_id(*post));
        let by_another = first.is_some_and(|post| post.author != author);
        let mixed = *category.get_or_insert(upload.category) != upload.category;
        let ready = upload.is_ready_for(author, now);
        if !ready || by_another || mixed || ids.contains(&upload.id) {
            return Err(refused());
        }
        ids.push(upload.id);
    }
    if category.is_some_and(|category: Category| ids.len() > category.most()) {
        return Err(refused());
    }
    Ok(ids)
}
