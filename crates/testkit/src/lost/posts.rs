//! One life under random faults: answers that are lost, servers that end, leases that are taken, at
//! moments that a seed chooses. What it proves is counted at the far ends: no post twice, none lost,
//! every medium where it belongs, and whatever was unknown resolved by reading.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

use super::mend;
use crate::{Campaigner, HBAR, World, awareness, samples};

/// Rounds of a life in which things break; then it may come to its end.
const ROUNDS: usize = 60;

/// What became of a life.
#[derive(Clone, Debug, Default)]
pub struct Lost {
    /// Posts that ought to have been made, and were.
    pub posts: usize,
    /// Posts that were deleted, in lives that were rolled back.
    pub deleted: usize,
    /// Uploads that X has of the life's picture.
    pub uploads: usize,
    /// Requests whose answer was lost or half, or which were answered with another status than the
    /// deed deserved.
    pub broken: u64,
    /// Servers that ended on the way.
    pub restarts: usize,
    /// Effects that were unknown at some time, and are done.
    pub found: usize,
    /// What is wrong: nothing, if all is well.
    pub wrong: Vec<String>,
}

/// Lives the life of `seed`: even ones to their close, odd ones until they are rolled back.
///
/// # Panics
/// When the world itself does not work.
pub async fn lost_answers(seed: u64) -> Lost {
    let mut chance = ChaCha12Rng::seed_from_u64(seed);
    let mut world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let draft = draft(&world, &brand, seed).await;
    let id = world.approved(&brand, &draft).await;
    world
        .set_x(json!({
            "refuse_duplicates": chance.random_bool(0.5),
            "timeline_delay_ms": chance.random_range(0..40_000),
        }))
        .await;
    world.break_x_at_random(seed, 0.06).await;
    let (status, body) = brand.api.command(&id, "publish").await;
    assert_eq!(status, 202, "{body}");
    let mut restarts = 0;
    let mut rolling = false;
    for _ in 0..ROUNDS {
        if chance.random_bool(0.08) {
            world.restart().await;
            restarts += 1;
        } else if chance.random_bool(0.15) {
            world.break_turn(chance.random_range(0..2));
        }
        if !world.works(&id).await {
            break;
        }
        // An odd life loses its deposit as soon as its first post is public, so it cannot be funded.
        if seed % 2 == 1 && !rolling && !world.posts(&id).await.is_empty() {
            rolling = true;
            world.withdraw(&brand, 50 * HBAR).await;
        }
        if rolling && world.is(&id, "Stalled").await {
            brand.api.command(&id, "roll-back").await;
        }
    }
    world.end_faults().await;
    // A life in which things broke for so long that its first post was never seen is closed.
    let end = if rolling { "RolledBack" } else { "Closed" };
    mend(&world, &brand, &id, end).await;
    let lost = judge(&world, &id, end, restarts).await;
    world.leave();
    lost
}

async fn draft(world: &World, brand: &Campaigner, seed: u64) -> Value {
    let picture = world.medium(brand, samples::png(40, 30, 1), "flavour").await;
    let mut draft = awareness("100", "2", "5");
    draft["text"] = json!(format!("Flavour number {seed} is here"));
    draft["duration_seconds"] = json!(900);
    draft["media"] = json!([picture]);
    draft
}

async fn judge(world: &World, id: &str, end: &str, restarts: usize) -> Lost {
    let counted = world.counted().await;
    let view = world.reviewer().campaign(id).await;
    let mut wrong = Vec::new();
    if view["state"] != end {
        wrong.push(format!("it is {} and not {end}: {}", view["state"], view["stalled"]));
    }
    wrong.extend(counted.duplicate_posts.iter().map(|post| format!("posted twice: {post}")));
    let (made, public) = (counted.posts.len(), counted.public());
    if end == "Closed" && made != 4 {
        wrong.push(format!("{made} posts were made and not 4"));
    }
    if end == "RolledBack" && public != 0 {
        wrong.push(format!("{public} posts are still public"));
    }
    let attached = counted
        .media
        .iter()
        .filter(|medium| medium["posts"].as_array().is_some_and(|posts| !posts.is_empty()));
    if attached.count() != 1 {
        wrong.push("the picture is not on exactly one post".to_owned());
    }
    let open =
        "SELECT COUNT(*) AS n FROM effect WHERE state IN ('started', 'unknown', 'needs_person')";
    let open = world.count(open).await;
    if open > 0 {
        wrong.push(format!("{open} effects are not decided"));
    }
    let found = "SELECT COUNT(*) AS n FROM effect WHERE state = 'done' AND evidence LIKE '%found%'";
    let x = world.x_counted().await;
    let broken = x["requests"].as_array().into_iter().flatten();
    let broken = broken.filter(|row| row["status"] == "dropped" || row["status"] == 503);
    Lost {
        posts: made,
        deleted: made - public,
        uploads: counted.media.len(),
        broken: broken.filter_map(|row| row["count"].as_u64()).sum(),
        restarts,
        found: usize::try_from(world.count(found).await).unwrap_or(0),
        wrong,
    }
}

impl World {
    /// Whatever X is asked to write, or to show of it, may break: before the deed or after it.
    pub async fn break_x_at_random(&self, seed: u64, each: f64) {
        let kinds = [
            "drop_before_apply",
            "drop_after_apply",
            "half_body",
            "status",
            "status_after_apply",
            "html_error",
        ];
        let probability: serde_json::Map<String, Value> =
            kinds.iter().map(|kind| ((*kind).to_owned(), json!(each))).collect();
        let faults = json!({ "seed": seed, "probability": probability });
        self.x.ask(reqwest::Method::PUT, "/_standin/faults/random", Some(&faults)).await;
    }
}
