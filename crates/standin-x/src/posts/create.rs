//! `POST /2/tweets`: everything that stands between a text and the public.
//!
//! There is no way to say "only once": no key, no token, no condition. A client that does not
//! hear the answer has to look for its post.

use serde_json::json;

use super::request::PostRequest;
use crate::call::{Answer, Call, Reply};
use crate::faults::FaultKind;
use crate::media;
use crate::money;
use crate::problem::Problem;
use crate::text;
use crate::world::{Draft, Origin, PostId, UserId, World};

const NOT_PERMITTED: &str = "You are not permitted to perform this action.";
const DUPLICATE: &str = "You are not allowed to create a Tweet with duplicate content.";
const ONE_CASHTAG: &str = "Posts can contain a maximum of one cashtag.";
const INVALID_URL: &str = "The Tweet contains an invalid URL.";
const REPLY_GATE: &str = "Reply to this conversation is not allowed because you have not been \
                          mentioned or otherwise engaged by the author of the post you are \
                          replying to.";
const QUOTE_GATE: &str = "Quoting this post is not allowed because you have not been mentioned or \
                          otherwise engaged by the author of this post.";
const TARGET_GONE: &str = "You attempted to reply to a Tweet that is deleted or not visible to \
                           you.";

/// `POST /2/tweets`
pub(crate) fn create(world: &mut World, call: &Call) -> Reply {
    let author = call.user()?;
    let request = PostRequest::read(&call.object()?)?;
    if !request.media.is_empty() && call.struck(FaultKind::MediaInvalid) {
        return Err(media::invalid_ids(&request.media));
    }
    let draft = Draft {
        media: media::publishable(world, author, &request.media, call.now)?,
        reply_to: request.reply_to,
        quotes: request.quotes,
        reply_settings: request.reply_settings.unwrap_or_else(|| "everyone".to_owned()),
        paid_partnership: request.paid_partnership,
        ..Draft::new(author, &request.text, Origin::Api)
    };
    check_text(world, &draft)?;
    if request.quotes.is_some() && !world.settings.enterprise {
        // Quoting through the API is for enterprise customers.
        return Err(Problem::forbidden(QUOTE_GATE));
    }
    if let Some(target) = request.quotes {
        check_quote(world, target)?;
    }
    if let Some(target) = request.reply_to {
        check_reply_gate(world, author, target)?;
    }
    if is_duplicate(world, &draft, call.now) {
        world.counters.duplicates_refused += 1;
        return Err(Problem::forbidden(DUPLICATE));
    }
    money::check_post(world, &draft)?;
    let id = world.publish(draft, call.now);
    let text = world.posts.live(id).map_or("", |post| &post.text);
    let data = json!({ "id": id, "text": text, "edit_history_tweet_ids": [id] });
    Ok(Answer::created(json!({ "data": data })))
}

fn check_text(world: &World, draft: &Draft) -> Result<(), Problem> {
    let text = &draft.text;
    if text.is_empty() && draft.media.is_empty() {
        return Err(Problem::invalid_body("$.text: is missing but it is required"));
    }
    if text::weighted_length(text) > text::LIMIT {
        return Err(Problem::forbidden(NOT_PERMITTED));
    }
    let refused = &world.settings.refused_hosts;
    let leads_there = |host: &str| refused.iter().any(|name| name.eq_ignore_ascii_case(host));
    if text::bare_links(text).into_iter().any(|range| leads_there(text::host(&text[range]))) {
        return Err(Problem::forbidden(INVALID_URL));
    }
    if text::cashtags(text).len() > 1 {
        return Err(Problem::forbidden(ONE_CASHTAG));
    }
    Ok(())
}

/// One may answer oneself, and whoever spoke to one: by naming one or by quoting one.
fn check_reply_gate(world: &World, author: UserId, target: PostId) -> Result<(), Problem> {
    let target = world.posts.live(target).ok_or_else(|| Problem::forbidden(TARGET_GONE))?;
    let handle = world.users.get(author).map_or("", |user| &user.handle);
    let named =
        || text::mentions(&target.text).iter().any(|mark| mark.word.eq_ignore_ascii_case(handle));
    let quoted = || {
        let quoted = target.quotes.and_then(|quoted| world.posts.live(quoted));
        quoted.is_some_and(|quoted| quoted.author == author)
    };
    if target.author == author || named() || quoted() {
        return Ok(());
    }
    Err(Problem::forbidden(REPLY_GATE))
}

fn check_quote(world: &World, target: PostId) -> Result<(), Problem> {
    let gone = || Problem::forbidden(TARGET_GONE);
    world.posts.live(target).map(|_| ()).ok_or_else(gone)
}

fn is_duplicate(world: &World, draft: &Draft, now: i64) -> bool {
    let since = now - world.settings.duplicate_window_secs * 1_000_000;
    world.settings.refuse_duplicates
        && world
            .posts
            .of_author(draft.author)
            .take_while(|post| post.created_at >= since)
            .filter(|post| post.reposts.is_none() && post.sent == draft.text)
            .any(|post| world.contents(&post.media) == world.contents(&draft.media))
}
