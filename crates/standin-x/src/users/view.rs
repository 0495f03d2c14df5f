//! How a person looks: the fields that were asked for.

use serde_json::{Map, Value, json};

use crate::clock;
use crate::shape::Shape;
use crate::world::User;

/// Everybody who never chose a picture has this one.
const DEFAULT_IMAGE: &str =
    "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png";

/// A person with the default fields and those of `shape`.
pub(crate) fn view(shape: &Shape, user: &User) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("id", json!(user.id));
    put("name", json!(user.name));
    put("username", json!(user.handle));
    if shape.user("created_at") {
        put("created_at", json!(clock::written(user.created_at)));
    }
    if shape.user("description") {
        put("description", json!(user.bio));
    }
    if shape.user("profile_image_url") {
        put("profile_image_url", json!(image(user)));
    }
    if shape.user("protected") {
        put("protected", json!(user.protected));
    }
    if shape.user("public_metrics") {
        put("public_metrics", metrics(user));
    }
    if shape.user("verified") {
        put("verified", json!(false));
    }
    if shape.user("verified_type") {
        put("verified_type", json!("none"));
    }
    if shape.user("most_recent_tweet_id")
        && let Some(latest) = user.latest
    {
        put("most_recent_tweet_id", json!(latest));
    }
    Value::Object(fields)
}

fn image(user: &User) -> String {
    if user.default_avatar {
        return DEFAULT_IMAGE.to_owned();
    }
    format!("https://pbs.twimg.com/profile_images/{}/portrait_normal.jpg", user.id)
}

fn metrics(user: &User) -> Value {
    json!({
        "followers_count": user.followers,
        "following_count": user.following,
        "tweet_count": user.posts,
        "listed_count": 0,
        "like_count": user.likes_given,
        "media_count": 0,
    })
}
