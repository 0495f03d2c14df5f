//! How a post looks: the fields that were asked for.

use serde_json::{Map, Value, json};

use crate::auth::Caller;
use crate::shape::Shape;
use crate::text;
use crate::world::{Post, PostId, Upload, UserId, World};
use crate::{clock, problem};

/// Why a post is not shown to this caller: an entry of `errors[]`, or nothing.
pub(crate) fn withheld(
    world: &World,
    caller: Caller,
    id: PostId,
    (parameter, value): (&str, &str),
) -> Option<Value> {
    let Some(post) = world.posts.live(id) else {
        return Some(problem::missing("tweet", parameter, value));
    };
    if post.created_at + world.settings.lookup_delay_ms * 1000 > world.now {
        return Some(problem::missing("tweet", parameter, value));
    }
    let author = world.users.get(post.author)?;
    if author.suspended {
        return Some(problem::missing("tweet", parameter, value));
    }
    let own = caller.user() == Some(post.author);
    (author.protected && !own).then(|| problem::not_authorized("tweet", parameter, value))
}

/// A post with the default fields and those of `shape`.
pub(crate) fn view(world: &World, shape: &Shape, post: &Post) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("id", json!(post.id));
    put("text", json!(post.text));
    put("edit_history_tweet_ids", json!([post.id]));
    if shape.post("author_id") {
        put("author_id", json!(post.author));
    }
    if shape.post("conversation_id") {
        put("conversation_id", json!(post.conversation));
    }
    if shape.post("created_at") {
        put("created_at", json!(clock::written(post.created_at)));
    }
    if shape.post("public_metrics") {
        put("public_metrics", metrics(post));
    }
    if shape.post("reply_settings") {
        put("reply_settings", json!(post.reply_settings));
    }
    if shape.post("possibly_sensitive") {
        put("possibly_sensitive", json!(false));
    }
    if shape.post("paid_partnership") && post.paid_partnership {
        put("paid_partnership", json!(true));
    }
    let references = references(post);
    if shape.post("referenced_tweets") && !references.is_empty() {
        let rows = references.iter().map(|(kind, id)| json!({ "type": kind, "id": id }));
        put("referenced_tweets", rows.collect());
    }
    if shape.post("attachments") && !post.media.is_empty() {
        put("attachments", json!({ "media_keys": media_keys(world, post) }));
    }
    if shape.post("in_reply_to_user_id")
        && let Some(answered) = answered(world, post)
    {
        put("in_reply_to_user_id", json!(answered));
    }
    if shape.post("entities")
        && let Some(entities) = entities(world, post)
    {
        put("entities", entities);
    }
    Value::Object(fields)
}

fn metrics(post: &Post) -> Value {
    json!({
        "retweet_count": post.reposted,
        "reply_count": post.replies,
        "like_count": post.likes.count(),
        "quote_count": post.quoted,
        "bookmark_count": 0,
        "impression_count": 0,
    })
}

pub(super) fn references(post: &Post) -> Vec<(&'static str, PostId)> {
    [("retweeted", post.reposts), ("quoted", post.quotes), ("replied_to", post.reply_to)]
        .into_iter()
        .filter_map(|(kind, id)| Some((kind, id?)))
        .collect()
}

/// Whose post it answers. Known as long as that post is.
pub(super) fn answered(world: &World, post: &Post) -> Option<UserId> {
    world.posts.live(post.reply_to?).map(|target| target.author)
}

fn entities(world: &World, post: &Post) -> Option<Value> {
    let mut all = Map::new();
    let links: Vec<Value> = post
        .links
        .iter()
        .filter_map(|link| {
            let start = post.text[..post.text.find(&link.short)?].chars().count();
            let row = json!({
                "start": start, "end": start + link.short.chars().count(), "url": link.short,
                "expanded_url": link.expanded, "display_url": link.display,
            });
            Some(if link.to_media { for_each_key(world, post, &row) } else { vec![row] })
        })
        .flatten()
        .collect();
    let tagged = |marks: Vec<text::Mark>| -> Vec<Value> {
        let row =
            |mark: text::Mark| json!({ "start": mark.start, "end": mark.end, "tag": mark.word });
        marks.into_iter().map(row).collect()
    };
    let mentioned: Vec<Value> = mentioned(world, post)
        .into_iter()
        .map(|(mark, user)| {
            json!({ "start": mark.start, "end": mark.end, "username": mark.word, "id": user })
        })
        .collect();
    for (name, rows) in [
        ("urls", links),
        ("hashtags", tagged(text::hashtags(&post.text))),
        ("cashtags", tagged(text::cashtags(&post.text))),
        ("mentions", mentioned),
    ] {
        if !rows.is_empty() {
            all.insert(name.to_owned(), Value::Array(rows));
        }
    }
    (!all.is_empty()).then_some(Value::Object(all))
}

fn media_keys(world: &World, post: &Post) -> Vec<String> {
    post.media.iter().filter_map(|id| world.uploads.get(id)).map(Upload::key).collect()
}

/// The one link that stands for all media is listed once for each of them.
fn for_each_key(world: &World, post: &Post, row: &Value) -> Vec<Value> {
    let with_key = |key: String| {
        let mut row = row.clone();
        row["media_key"] = json!(key);
        row
    };
    media_keys(world, post).into_iter().map(with_key).collect()
}

pub(super) fn mentioned(world: &World, post: &Post) -> Vec<(text::Mark, UserId)> {
    text::mentions(&post.text)
        .into_iter()
        .filter_map(|mark| {
            let user = world.users.by_handle(&mark.word)?.id;
            Some((mark, user))
        })
        .collect()
}
