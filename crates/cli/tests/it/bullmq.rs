//! The program on BullMQ: whole lives of campaigns over several processes, while Redis forgets,
//! restarts, and is away.
//!
//! `HASHBUZZ_REDIS_AWAY_SECONDS` makes the absence longer than the few seconds of a normal run:
//! `HASHBUZZ_REDIS_AWAY_SECONDS=60 cargo xtask test -E 'test(redis_forgets)'` is the minute that an
//! operator would fear.

use std::time::Duration;

use hashbuzz_outbox_bullmq::testing::{Kind, Server};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::programs::{run, said};
use crate::spread::{Spread, until_it_says};

const PASSWORD: &str = "hunter2";
/// How long Redis is away where nobody says more.
const AWAY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_lives_its_life_spread_over_api_relay_and_two_workers() {
    let redis = Server::of(Kind { password: Some(PASSWORD), tls: true, append_only: false }).await;
    let authority = redis.authority();
    let mut spread = Spread::lay(&format!(
        "url = \"{}/2\"\nroot_certificate = \"{}\"\nprefix = \"brand\"",
        redis.url(),
        authority.display()
    ))
    .await;
    let server = spread.start("serve --api-only").await;
    let relay = spread.start("relay").await;
    let some = spread.start("work --queues social,ledger").await;
    let rest = spread.start("work --queues closing,housekeeping").await;
    assert_eq!(relay.ready["redis"], format!("127.0.0.1:{}, database 2", redis.port()));
    assert_eq!(some.ready, json!({ "ready": "work", "queues": ["social", "ledger"] }));
    let shown = spread.ops(&server, "instances").await;
    let shown: Vec<Value> = shown.as_array().expect("a list").clone();
    let mut shown: Vec<(&str, &Value)> = shown
        .iter()
        .map(|instance| (instance["role"].as_str().expect("a role"), &instance["queues"]))
        .collect();
    shown.sort_by_key(|(role, queues)| (*role, queues.to_string()));
    assert_eq!(
        shown,
        [
            ("api", &json!([])),
            ("relay", &json!([])),
            ("work", &json!(["closing", "housekeeping"])),
            ("work", &json!(["social", "ledger"])),
        ]
    );

    spread.publish(&server, 2, 3).await;
    spread.until(&server, "closed", |campaign| campaign.state == "Closed").await;

    spread.is_done_once(&server).await;
    let budget = spread.ops(&server, "budget").await;
    assert_eq!(budget["windows_in"], "redis");
    let limits = budget["limits"].as_array().expect("a list").iter();
    let posts: u64 = limits
        .filter(|limit| {
            limit["name"].as_str().is_some_and(|name| name.starts_with("x/create_post/"))
        })
        .map(|limit| limit["used"].as_u64().expect("a number"))
        .sum();
    assert!(posts >= 2 * 3, "workers in two processes drew from the same windows: {budget}");
    let (_, told) = spread.doctor().await;
    let place = format!("at 127.0.0.1:{}, database 2", redis.port());
    assert!(told.contains("redis     ok: ") && told.contains(&place), "{told}");
    for program in [some, rest, relay, server] {
        program.end().await;
    }
    assert!(!spread.log().contains(PASSWORD) && !told.contains(PASSWORD), "{}", spread.log());
    spread.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_forgets_restarts_and_is_away_and_nothing_is_lost_or_doubled() {
    let mut redis =
        Server::of(Kind { password: Some(PASSWORD), tls: false, append_only: false }).await;
    let mut spread = Spread::lay(&format!("url = \"{}\"", redis.url())).await;

    // Away from the beginning: the server starts, and what it accepts waits.
    redis.kill();
    let server = spread.start("serve").await;
    let worker = spread.start("work").await;
    spread.publish(&server, 3, 6).await;
    let told = until_it_says(&server, "degraded").await.to_string();
    assert!(told.contains(&format!("Redis at 127.0.0.1:{}", redis.port())), "{told}");
    assert!(!told.contains(PASSWORD), "{told}");
    let (well, told) = spread.doctor().await;
    assert!(!well && told.contains("redis     WRONG: events wait"), "{told}");
    assert_eq!(spread.posts().await, 0);

    redis.start_again().await;
    spread.until(&server, "the first post", |campaign| !campaign.posts.is_empty()).await;
    redis.tell::<()>(&["FLUSHALL"]).await;
    spread.until(&server, "published", |campaign| campaign.state != "Publishing").await;
    redis.tell::<()>(&["FLUSHALL"]).await;
    until_it_says(&server, "ready").await;
    redis.start_again().await;
    spread.until(&server, "at its end", |campaign| campaign.state != "Running").await;

    redis.kill();
    until_it_says(&server, "degraded").await;
    worker.end().await;
    let worker = spread.start("work").await;
    let waited = timeout(away(), std::future::pending::<()>()).await;
    assert!(waited.is_err());
    redis.start_again().await;
    spread.until(&server, "closed", |campaign| campaign.state == "Closed").await;
    until_it_says(&server, "ready").await;

    spread.is_done_once(&server).await;
    worker.end().await;
    server.end().await;
    assert!(!spread.log().contains(PASSWORD), "{}", spread.log());
    spread.remove().await;
}

fn away() -> Duration {
    match std::env::var("HASHBUZZ_REDIS_AWAY_SECONDS") {
        Ok(seconds) => Duration::from_secs(seconds.parse().expect("a number of seconds")),
        Err(_) => AWAY,
    }
}

#[tokio::test]
async fn a_queue_that_there_is_not_is_refused_with_those_that_there_are() {
    let output = run(&["work", "--queues", "social,sociall"]).await;

    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let words = said(&output);
    assert!(words.contains("sociall"), "{words}");
    assert!(words.contains("social, ledger, closing, housekeeping"), "{words}");
}
