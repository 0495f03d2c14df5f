//! Jobs on a Redis that is well.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bullmq::options::RedisConnectionOptions;
use bullmq::{QueueOptions, Worker, WorkerOptions};
use hashbuzz_outbox::{Broker, Publication, Queue};
use hashbuzz_outbox_bullmq::BullMq;
use serde_json::{Value, json};

use crate::redis::Server;
use crate::rig::{events, publication, receive, soon};

#[tokio::test]
async fn what_is_published_is_received_and_forgotten_once_it_is_settled() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    let publications: Vec<Publication> = Queue::ALL
        .iter()
        .map(|queue| Publication { queue: *queue, ..publication(queue.as_str()) })
        .collect();

    broker.publish(&publications).await.expect("published");
    let deliveries = receive(&broker, 4).await;

    assert_eq!(events(&deliveries), ["closing", "housekeeping", "ledger", "social"]);
    let jobs: Vec<String> = server.tell(&["KEYS", "hashbuzz:*:*-0-1"]).await;
    assert_eq!(jobs.len(), 4, "a job exists until it is settled: {jobs:?}");

    broker.settle(&deliveries).await.expect("settled");

    for pattern in ["hashbuzz:*:*-0-1*", "hashbuzz:*:active", "hashbuzz:*:completed"] {
        let left: Vec<String> = server.tell(&["KEYS", pattern]).await;
        assert!(left.is_empty(), "{left:?}");
    }
    broker.settle(&deliveries).await.expect("settling twice changes nothing");
    assert_eq!(broker.receive(10).await.expect("an answer"), []);
    broker.close().await;
}

#[tokio::test]
async fn the_same_publication_twice_is_one_job_and_the_next_number_is_another() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    let first = publication("e1");
    let later = Publication { delay: Duration::from_secs(60), ..publication("e2") };

    for _ in 0..3 {
        broker.publish(&[first.clone(), first.clone(), later.clone()]).await.expect("published");
    }
    let waiting: Vec<String> = server.tell(&["LRANGE", "hashbuzz:social:wait", "0", "-1"]).await;
    assert_eq!(waiting, ["e1-0-1"]);
    let delayed: Vec<String> = server.tell(&["ZRANGE", "hashbuzz:social:delayed", "0", "-1"]).await;
    assert_eq!(delayed, ["e2-0-1"]);

    let taken = receive(&broker, 1).await;
    broker.publish(std::slice::from_ref(&first)).await.expect("published");
    assert_eq!(broker.receive(1).await.expect("an answer"), [], "also while it is being worked on");

    let again =
        [Publication { number: 2, ..first.clone() }, Publication { attempt: 1, ..first.clone() }];
    broker.publish(&again).await.expect("published");
    broker.settle(&taken).await.expect("settled");
    assert_eq!(events(&receive(&broker, 2).await), ["e1", "e1"]);
    broker.close().await;
}

#[tokio::test]
async fn a_later_publication_is_a_delayed_job_and_comes_when_it_is_due() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    let delay = Duration::from_millis(1_500);
    let began = Instant::now();

    broker.publish(&[Publication { delay, ..publication("e1") }]).await.expect("published");

    let score: u64 = server.tell(&["ZSCORE", "hashbuzz:social:delayed", "e1-0-1"]).await;
    let added: u64 = server.tell(&["HGET", "hashbuzz:social:e1-0-1", "timestamp"]).await;
    assert_eq!(score >> 12, added + 1_500, "BullMQ keeps the due time in the upper bits");
    assert_eq!(events(&receive(&broker, 1).await), ["e1"]);
    let took = began.elapsed();
    assert!(took >= delay && took < delay + Duration::from_secs(2), "{took:?}");
    broker.close().await;
}

#[tokio::test]
async fn a_job_that_somebody_else_added_does_no_harm() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    let connection = RedisConnectionOptions::new().url(server.url());
    let options = QueueOptions::new().connection(connection).prefix("hashbuzz");
    let queue = bullmq::Queue::with_options("social", options).await.expect("a queue");
    for data in [Value::Null, json!(7), json!({ "event": { "a": 1 } }), json!(["event"])] {
        queue.add("NO_SUCH_EVENT", data).attempts(5).await.expect("added");
    }
    queue.add("CAMPAIGN_CLOSED", json!({ "event": "unknown" })).priority(3).await.expect("added");

    let foreign = receive(&broker, 5).await;
    assert_eq!(events(&foreign), ["unknown"]);
    broker.settle(&foreign).await.expect("settled");
    broker.publish(&[publication("e1")]).await.expect("published");
    let ours = receive(&broker, 1).await;
    assert_eq!(events(&ours), ["e1"]);
    broker.settle(&ours).await.expect("settled");

    let counts = queue.get_job_counts().await.expect("counts");
    assert_eq!((counts.active, counts.failed, counts.waiting), (0, 0, 0));
    broker.close().await;
}

#[tokio::test]
async fn a_process_takes_jobs_of_the_queues_it_serves_and_a_relay_takes_none() {
    let server = Server::start().await;
    let relay = BullMq::new(server.settings());
    let worker = BullMq::new(server.settings().queues(&[Queue::Ledger]));
    let social = publication("e1");
    let ledger = Publication { queue: Queue::Ledger, ..publication("e2") };

    relay.publish(&[social, ledger]).await.expect("published");

    assert_eq!(events(&receive(&worker, 1).await), ["e2"]);
    assert_eq!(worker.receive(5).await.expect("an answer"), []);
    let waiting: Vec<String> = server.tell(&["LRANGE", "hashbuzz:social:wait", "0", "-1"]).await;
    assert_eq!(waiting, ["e1-0-1"]);
    worker.close().await;
}

#[tokio::test]
async fn a_process_holds_what_it_has_room_for_and_leaves_the_rest_to_others() {
    let server = Server::start().await;
    let (one, other) = (BullMq::new(server.settings()), BullMq::new(server.settings()));
    let publications: Vec<Publication> =
        (0..50).map(|number| publication(&format!("e{number:02}"))).collect();
    // Connected before there is anything, so that both begin alike.
    soon(async || one.receive(1).await.is_ok() && other.receive(1).await.is_ok()).await;
    one.publish(&publications).await.expect("published");

    let first = receive(&one, 4).await;
    // It asks for nothing more for a second: full.
    assert_eq!(one.receive(0).await.expect("an answer"), []);
    let active: usize = server.tell(&["LLEN", "hashbuzz:social:active"]).await;
    assert!(active <= 6, "{active} jobs are held where 4 fit");

    let mut rest = receive(&other, 50 - active).await;
    one.settle(&first).await.expect("settled");
    other.settle(&rest).await.expect("settled");
    rest.extend(first);
    while rest.len() < 50 {
        let more = receive(&one, 1).await;
        one.settle(&more).await.expect("settled");
        rest.extend(more);
    }
    let all: BTreeSet<&str> = events(&rest).into_iter().collect();
    assert_eq!(all.len(), 50, "each once");
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_receive_that_is_dropped_loses_nothing() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    let publications: Vec<Publication> =
        (0..300).map(|number| publication(&format!("e{number:03}"))).collect();
    broker.publish(&publications).await.expect("published");

    let mut found = Vec::new();
    let mut pace = tokio::time::interval(Duration::from_micros(300));
    let hasty = async {
        while found.len() < 300 {
            tokio::select! {
                biased;
                _ = pace.tick() => {}
                deliveries = broker.receive(7) => {
                    let deliveries = deliveries.unwrap_or_default();
                    broker.settle(&deliveries).await.expect("settled");
                    found.extend(deliveries);
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), hasty).await.expect("all come");

    let all: BTreeSet<&str> = events(&found).into_iter().collect();
    assert_eq!((all.len(), found.len()), (300, 300), "each once");
    broker.close().await;
}

#[tokio::test]
async fn a_job_that_nobody_settles_goes_back_before_its_lock_ends() {
    let server = Server::start().await;
    let settings = server.settings().lock(Duration::from_secs(1)).expect("a lock");
    let broker = BullMq::new(settings);
    broker.publish(&[publication("e1")]).await.expect("published");

    let first = receive(&broker, 1).await;
    let second = receive(&broker, 1).await;

    assert_eq!(events(&second), ["e1"]);
    assert_ne!(first[0].receipt, second[0].receipt);
    broker.settle(&first).await.expect("what went back is over");
    broker.settle(&second).await.expect("settled");
    let jobs: Vec<String> = server.tell(&["KEYS", "hashbuzz:*:e1-*"]).await;
    assert!(jobs.is_empty(), "{jobs:?}");
    broker.close().await;
}

#[tokio::test]
async fn jobs_of_a_process_that_died_are_delivered_to_another() {
    let server = Server::start().await;
    let lock = Duration::from_secs(1);
    let broker = BullMq::new(server.settings().lock(lock).expect("a lock"));
    broker.publish(&[publication("e1")]).await.expect("published");
    // A worker that takes a job and is never heard of again.
    let connection = RedisConnectionOptions::new().url(server.url());
    let options = WorkerOptions::new().connection(connection).prefix("hashbuzz");
    let options = options.lock_duration(lock).manual_start();
    let idle = |_job: bullmq::Job, _token| async { Ok(Value::Null) };
    let dead = Worker::with_options("social", idle, options).await.expect("a worker");
    let job = dead.get_next_job_nonblocking("dead").await.expect("an answer");
    assert_eq!(job.expect("a job").id(), "e1-0-1");

    assert_eq!(events(&receive(&broker, 1).await), ["e1"]);
    broker.close().await;
}

#[tokio::test]
async fn closing_gives_back_what_is_in_hand() {
    let server = Server::start().await;
    let (one, other) = (BullMq::new(server.settings()), BullMq::new(server.settings()));
    one.publish(&[publication("e1"), publication("e2")]).await.expect("published");
    let held = receive(&one, 2).await;

    let began = Instant::now();
    one.close().await;
    let took = began.elapsed();

    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(events(&receive(&other, 2).await), ["e1", "e2"]);
    one.settle(&held).await.expect("too late, and no harm");
    assert!(one.receive(1).await.expect_err("closed").to_string().contains("closed"));
    other.close().await;
}

#[tokio::test]
async fn a_broker_that_is_dropped_gives_back_what_is_in_hand() {
    let server = Server::start().await;
    let (one, other) = (BullMq::new(server.settings()), BullMq::new(server.settings()));
    one.publish(&[publication("e1")]).await.expect("published");
    receive(&one, 1).await;

    drop(one);

    assert_eq!(events(&receive(&other, 1).await), ["e1"]);
    other.close().await;
}

#[tokio::test]
async fn thousands_go_through_each_once() {
    let server = Server::start().await;
    let (relay, worker) = (BullMq::new(server.settings()), BullMq::new(server.settings()));
    let publications: Vec<Publication> = (0..2_000)
        .map(|number| Publication {
            queue: Queue::ALL[number % 4],
            ..publication(&format!("e{number}"))
        })
        .collect();

    relay.publish(&publications).await.expect("published");
    let mut found = Vec::new();
    while found.len() < 2_000 {
        let deliveries = worker.receive(200).await.unwrap_or_default();
        worker.settle(&deliveries).await.expect("settled");
        found.extend(deliveries);
    }

    let all: BTreeSet<&str> = events(&found).into_iter().collect();
    assert_eq!((all.len(), found.len()), (2_000, 2_000), "each once");
    let left: Vec<String> = server.tell(&["KEYS", "hashbuzz:*:e*-*"]).await;
    assert!(left.is_empty(), "{left:?}");
    relay.close().await;
    worker.close().await;
}
