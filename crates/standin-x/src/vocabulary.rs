//! Two sets of names for the same things.
//!
//! X renamed tweets to posts in version 2.167 of its specification, while most of its
//! documentation and its wire format kept the old names. The stand-in writes every answer with the
//! old names; when the new ones are wanted, the finished answer is renamed here, in one place.
//! What a client sends is understood in both vocabularies at all times.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which names an answer uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Vocabulary {
    /// `retweet_count`, `referenced_tweets`: up to 2.166, and on the wire.
    #[default]
    Tweet,
    /// `repost_count`, `referenced_posts`: 2.167.
    Post,
}

/// Old name, new name.
const RENAMED: [(&str, &str); 10] = [
    ("edit_history_tweet_ids", "edit_history_post_ids"),
    ("most_recent_tweet_id", "most_recent_post_id"),
    ("note_tweet", "note_post"),
    ("pinned_tweet_id", "pinned_post_id"),
    ("referenced_tweets", "referenced_posts"),
    ("referenced_tweets.id", "referenced_posts"),
    ("retweet_count", "repost_count"),
    ("tweet_count", "post_count"),
    ("total_tweet_count", "total_post_count"),
    ("tweets", "posts"),
];

impl Vocabulary {
    /// What the version header says.
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Tweet => "2.166",
            Self::Post => "2.167",
        }
    }

    /// Gives an answer the names of this vocabulary.
    pub(crate) fn dress(self, answer: Value) -> Value {
        match (self, answer) {
            (Self::Tweet, answer) => answer,
            (Self::Post, Value::Object(fields)) => {
                let renamed = fields.into_iter().map(|(name, value)| {
                    let value = match value {
                        Value::String(text) if name == "type" => {
                            Value::String(text.replace("//api.twitter.com/", "//api.x.com/"))
                        }
                        other => self.dress(other),
                    };
                    (new_name(&name).to_owned(), value)
                });
                Value::Object(renamed.collect::<Map<_, _>>())
            }
            (Self::Post, Value::Array(items)) => {
                Value::Array(items.into_iter().map(|item| self.dress(item)).collect())
            }
            (Self::Post, other) => other,
        }
    }
}

/// The old name of a field that a client asked for, whichever name it used.
pub(crate) fn old_name(name: &str) -> &str {
    RENAMED.iter().find(|(_, new)| *new == name).map_or(name, |(old, _)| old)
}

fn new_name(name: &str) -> &str {
    RENAMED.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}
