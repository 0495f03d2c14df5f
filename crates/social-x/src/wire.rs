//! Shapes that several endpoints answer with, in both of X's vocabularies.
//!
//! The two names of one fact are two fields, not aliases: an answer that carries both is legal.
//! Absent fields are omitted by X, never null; both are read alike. <OpenAPI 2.166 and 2.167>

use std::collections::HashMap;

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, ProfileId, Time};
use hashbuzz_social::{Author, ReadError, Sighting};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Call;
use crate::problem::Problem;
use crate::remedy;
use crate::same;
use crate::settings::Vocabulary;

/// What is asked about people.
const USER_FIELDS: &str = "created_at,profile_image_url,public_metrics,username";

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    data: Option<Vec<T>>,
    includes: Option<Includes>,
    errors: Option<Vec<Value>>,
    meta: Option<Meta>,
}

#[derive(Debug, Default, Deserialize)]
struct Includes {
    users: Option<Vec<User>>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    result_count: Option<u64>,
    next_token: Option<String>,
}

/// A page of a list that is known to be one.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    pub(crate) rows: Vec<T>,
    users: Vec<User>,
    /// Whether X says that it left something out.
    pub(crate) gap: bool,
    /// X's token of the next page.
    pub(crate) next: Option<String>,
}

/// A profile.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    username: Option<String>,
    created_at: Option<String>,
    profile_image_url: Option<String>,
    public_metrics: Option<UserMetrics>,
}

#[derive(Debug, Deserialize)]
struct UserMetrics {
    followers_count: Option<u64>,
    following_count: Option<u64>,
    tweet_count: Option<u64>,
    post_count: Option<u64>,
}

/// A post.
#[derive(Debug, Deserialize)]
pub(crate) struct Post {
    pub(crate) id: String,
    text: Option<String>,
    author_id: Option<String>,
    created_at: Option<String>,
    note_tweet: Option<Note>,
    note_post: Option<Note>,
    referenced_tweets: Option<Vec<Reference>>,
    referenced_posts: Option<Vec<Reference>>,
    entities: Option<Entities>,
    attachments: Option<Attachments>,
    pub(crate) public_metrics: Option<PostMetrics>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PostMetrics {
    pub(crate) like_count: Option<u64>,
    pub(crate) reply_count: Option<u64>,
    pub(crate) quote_count: Option<u64>,
    pub(crate) retweet_count: Option<u64>,
    pub(crate) repost_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Note {
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

#[derive(Debug, Deserialize)]
struct Attachments {
    media_keys: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Entities {
    urls: Option<Vec<Link>>,
}

/// A link as X rewrote it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Link {
    pub(crate) url: Option<String>,
    pub(crate) expanded_url: Option<String>,
    /// Set for the link that X appends for an attached picture.
    pub(crate) media_key: Option<String>,
}

impl<T> List<T> {
    /// How many rows it has.
    pub(crate) fn len(&self) -> u64 {
        self.data.as_ref().map_or(0, |rows| rows.len() as u64)
    }

    /// Takes the page apart.
    ///
    /// An empty list is one that X calls empty: JSON without rows, reasons and count, which any
    /// gateway may send, is no list and must not look like everybody's absence.
    pub(crate) fn rows(self) -> Result<Rows<T>, ReadError> {
        let errors = self.errors.unwrap_or_default();
        if self.data.is_none() && !errors.is_empty() {
            return Err(remedy::of_partial(&errors));
        }
        let count = self.meta.as_ref().and_then(|meta| meta.result_count);
        let rows = match self.data {
            Some(rows) => rows,
            None if count == Some(0) => Vec::new(),
            None => return Err(malformed("a list that is none")),
        };
        Ok(Rows {
            rows,
            users: self.includes.and_then(|includes| includes.users).unwrap_or_default(),
            gap: errors.iter().any(is_gap),
            next: self.meta.and_then(|meta| meta.next_token).filter(|token| !token.is_empty()),
        })
    }
}

/// Whether an entry of `errors` says that a row may be missing. What was not found is gone, and a
/// person who cannot be shown does not hide their post.
fn is_gap(error: &Value) -> bool {
    match Problem::from_value(error).kind.as_str() {
        "resource-not-found" => false,
        "not-authorized-for-resource" | "not-authorized-for-field" => {
            error["resource_type"] != "user"
        }
        _ => true,
    }
}

impl User {
    /// Today's handle; empty when X did not send it.
    pub(crate) fn handle(&self) -> &str {
        self.username.as_deref().unwrap_or_default()
    }

    /// The facts about this person.
    pub(crate) fn author(&self) -> Result<Author, ReadError> {
        let metrics = self.public_metrics.as_ref();
        Ok(Author {
            id: profile_id(&self.id)?,
            handle: self.handle().to_owned(),
            created_at: self.created_at.as_deref().map(time).transpose()?,
            followers: metrics.and_then(|m| m.followers_count),
            following: metrics.and_then(|m| m.following_count),
            posts: metrics.and_then(|m| m.tweet_count.or(m.post_count)),
            default_avatar: self
                .profile_image_url
                .as_ref()
                .map(|url| url.contains("default_profile_images")),
        })
    }
}

impl<T> Rows<T> {
    /// The people of this page by id. Suspended ones are missing.
    pub(crate) fn authors(&self) -> Result<HashMap<&str, Author>, ReadError> {
        self.users.iter().map(|user| Ok((user.id.as_str(), user.author()?))).collect()
    }
}

impl Post {
    /// When it was created.
    pub(crate) fn created_at(&self) -> Result<Option<Time>, ReadError> {
        self.created_at.as_deref().map(time).transpose()
    }

    /// The whole text: of a long post, `text` is only its beginning.
    pub(crate) fn text(&self) -> &str {
        let note = self.note_tweet.as_ref().or(self.note_post.as_ref());
        note.and_then(|note| note.text.as_deref()).or(self.text.as_deref()).unwrap_or_default()
    }

    /// The links that X rewrote.
    pub(crate) fn links(&self) -> &[Link] {
        self.entities.as_ref().and_then(|e| e.urls.as_deref()).unwrap_or_default()
    }

    /// Whether it shows pictures or a video.
    pub(crate) fn has_media(&self) -> bool {
        let attached = self.attachments.as_ref().and_then(|attached| attached.media_keys.as_ref());
        attached.is_some_and(|keys| !keys.is_empty())
            || self.links().iter().any(|link| link.media_key.is_some())
    }

    /// The post that this one answers.
    pub(crate) fn replies_to(&self) -> Option<&str> {
        self.refers_to("replied_to")
    }

    fn refers_to(&self, how: &str) -> Option<&str> {
        self.references()?.iter().find(|r| r.kind == how).map(|r| r.id.as_str())
    }

    /// What it refers to; none when X did not say.
    fn references(&self) -> Option<&[Reference]> {
        self.referenced_tweets.as_deref().or(self.referenced_posts.as_deref())
    }

    /// Whether X said what this post refers to.
    pub(crate) fn says_what_it_refers_to(&self) -> bool {
        self.references().is_some()
    }

    /// Whether it is this kind of engagement with `post`.
    pub(crate) fn is(&self, kind: Kind, post: &PostId) -> bool {
        let how = match kind {
            Kind::Reply => "replied_to",
            Kind::Quote => "quoted",
            Kind::Repost => "retweeted",
            Kind::Like => return false,
        };
        self.refers_to(how) == Some(post.as_str())
    }

    /// This post as somebody's engagement. A repost is known by who made it, as in the list that
    /// shows people only; so it has no object of its own and no words.
    pub(crate) fn sighting(
        &self,
        post: &PostId,
        kind: Kind,
        people: &HashMap<&str, Author>,
    ) -> Result<Sighting, ReadError> {
        let id = self.author_id.as_deref().ok_or_else(|| malformed("a post without author"))?;
        let author = match people.get(id) {
            Some(author) => author.clone(),
            None => unknown_author(id)?,
        };
        let own = kind != Kind::Repost;
        Ok(Sighting {
            post: post.clone(),
            kind,
            author,
            object: own.then(|| post_id(&self.id)).transpose()?,
            at: self.created_at()?,
            text: own.then(|| same::decoded(self.text())),
        })
    }
}

/// An author of whom X sent nothing but the id: suspended or protected since.
fn unknown_author(id: &str) -> Result<Author, ReadError> {
    Ok(Author {
        id: profile_id(id)?,
        handle: String::new(),
        created_at: None,
        followers: None,
        following: None,
        posts: None,
        default_avatar: None,
    })
}

/// Asks for people's facts.
pub(crate) fn with_people(call: Call) -> Call {
    call.query("user.fields", USER_FIELDS)
}

/// Asks for posts with author, time, text and what they answer.
pub(crate) fn with_posts(call: Call, vocabulary: Vocabulary) -> Call {
    with_people(match vocabulary {
        Vocabulary::Tweet => call
            .query(
                "tweet.fields",
                "attachments,author_id,created_at,entities,note_tweet,referenced_tweets",
            )
            .query("expansions", "author_id"),
        Vocabulary::Post => call
            .query("post.fields", "attachments,created_at,entities,note_post,text")
            .query("expansions", "author_id,referenced_posts"),
    })
}

/// The name of the parameter that names fields of posts.
pub(crate) fn post_fields(vocabulary: Vocabulary) -> &'static str {
    match vocabulary {
        Vocabulary::Tweet => "tweet.fields",
        Vocabulary::Post => "post.fields",
    }
}

/// An id as X's paths and queries take it.
pub(crate) fn numeric(id: &str) -> Result<&str, String> {
    let legal = (1..=19).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    if legal { Ok(id) } else { Err("an id of X has 1 to 19 digits".to_owned()) }
}

/// As [`numeric`], for reads.
pub(crate) fn readable(id: &str) -> Result<&str, ReadError> {
    numeric(id).map_err(ReadError::Refused)
}

/// A post's id as X sent it.
pub(crate) fn post_id(text: &str) -> Result<PostId, ReadError> {
    text.parse().map_err(|_| malformed("a post without an id"))
}

/// A profile's id as X sent it.
pub(crate) fn profile_id(text: &str) -> Result<ProfileId, ReadError> {
    text.parse().map_err(|_| malformed("a profile without an id"))
}

/// An answer that is none: asking again may help, believing it does not.
pub(crate) fn malformed(what: &str) -> ReadError {
    ReadError::Unavailable(format!("X answered with {what}"))
}

fn time(text: &str) -> Result<Time, ReadError> {
    let stamp: Timestamp = text.parse().map_err(|_| malformed("a time that is none"))?;
    Ok(Time::from_micros(stamp.as_microsecond()))
}

/// A time as X's queries take it, rounded down to the second.
pub(crate) fn query_time(time: Time) -> Option<String> {
    let stamp = Timestamp::from_second(time.secs()).ok()?;
    Some(stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
