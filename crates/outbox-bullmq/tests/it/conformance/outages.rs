//! What holds when the broker is away, forgets or is full of strangers in the middle of a run: nothing
//! is lost and nothing is done twice.

use std::time::{Duration, Instant};

use bullmq::QueueOptions;
use bullmq::options::RedisConnectionOptions;
use hashbuzz_db::{Sql as _, values};
use hashbuzz_outbox::{Broker as _, Clock as _, SystemClock};
use hashbuzz_outbox_bullmq::BullMq;
use serde_json::json;

use super::rig::{Job, Plan, Rig, Social};
use super::rude::{Manners, Rude};

/// How long Redis is away: longer than any time limit of a call, so that all of them fail.
const AWAY: Duration = Duration::from_secs(12);

pub(super) fn jobs(prefix: &str, count: usize) -> Vec<Social> {
    (0..count).map(|n| Job::new(format!("{prefix}{n:03}"), Plan::Slow(5))).collect()
}

/// Jobs that are due while Redis is away, and some that are due afterwards.
async fn a_run(rig: &Rig) {
    rig.enqueue(&jobs("now", 600)).await;
    rig.enqueue_at(&jobs("soon", 50), SystemClock.now() + 2_000_000).await;
    rig.enqueue_at(&jobs("later", 50), SystemClock.now() + 8_000_000).await;
    rig.until("it has begun", async || rig.count("fact").await > 50).await;
    assert!(rig.count("fact").await < 600, "it is in the middle");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_forgets_everything_in_the_middle_of_a_run() {
    let rig = Rig::bullmq().await;
    let (relay, worker) = (rig.relay().await.expect("a relay"), rig.work().await);
    a_run(&rig).await;

    let began = Instant::now();
    rig.redis.as_ref().expect("Redis").tell::<()>(&["FLUSHALL"]).await;
    rig.done(700).await;

    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_restarted_in_the_middle_of_a_run() {
    let mut rig = Rig::bullmq().await;
    let (relay, worker) = (rig.relay().await.expect("a relay"), rig.work().await);
    a_run(&rig).await;

    let redis = rig.redis.as_mut().expect("Redis");
    redis.kill();
    redis.start_again().await;
    rig.done(700).await;

    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_in_the_middle_of_a_run() {
    let mut rig = Rig::bullmq().await;
    let (relay, worker) = (rig.relay().await.expect("a relay"), rig.work().await);
    a_run(&rig).await;

    rig.redis.as_mut().expect("Redis").kill();
    SystemClock.sleep(AWAY).await;
    rig.enqueue(&jobs("meanwhile", 50)).await;
    let leased = rig.waiting().await.iter().filter(|w| w.state == "leased").count();
    assert_eq!(leased, 0, "what was in hand has ended");
    rig.redis.as_mut().expect("Redis").start_again().await;
    let back = Instant::now();
    rig.done(750).await;

    assert!(back.elapsed() < Duration::from_secs(25), "{:?}", back.elapsed());
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_of_strangers_among_ours() {
    let rig = Rig::bullmq().await;
    let queue = strangers(&rig).await;
    let (relay, worker) = (rig.relay().await.expect("a relay"), rig.work().await);
    rig.enqueue(&jobs("a", 100)).await;
    for number in 0..50 {
        let data = [json!(null), json!({ "event": "no such event" }), json!({ "event": number })];
        queue.add("NO_SUCH_KIND", &data[number % 3]).await.expect("added");
    }

    rig.done(100).await;

    rig.each_once().await;
    rig.until("theirs are gone too", async || {
        let counts = queue.get_job_counts().await.expect("counts");
        (counts.waiting, counts.active, counts.failed) == (0, 0, 0)
    })
    .await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_not_settled_yet_does_not_hide_the_next_publication() {
    let rig = Rig::bullmq().await;
    let slow = || {
        let (publishes_in, settles_after) = (Duration::from_millis(300), Duration::from_secs(3));
        Rude::new(&rig, Manners { publishes_in, settles_after, ..Manners::default() })
    };
    let (worker, relay) = (rig.work_through(Some(slow())).await, rig.relay_through(slow()).await);
    let jobs: Vec<Social> =
        (0..10).map(|number| Job::new(format!("a{number}"), Plan::Later(100))).collect();
    let began = Instant::now();
    rig.enqueue(&jobs).await;

    rig.done(10).await;

    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_is_worked_on_although_settling_other_jobs_failed() {
    let rig = Rig::bullmq().await;
    let queue = strangers(&rig).await;
    let relay = rig.relay().await.expect("a relay");
    for batch in ["a", "b", "c", "d"] {
        rig.enqueue(&jobs(batch, 10)).await;
        rig.until("published", async || unpublished(&rig, "published_at IS NULL").await == 0).await;
        queue.add("NO_SUCH_KIND", json!(null)).await.expect("added");
    }

    let began = Instant::now();
    let deaf = Rude::new(&rig, Manners { denies_settling: true, ..Manners::default() });
    let worker = rig.work_through(Some(deaf)).await;
    rig.done(40).await;

    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_took_that_died_before_it_claimed_comes_again_when_it_is_missed() {
    let rig = Rig::bullmq().await;
    let redis = rig.redis.as_ref().expect("Redis");
    let relay = rig.relay().await.expect("a relay");
    rig.enqueue(&jobs("a", 20)).await;
    // Everything of a process dies with its runtime, and says nothing more.
    let process = tokio::runtime::Runtime::new().expect("a runtime");
    let settings = redis.settings();
    let doomed = process.spawn(async move {
        let (doomed, mut taken) = (BullMq::new(settings), 0);
        while taken < 20 {
            taken += doomed.receive(20).await.expect("jobs").len();
        }
        doomed
    });
    let _doomed = doomed.await.expect("it takes them all");
    process.shutdown_background();
    rig.has_lived_once().await;

    let began = Instant::now();
    let worker = rig.work().await;
    rig.done(20).await;

    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

/// A queue as somebody else sees it.
async fn strangers(rig: &Rig) -> bullmq::Queue {
    let url = rig.redis.as_ref().expect("Redis").url();
    let options = QueueOptions::new().connection(RedisConnectionOptions::new().url(url));
    bullmq::Queue::with_options("social", options.prefix("hashbuzz")).await.expect("a queue")
}

pub(super) async fn unpublished(rig: &Rig, which: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM event WHERE {which}");
    rig.db.number(&sql, values![]).await.expect("counted")
}
