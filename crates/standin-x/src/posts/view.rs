//! How posts look: the fields that were asked for, and the people and posts they refer to.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::auth::Caller;
use crate::shape::Shape;
use crate::text;
use crate::world::{MediaId, Post, PostId, Upload, UserId, World};
use crate::{clock, media, problem, users};

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

/// `data` with these posts and `includes` with what they refer to. No posts: no `data`.
pub(crate) fn document(world: &World, shape: &Shape, ids: &[PostId]) -> Value {
    let posts: Vec<&Post> = ids.iter().filter_map(|id| world.posts.live(*id)).collect();
    let mut answer = Map::new();
    if !posts.is_empty() {
        let rows = posts.iter().map(|post| view(world, shape, post)).collect();
        answer.insert("data".into(), Value::Array(rows));
    }
    let includes = includes(world, shape, &posts);
    if !includes.is_empty() {
        answer.insert("includes".into(), Value::Object(includes));
    }
    Value::Object(answer)
}

fn view(world: &World, shape: &Shape, post: &Post) -> Value {
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

fn references(post: &Post) -> Vec<(&'static str, PostId)> {
    [("retweeted", post.reposts), ("quoted", post.quotes), ("replied_to", post.reply_to)]
        .into_iter()
        .filter_map(|(kind, id)| Some((kind, id?)))
        .collect()
}

/// Whose post it answers. Known as long as that post is.
fn answered(world: &World, post: &Post) -> Option<UserId> {
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

fn mentioned(world: &World, post: &Post) -> Vec<(text::Mark, UserId)> {
    text::mentions(&post.text)
        .into_iter()
        .filter_map(|mark| {
            let user = world.users.by_handle(&mark.word)?.id;
            Some((mark, user))
        })
        .collect()
}

fn includes(world: &World, shape: &Shape, posts: &[&Post]) -> Map<String, Value> {
    let mut people = BTreeSet::new();
    let mut related = BTreeSet::new();
    let mut pictures: BTreeSet<MediaId> = BTreeSet::new();
    for post in posts {
        if shape.expands("author_id") {
            people.insert(post.author);
        }
        if shape.expands("in_reply_to_user_id") {
            people.extend(answered(world, post));
        }
        if shape.expands("entities.mentions.username") {
            people.extend(mentioned(world, post).into_iter().map(|(_, user)| user));
        }
        if shape.expands("attachments.media_keys") {
            pictures.extend(&post.media);
        }
        let targets = references(post).into_iter().filter_map(|(_, id)| world.posts.live(id));
        for target in targets {
            if shape.expands("referenced_tweets.id") {
                related.insert(target.id);
            }
            if shape.expands("referenced_tweets.id.author_id") {
                people.insert(target.author);
            }
            if shape.expands("referenced_tweets.id.attachments.media_keys") {
                pictures.extend(&target.media);
            }
        }
    }
    let mut includes = Map::new();
    let pictures: Vec<Value> = pictures
        .into_iter()
        .filter_map(|id| world.uploads.get(&id))
        .map(|upload| media::shown(shape, upload))
        .collect();
    if !pictures.is_empty() {
        includes.insert("media".into(), Value::Array(pictures));
    }
    let people: Vec<Value> = people
        .into_iter()
        .filter_map(|id| world.users.get(id))
        .map(|user| users::view(shape, user))
        .collect();
    if !people.is_empty() {
        includes.insert("users".into(), Value::Array(people));
    }
    let related: Vec<Value> = related
        .into_iter()
        .filter_map(|id| world.posts.live(id))
        .map(|post| view(world, shape, post))
        .collect();
    if !related.is_empty() {
        includes.insert("tweets".into(), Value::Array(related));
    }
    includes
}
