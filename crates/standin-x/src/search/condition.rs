//! One condition of a query: how it is written, and whether a post meets it.

use crate::media::Category;
use crate::text;
use crate::world::{Post, PostId, World};

/// What a post has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
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
    HasMedia,
    HasImages,
    HasVideos,
    MinLikes(u64),
    MinReplies(u64),
    MinReposts(u64),
}

impl Condition {
    /// Reads one part of a query, without a sign of denial.
    pub(super) fn parse(part: &str) -> Result<Self, String> {
        if let Some(tag) = part.strip_prefix('#') {
            return Ok(Self::Tag(tag.to_owned()));
        }
        if let Some(name) = part.strip_prefix('@') {
            return Ok(Self::Mention(name.to_owned()));
        }
        let Some((operator, value)) = part.split_once(':') else {
            return Ok(Self::Word(part.to_owned()));
        };
        let invalid = || format!("Reference to invalid value [{value}] of operator [{operator}]");
        let id = || value.parse::<PostId>().map_err(|_| invalid());
        let number = || value.parse::<u64>().map_err(|_| invalid());
        Ok(match (operator, value) {
            ("from", _) => Self::From(value.to_owned()),
            ("to", _) => Self::To(value.to_owned()),
            ("conversation_id", _) => Self::Conversation(id()?),
            ("in_reply_to_tweet_id" | "in_reply_to_status_id", _) => Self::ReplyTo(id()?),
            ("retweets_of_tweet_id", _) => Self::RepostOf(id()?),
            ("quotes_of_tweet_id", _) => Self::QuoteOf(id()?),
            ("min_likes", _) => Self::MinLikes(number()?),
            ("min_replies", _) => Self::MinReplies(number()?),
            ("min_reposts", _) => Self::MinReposts(number()?),
            ("is", "reply") => Self::IsReply,
            ("is", "quote") => Self::IsQuote,
            ("is", "retweet") => Self::IsRepost,
            ("has", "links") => Self::HasLinks,
            ("has", "mentions") => Self::HasMentions,
            ("has", "hashtags") => Self::HasHashtags,
            ("has", "media") => Self::HasMedia,
            ("has", "images") => Self::HasImages,
            ("has", "videos") => Self::HasVideos,
            _ => return Err(format!("Reference to invalid operator [{part}]")),
        })
    }

    /// Whether it may be all that a query asks.
    pub(super) fn stands_alone(&self) -> bool {
        matches!(
            self,
            Self::Word(_)
                | Self::Tag(_)
                | Self::Mention(_)
                | Self::From(_)
                | Self::To(_)
                | Self::Conversation(_)
                | Self::ReplyTo(_)
                | Self::RepostOf(_)
                | Self::QuoteOf(_)
        )
    }

    pub(super) fn holds(&self, world: &World, post: &Post) -> bool {
        let is_user = |id, name: &str| world.users.find(name).is_some_and(|user| user.id == id);
        let marked = |marks: Vec<text::Mark>, word: &str| {
            marks.iter().any(|mark| mark.word.to_lowercase() == word.to_lowercase())
        };
        let shows = |wanted: fn(Category) -> bool| {
            let uploads = post.media.iter().filter_map(|id| world.uploads.get(id));
            uploads.map(|upload| upload.category).any(wanted)
        };
        match self {
            // Since May 2026 reposts are no longer found by their words.
            Self::Word(word) => post.reposts.is_none() && contains_word(&post.text, word),
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
            Self::HasMedia => !post.media.is_empty(),
            Self::HasImages => shows(|category| category == Category::Image),
            Self::HasVideos => shows(|category| category == Category::Video),
            Self::MinLikes(least) => {
                post.likes.count() >= usize::try_from(*least).unwrap_or(usize::MAX)
            }
            Self::MinReplies(least) => post.replies >= *least,
            Self::MinReposts(least) => post.reposted >= *least,
        }
    }
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
