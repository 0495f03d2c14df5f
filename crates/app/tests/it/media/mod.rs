//! Pictures and videos: from their upload to the post that shows them.

mod api;
mod publish;
mod trouble;

use hashbuzz_testkit::{Campaigner, World, awareness};
use serde_json::{Value, json};

/// A draft that shows `media`.
fn showing(media: &[String]) -> Value {
    let mut body = awareness("100", "2", "5");
    body["media"] = json!(media);
    body
}

/// The state of a campaign's step and what is said of it; empty when it has none.
async fn step(by: &Campaigner, id: &str, step: &str) -> (String, String) {
    let view = by.api.campaign(id).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = view["steps"].as_array().expect("a campaign shows its steps").iter();
    let mut found = steps
        .filter(|row| row["step"] == step)
        .map(|row| (text(&row["state"]), text(&row["detail"])));
    found.next_back().unwrap_or_default()
}

/// Ids of what the one post that shows anything shows, by the network's word.
async fn shown(world: &World) -> Vec<Value> {
    let counted = world.counted().await;
    let posts = counted.posts.iter().filter(|post| post["media"] != json!([]));
    let posts: Vec<&Value> = posts.collect();
    assert_eq!(posts.len(), 1, "{:?}", counted.posts);
    let ids = posts[0]["media"].as_array().expect("a list of media");
    let of = |id: &Value| counted.media.iter().find(|medium| medium["id"] == *id).cloned();
    ids.iter().filter_map(of).collect()
}
