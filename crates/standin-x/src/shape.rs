//! Which fields and which related objects an answer shall have.
//!
//! Only the default fields come unasked. Names are taken from both vocabularies and kept in the
//! old one; a name that neither knows is refused.

use std::collections::BTreeSet;

use crate::call::Call;
use crate::problem::Problem;
use crate::vocabulary::old_name;

const POST_FIELDS: &[&str] = &[
    "article",
    "article_title",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "non_public_metrics",
    "note_request_suggestions",
    "note_tweet",
    "organic_metrics",
    "paid_partnership",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
];

const USER_FIELDS: &[&str] = &[
    "affiliation",
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "most_recent_tweet_id",
    "name",
    "parody",
    "pinned_tweet_id",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscribes_to_you",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
];

const MEDIA_FIELDS: &[&str] = &[
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "non_public_metrics",
    "organic_metrics",
    "preview_image_url",
    "promoted_metrics",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
];

const POLL_FIELDS: &[&str] =
    &["duration_minutes", "end_datetime", "id", "options", "voting_status"];

const PLACE_FIELDS: &[&str] = &[
    "contained_within",
    "country",
    "country_code",
    "full_name",
    "geo",
    "id",
    "name",
    "place_type",
];

const POST_EXPANSIONS: &[&str] = &[
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_tweet_ids",
    "entities.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "referenced_tweets.id",
    "referenced_tweets.id.attachments.media_keys",
    "referenced_tweets.id.author_id",
    "username",
];

const USER_EXPANSIONS: &[&str] =
    &["affiliation", "affiliation.user_id", "most_recent_tweet_id", "pinned_tweet_id"];

/// What was asked for, in the old names.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    post: BTreeSet<String>,
    user: BTreeSet<String>,
    media: BTreeSet<String>,
    expansions: BTreeSet<String>,
}

impl Shape {
    /// Reads and checks the parameters of an answer with posts.
    pub(crate) fn of(call: &Call) -> Result<Self, Problem> {
        Self::expanding(call, POST_EXPANSIONS)
    }

    /// Reads and checks the parameters of an answer with people.
    pub(crate) fn of_people(call: &Call) -> Result<Self, Problem> {
        Self::expanding(call, USER_EXPANSIONS)
    }

    fn expanding(call: &Call, expansions: &[&str]) -> Result<Self, Problem> {
        let mut post = names(call, "tweet.fields", POST_FIELDS)?;
        post.extend(names(call, "post.fields", POST_FIELDS)?);
        let user = names(call, "user.fields", USER_FIELDS)?;
        let media = names(call, "media.fields", MEDIA_FIELDS)?;
        // There are no polls and no places here; their fields are checked all the same.
        names(call, "poll.fields", POLL_FIELDS)?;
        names(call, "place.fields", PLACE_FIELDS)?;
        let expansions = names(call, "expansions", expansions)?;
        Ok(Self { post, user, media, expansions })
    }

    /// Whether a post shows this field. What is expanded is shown as well.
    pub(crate) fn post(&self, field: &str) -> bool {
        let expanded = match field {
            "referenced_tweets" => self.expands("referenced_tweets.id"),
            "attachments" => self.expands("attachments.media_keys"),
            other => self.expands(other),
        };
        expanded || self.post.contains(field)
    }

    /// Whether a person shows this field.
    pub(crate) fn user(&self, field: &str) -> bool {
        self.user.contains(field) || self.expands(field)
    }

    /// Whether a picture or a film shows this field.
    pub(crate) fn media(&self, field: &str) -> bool {
        self.media.contains(field)
    }

    /// Whether related objects of this kind come along.
    pub(crate) fn expands(&self, expansion: &str) -> bool {
        self.expansions.contains(expansion)
    }
}

fn names(call: &Call, parameter: &str, known: &[&str]) -> Result<BTreeSet<String>, Problem> {
    let given = call.param(parameter).unwrap_or_default();
    let mut names = BTreeSet::new();
    for name in given.split(',').filter(|name| !name.is_empty()) {
        let old = match (parameter, old_name(name)) {
            // One new name stands for two old ones: a field and an expansion.
            ("expansions", "referenced_tweets") => "referenced_tweets.id",
            (_, old) => old,
        };
        if !known.contains(&old) {
            let message = format!(
                "The `{parameter}` query parameter value [{name}] is not one of [{}]",
                known.join(",")
            );
            return Err(Problem::invalid(parameter, name, &message));
        }
        names.insert(old.to_owned());
    }
    Ok(names)
}
