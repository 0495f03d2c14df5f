//! What really happened, for a test to compare with what the system believes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MediaId, Origin, Post, PostId, UserId, World};
use crate::{clock, media};

/// Numbers that only grow.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counters {
    #[serde(with = "crate::state::pairs")]
    requests: BTreeMap<(Cow<'static, str>, Outcome), u64>,
    /// Duplicate texts refused with 403.
    pub(crate) duplicates_refused: u64,
    /// Scheduled acts that could not be performed.
    pub(crate) acts_refused: u64,
}

/// How a request ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// The line was cut.
    Dropped,
    /// An answer with this status.
    Status(u16),
}

impl Outcome {
    fn shown(self) -> Value {
        match self {
            Self::Dropped => json!("dropped"),
            Self::Status(status) => json!(status),
        }
    }
}

impl Counters {
    pub(crate) fn count(&mut self, route: &'static str, outcome: Outcome) {
        *self.requests.entry((route.into(), outcome)).or_default() += 1;
    }

    fn requests(&self) -> Vec<Value> {
        let rows = self.requests.iter().map(|((route, outcome), count)| {
            json!({ "route": route, "status": outcome.shown(), "count": count })
        });
        rows.collect()
    }
}

impl World {
    /// Everything counted. Posts that people wrote by scripted acts are listed on demand only:
    /// there may be a hundred thousand of them.
    pub(crate) fn count_everything(&self, with_acts: bool, now: i64) -> Value {
        let by_api = |post: &&Post| post.origin == Origin::Api;
        let wanted = |post: &&Post| with_acts || by_api(post);
        let posts: Vec<Value> = self.posts.ever().filter(wanted).map(row).collect();
        let by_act = self.posts.ever().filter(|post| post.origin == Origin::Act).count();
        json!({
            "limits": self.limits.name(),
            "requests": self.counters.requests(),
            "spend": self.money.counted(),
            "posts": posts,
            "posts_by_acts": by_act,
            "media": self.uploads.values().map(|upload| media::counted(upload, now)).collect::<Vec<_>>(),
            "duplicates_refused": self.counters.duplicates_refused,
            "duplicate_posts": self.duplicate_posts(),
            "acts_refused": self.counters.acts_refused,
            "acts_waiting": self.agenda.len(),
        })
    }

    /// What media show, whichever upload they came by: their hashes, or their ids where those are
    /// not known.
    pub(crate) fn contents(&self, media: &[MediaId]) -> Vec<String> {
        let content = |id: &MediaId| {
            let hash = self.uploads.get(id).and_then(|upload| upload.sha256.clone());
            hash.unwrap_or_else(|| id.to_string())
        };
        media.iter().map(content).collect()
    }

    /// What the API was made to publish more than once: same author, text, media and target.
    /// Deleting one of them does not undo that it was public twice.
    fn duplicate_posts(&self) -> Vec<Value> {
        let mut groups: BTreeMap<Published<'_>, Vec<PostId>> = BTreeMap::new();
        let ours = |post: &&Post| post.origin == Origin::Api && post.reposts.is_none();
        for post in self.posts.ever().filter(ours) {
            let published =
                (post.author, post.sent.as_str(), post.reply_to, self.contents(&post.media));
            groups.entry(published).or_default().push(post.id);
        }
        groups
            .into_iter()
            .filter(|(_, ids)| ids.len() > 1)
            .map(|((author, text, reply_to, _), ids)| {
                json!({ "author": author, "text": text, "reply_to": reply_to, "ids": ids })
            })
            .collect()
    }
}

/// What makes two posts the same one: author, text, target, and what their media show.
type Published<'a> = (UserId, &'a str, Option<PostId>, Vec<String>);

fn row(post: &Post) -> Value {
    json!({
        "id": post.id,
        "author": post.author,
        "text": post.sent,
        "reply_to": post.reply_to,
        "quotes": post.quotes,
        "media": post.media,
        "reposts": post.reposts,
        "created_at": clock::written(post.created_at),
        "deleted": post.deleted,
    })
}
