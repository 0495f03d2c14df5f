//! The query language, as far as it is needed: conditions that all have to hold.
//!
//! Words, `"phrases"`, `#tags`, `@mentions`, `from:`, `to:`, the four operators that name a post,
//! `is:` and `has:`, each with a `-` before it to deny it. `is:` and `has:` do not stand alone, and
//! neither does a denial. `OR` and brackets are refused, not misunderstood.

use crate::text;
use crate::world::{Post, PostId, World};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Word(String),
    Tag(String),
    Mention(String),
    From(String),
    To(String),
    Conversation(PostId),
    ReplyTo(PostId),
    RepostOf(PostId),
    QuoteOf(PostId),
    IsReply,
    IsQuote,
    IsRepost,
    HasLinks,
    HasMentions,
    HasHashtags,
}

/// A query that was understood.
#[derive(Clone, Debug)]
pub(super) struct Query {
    /// Each with whether it is denied.
    conditions: Vec<(bool, Condition)>,
}

impl Query {
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let mut conditions = Vec::new();
        for part in parts(written) {
            let (denied, part) = match part.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, part.as_str()),
            };
            conditions.push((denied, condition(part)?));
        }
        let stands = |(denied, condition): &(bool, Condition)| !denied && condition.stands_alone();
        if !conditions.iter().any(stands) {
            return Err("Rule must contain at least one positive, non-stopword clause".to_owned());
        }
        Ok(Self { conditions })
    }

    pub(super) fn matches(&self, world: &World, post: &Post) -> bool {
        // Since May 2026 reposts are no longer found by their words.
        let by_word = |(_, condition): &(bool, Condition)| matches!(condition, Condition::Word(_));
        if post.reposts.is_some() && self.conditions.iter().any(by_word) {
            return false;
        }
        self.conditions.iter().all(|(denied, condition)| condition.holds(world, post) != *denied)
    }

    pub(super) fn conversation(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::Conversation(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn replies_to(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::ReplyTo(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn quotes_of(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::QuoteOf(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn reposts_of(&self) -> Option<PostId> {
        self.asserted(|condition| match condition {
            Condition::RepostOf(id) => Some(*id),
            _ => None,
        })
    }

    pub(super) fn author(&self) -> Option<&str> {
        self.asserted(|condition| match condition {
            Condition::From(name) => Some(name.as_str()),
            _ => None,
        })
    }

    fn asserted<'a, T>(&'a self, pick: impl Fn(&'a Condition) -> Option<T>) -> Option<T> {
        let affirmed = self.conditions.iter().filter(|(denied, _)| !denied);
        affirmed.map(|(_, condition)| condition).find_map(pick)
    }
}

impl Condition {
    fn stands_alone(&self) -> bool {
        !matches!(
            self,
            Self::IsReply
                | Self::IsQuote
                | Self::IsRepost
                | Self::HasLinks
                | Self::HasMentions
                | Self::HasHashtags
        )
    }

    fn holds(&self, world: &World, post: &Post) -> bool {
        let is_user = |id, name: &str| world.users.find(name).is_some_and(|user| user.id == id);
        let marked = |marks: Vec<text::Mark>, word: &str| {
            marks.iter().any(|mark| mark.word.to_lowercase() == word.to_lowercase())
        };
        match self {
            Self::Word(word) => contains_word(&post.text, word),
            Self::Tag(tag) => marked(text::hashtags(&post.text), tag),
            Self::Mention(name) => marked(text::mentions(&post.text), name),
            Self::From(name) => is_user(post.author, name),
            Self::To(name) => post
                .reply_to
                .and_then(|target| world.posts.live(target))
                .is_some_and(|target| is_user(target.author, name)),
            Self::Conversation(id) => post.reposts.is_none() && post.conversation == *id,
            Self::ReplyTo(id) => post.reply_to == Some(*id),
            Self::RepostOf(id) => post.reposts == Some(*id),
            Self::QuoteOf(id) => post.quotes == Some(*id),
            Self::IsReply => post.reply_to.is_some(),
            Self::IsQuote => post.quotes.is_some(),
            Self::IsRepost => post.reposts.is_some(),
            Self::HasLinks => !post.links.is_empty(),
            Self::HasMentions => !text::mentions(&post.text).is_empty(),
            Self::HasHashtags => !text::hashtags(&post.text).is_empty(),
        }
    }
}

/// Splits at spaces, except inside quotation marks, which go.
fn parts(written: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in written.chars() {
        match letter {
            '"' => quoted = !quoted,
            space if space.is_whitespace() && !quoted => parts.push(String::new()),
            other => parts.last_mut().expect("there is always a part").push(other),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn condition(part: &str) -> Result<Condition, String> {
    if part == "OR" || part.contains(['(', ')']) {
        return Err(format!("This stand-in knows no alternatives and no brackets: [{part}]"));
    }
    if let Some(tag) = part.strip_prefix('#') {
        return Ok(Condition::Tag(tag.to_owned()));
    }
    if let Some(name) = part.strip_prefix('@') {
        return Ok(Condition::Mention(name.to_owned()));
    }
    let Some((operator, value)) = part.split_once(':') else {
        return Ok(Condition::Word(part.to_owned()));
    };
    let id = || {
        let invalid = |_| format!("Reference to invalid value [{value}] of operator [{operator}]");
        value.parse().map_err(invalid)
    };
    Ok(match (operator, value) {
        ("from", _) => Condition::From(value.to_owned()),
        ("to", _) => Condition::To(value.to_owned()),
        ("conversation_id", _) => Condition::Conversation(id()?),
        ("in_reply_to_tweet_id" | "in_reply_to_status_id", _) => Condition::ReplyTo(id()?),
        ("retweets_of_tweet_id", _) => Condition::RepostOf(id()?),
        ("quotes_of_tweet_id", _) => Condition::QuoteOf(id()?),
        ("is", "reply") => Condition::IsReply,
        ("is", "quote") => Condition::IsQuote,
        ("is", "retweet") => Condition::IsRepost,
        ("has", "links") => Condition::HasLinks,
        ("has", "mentions") => Condition::HasMentions,
        ("has", "hashtags") => Condition::HasHashtags,
        _ => return Err(format!("Reference to invalid operator [{part}]")),
    })
}

/// Whether the text has this word, or these words in a row, in any case.
fn contains_word(text: &str, wanted: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (text, wanted) = (words(text), words(wanted));
    !wanted.is_empty() && text.windows(wanted.len()).any(|run| run == wanted)
}
