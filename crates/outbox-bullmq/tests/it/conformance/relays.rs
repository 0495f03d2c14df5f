//! What relays publish, and what they owe to queues that nobody serves and to rounds that failed.

use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use hashbuzz_db::values;
use hashbuzz_outbox::{Clock as _, Queue, SystemClock};

use super::outages::{jobs, unpublished};
use super::rig::{Job, Plan, Rig, Social};
use super::rude::{Manners, Rude};

fn ledger_jobs(prefix: &str, count: usize) -> Vec<Job<1>> {
    (0..count).map(|n| Job::new(format!("{prefix}{n:03}"), Plan::Done)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_wait_for_a_relay_and_two_of_them_double_nothing() {
    let rig = Rig::bullmq().await;
    let worker = rig.work().await;
    rig.enqueue(&jobs("a", 200)).await;
    SystemClock.sleep(Duration::from_millis(500)).await;
    assert_eq!(rig.count("fact").await, 0, "nobody relays");

    let (one, other) = (rig.relay().await, rig.relay().await);
    rig.done(200).await;

    rig.each_once().await;
    worker.stop().await;
    for relay in [one, other].into_iter().flatten() {
        relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_relay_marked_that_died_before_it_published_comes_again_when_it_is_missed() {
    let rig = Rig::bullmq().await;
    rig.enqueue(&jobs("a", 20)).await;
    rig.enqueue_at(&jobs("soon", 20), SystemClock.now() + 2_000_000).await;
    let marked = "UPDATE event SET published_at = $1, publication = 1";
    rig.db.write(marked, values![SystemClock.now()]).await.expect("marked");
    rig.has_lived_once().await;

    let began = Instant::now();
    let (relay, worker) = (rig.relay().await.expect("a relay"), rig.work().await);
    rig.done(40).await;

    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_refused_is_published_again_at_once() {
    let rig = Rig::bullmq().await;
    let refusing = Rude::new(&rig, Manners { refuses: AtomicUsize::new(2), ..Manners::default() });
    let (relay, worker) = (rig.relay_through(refusing).await, rig.work().await);
    let began = Instant::now();
    rig.enqueue(&jobs("a", 20)).await;

    rig.done(20).await;

    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_takes_is_published_again_without_filling_the_broker() {
    let rig = Rig::bullmq().await;
    let redis = rig.redis.as_ref().expect("Redis");
    let relay = rig.relay().await.expect("a relay");
    rig.enqueue(&jobs("a", 20)).await;
    let waiting =
        async || redis.tell::<Vec<String>>(&["LRANGE", "hashbuzz:social:wait", "0", "-1"]).await;
    rig.until("all are published", async || waiting().await.len() >= 20).await;
    let first = waiting().await;
    assert_eq!(first.len(), 20);

    // As if half an hour passed without a worker. Marks come before publications: when one is seen,
    // the publication of the one before has been.
    for _ in 0..3 {
        long_ago(&rig).await;
        rig.until("published again", async || unpublished(&rig, "published_at < 1").await == 0)
            .await;
        assert_eq!(waiting().await, first);
    }
    // A job that vanished comes back.
    let gone = format!("hashbuzz:social:{}", first[0]);
    redis.tell::<()>(&["LREM", "hashbuzz:social:wait", "1", &first[0]]).await;
    redis.tell::<()>(&["DEL", &gone]).await;
    long_ago(&rig).await;
    rig.until("it is back", async || waiting().await.len() == 20).await;

    let worker = rig.work().await;
    rig.done(20).await;
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_nobody_serves_fills_up_and_keeps_no_other_waiting() {
    let rig = Rig::bullmq().await;
    let redis = rig.redis.as_ref().expect("Redis");
    let relay = rig.relay().await.expect("a relay");
    rig.enqueue(&jobs("nobody", 4_000)).await;
    let waiting = async || redis.tell::<usize>(&["LLEN", "hashbuzz:social:wait"]).await;
    rig.until("it is full", async || waiting().await >= 2_000).await;

    let worker = rig.work_on(&[Queue::Ledger]).await;
    rig.enqueue(&ledger_jobs("other", 20)).await;
    rig.done(20).await;

    assert!(waiting().await < 4_000, "it is not filled with what nobody takes");
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_accounts_of_a_queue_that_nobody_serves_keep_no_other_queue_waiting() {
    let rig = Rig::bullmq().await;
    let redis = rig.redis.as_ref().expect("Redis");
    let relay = rig.relay().await.expect("a relay");
    for account in 0..1_500 {
        rig.enqueue_for(&format!("0.0.{account}"), &jobs(&format!("nobody{account}-"), 1)).await;
    }
    let waiting = async || redis.tell::<usize>(&["LLEN", "hashbuzz:social:wait"]).await;
    rig.until("they are published", async || waiting().await >= 1_500).await;

    let worker = rig.work_on(&[Queue::Ledger]).await;
    let began = Instant::now();
    rig.enqueue(&ledger_jobs("other", 200)).await;
    rig.done(200).await;

    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_nobody_serves_keeps_none_of_its_key_in_another_queue_waiting() {
    let rig = Rig::bullmq().await;
    let (relay, worker) =
        (rig.relay().await.expect("a relay"), rig.work_on(&[Queue::Ledger]).await);
    let key = || Some("campaign".to_owned());
    rig.enqueue(&[Social { key: key(), ..Job::new("first", Plan::Done) }]).await;
    rig.enqueue(&[Job::<1> { key: key(), ..Job::new("second", Plan::Done) }]).await;

    rig.done(1).await;

    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_one_key_that_come_together_are_done_once_each() {
    let rig = Rig::bullmq().await;
    let relay = rig.relay().await.expect("a relay");
    let key = || Some("campaign".to_owned());
    rig.enqueue(&[Social { key: key(), ..Job::new("first", Plan::Slow(20)) }]).await;
    rig.enqueue(&[Job::<1> { key: key(), ..Job::new("second", Plan::Slow(20)) }]).await;
    rig.enqueue(&[Job::<2> { key: key(), ..Job::new("third", Plan::Slow(20)) }]).await;
    rig.until("published", async || unpublished(&rig, "published_at IS NULL").await == 0).await;

    let began = Instant::now();
    let worker = rig.work().await;
    rig.done(3).await;

    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(rig.log.lock().most_at_once, 1);
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_memory_that_was_lost_is_remembered_by_a_relay_whose_round_failed() {
    let rig = Rig::bullmq().await;
    rig.enqueue(&jobs("a", 20)).await;
    let published = "UPDATE event SET published_at = $1, publication = 1";
    rig.db.write(published, values![SystemClock.now()]).await.expect("marked");
    let forgetful =
        Rude::new(&rig, Manners { miscounts: AtomicUsize::new(1), ..Manners::default() });

    let began = Instant::now();
    let (relay, worker) = (rig.relay_through(forgetful).await, rig.work().await);
    rig.done(20).await;

    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    rig.each_once().await;
    worker.stop().await;
    relay.stop().await;
}

/// Sets back the time at which everything was published and due.
async fn long_ago(rig: &Rig) {
    let sql = "UPDATE event SET published_at = 0, due_at = 1 WHERE state = 'ready'";
    rig.db.write(sql, values![]).await.expect("set back");
}
