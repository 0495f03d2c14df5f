//! Reading the body of a publishing request, strictly: what X's specification does not list is
//! refused, and what it lists is checked before anything else is looked at.

use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::world::PostId;

/// Fields that X knows and that a self-serve app can not use, or that this stand-in has no
/// counterpart of. They are refused rather than ignored: an answer of 201 would be a lie.
const NOT_OFFERED: [&str; 9] = [
    "card_uri",
    "community_id",
    "direct_message_deep_link",
    "edit_options",
    "for_super_followers_only",
    "geo",
    "nullcast",
    "poll",
    "share_with_followers",
];

/// The same for what surrounds media.
const MEDIA_NOT_OFFERED: [&str; 5] =
    ["call_to_actions", "description", "embeddable", "preview_media_id", "title"];

const REPLY_FIELDS: [&str; 3] =
    ["auto_populate_reply_metadata", "exclude_reply_user_ids", "in_reply_to_tweet_id"];

const REPLY_SETTINGS: [&str; 4] = ["following", "mentionedUsers", "subscribers", "verified"];

/// What a client wants to publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PostRequest {
    pub(super) text: String,
    pub(super) reply_to: Option<PostId>,
    pub(super) quotes: Option<PostId>,
    pub(super) media: Vec<String>,
    pub(super) reply_settings: Option<String>,
    pub(super) paid_partnership: bool,
}

impl PostRequest {
    pub(super) fn read(body: &Map<String, Value>) -> Result<Self, Problem> {
        let mut request = Self::default();
        for (name, value) in body {
            match name.as_str() {
                "text" => request.text = text(name, value)?.to_owned(),
                "reply" => request.reply_to = Some(reply(value)?),
                "quote_tweet_id" => request.quotes = Some(id(name, value)?),
                "media" => request.media = media(value)?,
                "reply_settings" => request.reply_settings = Some(reply_settings(value)?),
                "paid_partnership" => request.paid_partnership = flag(name, value)?,
                "made_with_ai" => {
                    flag(name, value)?;
                }
                other if NOT_OFFERED.contains(&other) => {
                    return Err(not_permitted());
                }
                other => return Err(unknown(other)),
            }
        }
        Ok(request)
    }
}

fn reply(value: &Value) -> Result<PostId, Problem> {
    let Value::Object(fields) = value else { return Err(wrong("reply", value, "object")) };
    let known = |name: &str| REPLY_FIELDS.contains(&name);
    if let Some(name) = fields.keys().find(|name| !known(name)) {
        return Err(unknown(&format!("reply.{name}")));
    }
    let target = fields.get("in_reply_to_tweet_id").ok_or_else(|| {
        Problem::invalid_body("$.reply.in_reply_to_tweet_id: is missing but it is required")
    })?;
    id("reply.in_reply_to_tweet_id", target)
}

fn media(value: &Value) -> Result<Vec<String>, Problem> {
    let names = value.as_object().into_iter().flat_map(Map::keys);
    for name in names {
        match name.as_str() {
            "media_ids" | "tagged_user_ids" => {}
            other if MEDIA_NOT_OFFERED.contains(&other) => return Err(not_permitted()),
            other => return Err(unknown(&format!("media.{other}"))),
        }
    }
    if let Some(tagged) = value.get("tagged_user_ids") {
        let ids = tagged.as_array().filter(|ids| ids.len() <= 10);
        let ids = ids.ok_or_else(|| {
            Problem::invalid_body("$.media.tagged_user_ids: must be an array of at most 10 items")
        })?;
        for tagged in ids {
            id("media.tagged_user_ids", tagged)?;
        }
    }
    let ids = value.get("media_ids").and_then(Value::as_array);
    let ids = ids.ok_or_else(|| wrong("media.media_ids", value, "array"))?;
    if !(1..=4).contains(&ids.len()) {
        return Err(Problem::invalid_body("$.media.media_ids: must have 1 to 4 items"));
    }
    ids.iter().map(|id| text("media.media_ids", id).map(str::to_owned)).collect()
}

fn reply_settings(value: &Value) -> Result<String, Problem> {
    let given = text("reply_settings", value)?;
    if REPLY_SETTINGS.contains(&given) {
        return Ok(given.to_owned());
    }
    let known = REPLY_SETTINGS.join(", ");
    let message = format!("$.reply_settings: does not have a value in the enumeration [{known}]");
    Err(Problem::invalid("$.reply_settings", given, &message))
}

fn id(name: &str, value: &Value) -> Result<PostId, Problem> {
    let given = text(name, value)?;
    given.parse().map_err(|_| {
        let message = format!("$.{name}: does not match the regex pattern ^[0-9]{{1,19}}$");
        Problem::invalid(&format!("$.{name}"), given, &message)
    })
}

fn text<'a>(name: &str, value: &'a Value) -> Result<&'a str, Problem> {
    value.as_str().ok_or_else(|| wrong(name, value, "string"))
}

fn flag(name: &str, value: &Value) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| wrong(name, value, "boolean"))
}

fn not_permitted() -> Problem {
    Problem::forbidden("You are not permitted to perform this action.")
}

fn wrong(name: &str, value: &Value, expected: &str) -> Problem {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Problem::invalid_body(&format!("$.{name}: {found} found, {expected} expected"))
}

fn unknown(name: &str) -> Problem {
    Problem::invalid_body(&format!(
        "$.{name}: is not defined in the schema and the schema does not allow additional properties"
    ))
}
