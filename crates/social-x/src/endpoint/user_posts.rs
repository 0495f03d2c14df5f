//! `GET /2/users/:id/tweets`: reads back what a profile published.
//!
//! Limits      900 in 15 minutes a profile, 10,000 the app; $0.005 a post. <X docs, August 2026>
//! Pages       5 to 100 posts, newest first, and a token; at most the last 3,200 posts.
//!             <X docs, August 2026>
//! Surprises   a post appears with a delay that is nowhere bounded, so one look that finds nothing
//!             proves nothing. An edited post has a new id and text and is not recognised.
//!             <X docs, August 2026>

use hashbuzz_domain::{PostId, ProfileId, Span, Time};
use hashbuzz_social::{Access, NewPost, ReadError};

use crate::client::{Call, Client};
use crate::cursor::Walk;
use crate::endpoint::page;
use crate::rates::{Billed, Rate};
use crate::same::Normal;
use crate::sign::Right;
use crate::wire::{Post, malformed, post_id, query_time, readable, with_posts};

static RATE: Rate = Rate { name: "user_posts", profile: 900, app: 10_000, billed: Billed::Post };

/// Our clock and X's may differ by this much.
const CLOCKS_DIFFER: Span = Span::from_secs(60);
/// As many pages as X has of a profile.
const PAGES: usize = 32;

/// The oldest post of `author` that is `post`, was made after `since` and is not `taken`.
pub(crate) async fn find_post(
    client: &Client,
    access: &Access,
    author: &ProfileId,
    post: &NewPost,
    since: Time,
    taken: &[PostId],
) -> Result<Option<PostId>, ReadError> {
    let author = readable(author.as_str())?;
    let since = since.minus(CLOCKS_DIFFER);
    let wanted = Wanted::new(post);
    let mut found: Option<(u64, PostId)> = None;
    let mut walk = Walk::default();
    for _ in 0..PAGES {
        let mut call = Call::get(&RATE, &["2", "users", author, "tweets"]);
        if let Some(start) = query_time(since) {
            call = call.query("start_time", start);
        }
        let call = with_posts(call, client.vocabulary());
        let (posts, next) = page::<Post>(client, &[Right::Profile(access)], call, walk).await?;
        for row in &posts.rows {
            let id = post_id(&row.id)?;
            let late_enough = row.created_at()?.is_none_or(|at| at >= since);
            if late_enough && wanted.is(row) && !taken.contains(&id) {
                let number = row.id.parse().map_err(|_| malformed("a post id that is none"))?;
                if found.as_ref().is_none_or(|(oldest, _)| number < *oldest) {
                    found = Some((number, id));
                }
            }
        }
        if next.token.is_none() {
            return match found {
                None if next.gap => Err(malformed("posts left out of a list")),
                found => Ok(found.map(|(_, id)| id)),
            };
        }
        walk = next;
    }
    Err(ReadError::Unavailable("more posts since then than X lists".to_owned()))
}

/// What to recognise the post by.
struct Wanted<'a> {
    text: Normal,
    reply_to: Option<&'a str>,
    media: bool,
}

impl<'a> Wanted<'a> {
    fn new(post: &'a NewPost) -> Self {
        let reply_to = post.reply_to.as_ref().map(PostId::as_str);
        Self { text: Normal::of_sent(&post.text), reply_to, media: !post.media.is_empty() }
    }

    fn is(&self, row: &Post) -> bool {
        if row.replies_to() != self.reply_to || row.has_media() != self.media {
            return false;
        }
        let text = Normal::of_received(row.text(), row.links());
        text == self.text
            || (self.reply_to.is_some()
                && text.without_mentions() == self.text.clone().without_mentions())
    }
}
