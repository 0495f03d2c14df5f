//! `POST /2/tweets`: publishes a post.
//!
//! Limits      100 in 15 minutes a profile, 10,000 in 24 hours an app; $0.015 each, $0.200 with a
//!             link. An older page still says 300 in 3 hours. <X docs, August 2026>
//! Pages       none.
//! Surprises   no idempotency key of any kind: a repetition is a second post, or 403 "duplicate
//!             content" without the first one's id. 5xx can come after the post was made. Since
//!             February 2026 a reply is refused unless the target's author mentioned us; replies
//!             to one's own post pass. An upload that is unknown, not finished, expired, another's
//!             or mixed with another kind is always "Your media IDs are invalid", and nothing was
//!             posted. <X changelog; public issues, 2026>

use hashbuzz_domain::PostId;
use hashbuzz_social::{Access, NewPost, Refusal, WriteError};
use serde::{Deserialize, Serialize};

use crate::client::{Call, Client};
use crate::links;
use crate::rates::{Billed, Rate};
use crate::wire::numeric;

pub(crate) static RATE: Rate =
    Rate { name: "create_post", profile: 100, app: 0, billed: Billed::NewPost };

#[derive(Serialize)]
struct Body<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Reply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<Media<'a>>,
}

#[derive(Serialize)]
struct Media<'a> {
    media_ids: Vec<&'a str>,
}

#[derive(Serialize)]
struct Reply<'a> {
    in_reply_to_tweet_id: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    data: Created,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// What X bills for a post with this text.
pub(crate) fn billed(text: &str) -> Billed {
    if links::find(text).is_empty() { Billed::NewPost } else { Billed::NewPostWithLink }
}

/// Sends the post once.
pub(crate) async fn create_post(
    client: &Client,
    access: &Access,
    post: &NewPost,
) -> Result<PostId, WriteError> {
    let id = |id| {
        numeric(id).map_err(|detail| WriteError::Refused { refusal: Refusal::Invalid, detail })
    };
    let reply = match &post.reply_to {
        Some(target) => Some(Reply { in_reply_to_tweet_id: id(target.as_str())? }),
        None => None,
    };
    let ids: Result<Vec<&str>, _> = post.media.iter().map(|upload| id(upload.as_str())).collect();
    let media = Some(Media { media_ids: ids? }).filter(|media| !media.media_ids.is_empty());
    let body = Body { text: &post.text, reply, media };
    let mut call = Call::post(&RATE, &["2", "tweets"], &body);
    call.billed = billed(&post.text);
    let answer: Answer = client.write(access, call).await?;
    let id = answer.data.id;
    id.parse().map_err(|_| WriteError::Unknown("X named the new post by no id".to_owned()))
}
