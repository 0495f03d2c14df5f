//! What posts refer to, and what comes along with them when it is asked for.
//!
//! Whoever may not see a thing does not get it as a related one either. A post that is referred to
//! and gone is named in `errors`, with status 200.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::view::{answered, mentioned, references, view, withheld};
use crate::auth::Caller;
use crate::shape::Shape;
use crate::world::{MediaId, Post, PostId, UserId, World};
use crate::{media, users};

const REFERENCED: &str = "referenced_tweets.id";

#[derive(Debug, Default)]
struct Related {
    people: BTreeSet<UserId>,
    posts: BTreeSet<PostId>,
    media: BTreeSet<MediaId>,
    /// Posts that are referred to and not shown.
    missing: BTreeSet<PostId>,
}

/// `data` with these posts, `includes` with what they refer to, and `errors` for what of that
/// cannot be had. No posts: no `data`.
pub(crate) fn document(world: &World, shape: &Shape, caller: Caller, ids: &[PostId]) -> Value {
    let posts: Vec<&Post> = ids.iter().filter_map(|id| world.posts.live(*id)).collect();
    let mut related = Related::default();
    for post in &posts {
        related.gather(world, shape, caller, post);
    }
    let mut answer = Map::new();
    put(&mut answer, "data", posts.iter().map(|post| view(world, shape, post)).collect());
    let error = |id: &PostId| withheld(world, caller, *id, (REFERENCED, &id.to_string()));
    put(&mut answer, "errors", related.missing.iter().filter_map(error).collect());
    let includes = related.shown(world, shape);
    if !includes.is_empty() {
        answer.insert("includes".into(), Value::Object(includes));
    }
    Value::Object(answer)
}

impl Related {
    fn gather(&mut self, world: &World, shape: &Shape, caller: Caller, post: &Post) {
        if shape.expands("author_id") {
            self.people.insert(post.author);
        }
        if shape.expands("in_reply_to_user_id") {
            self.people.extend(answered(world, post));
        }
        if shape.expands("entities.mentions.username") {
            self.people.extend(mentioned(world, post).into_iter().map(|(_, user)| user));
        }
        if shape.expands("attachments.media_keys") {
            self.media.extend(&post.media);
        }
        for (_, id) in references(post) {
            let shown = withheld(world, caller, id, (REFERENCED, "")).is_none();
            let Some(target) = world.posts.live(id).filter(|_| shown) else {
                if shape.expands(REFERENCED) {
                    self.missing.insert(id);
                }
                continue;
            };
            if shape.expands(REFERENCED) {
                self.posts.insert(target.id);
            }
            if shape.expands("referenced_tweets.id.author_id") {
                self.people.insert(target.author);
            }
            if shape.expands("referenced_tweets.id.attachments.media_keys") {
                self.media.extend(&target.media);
            }
        }
    }

    fn shown(&self, world: &World, shape: &Shape) -> Map<String, Value> {
        let uploads = self.media.iter().filter_map(|id| world.uploads.get(id));
        let people = self.people.iter().filter_map(|id| world.users.get(*id));
        let people = people.filter(|user| !user.suspended);
        let posts = self.posts.iter().filter_map(|id| world.posts.live(*id));
        let mut all = Map::new();
        put(&mut all, "media", uploads.map(|upload| media::shown(shape, upload)).collect());
        put(&mut all, "users", people.map(|user| users::view(shape, user)).collect());
        put(&mut all, "tweets", posts.map(|post| view(world, shape, post)).collect());
        all
    }
}

/// Empty lists are left out.
fn put(answer: &mut Map<String, Value>, name: &str, rows: Vec<Value>) {
    if !rows.is_empty() {
        answer.insert(name.to_owned(), Value::Array(rows));
    }
}
