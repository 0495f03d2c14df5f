//! What holds however events are dispatched.

use std::time::{Duration, Instant};

use hashbuzz_db::{Sql as _, values};
use hashbuzz_outbox::{Clock, SystemClock};

use super::however_dispatched;
use super::rig::{Job, Plan, Rig, Social};

however_dispatched!(
    every_event_is_handled_once,
    an_event_that_is_due_later_waits_until_then,
    a_failure_is_retried_until_it_works,
    a_panic_is_an_attempt,
    later_waits_and_costs_no_attempt,
    events_of_one_key_run_one_at_a_time_in_order,
    what_fails_too_often_is_a_dead_letter,
    what_will_never_work_is_a_dead_letter_at_once,
    an_event_of_a_kind_that_nobody_knows_is_a_dead_letter,
    what_a_process_held_that_died_is_handled_by_another,
    a_process_that_stops_ends_its_turns_and_leaves_the_rest_to_another,
);

fn jobs<const QUEUE: usize>(prefix: &str, count: usize, plan: &Plan) -> Vec<Job<QUEUE>> {
    (0..count).map(|number| Job::new(format!("{prefix}{number:03}"), plan.clone())).collect()
}

async fn every_event_is_handled_once(rig: Rig) {
    let (relay, worker, other) = (rig.relay().await, rig.work().await, rig.work().await);
    rig.enqueue(&jobs::<0>("a", 100, &Plan::Done)).await;
    rig.enqueue(&jobs::<1>("b", 100, &Plan::Done)).await;
    rig.enqueue(&jobs::<2>("c", 100, &Plan::Done)).await;
    rig.enqueue(&jobs::<3>("d", 100, &Plan::Slow(1))).await;

    rig.done(400).await;

    rig.each_once().await;
    worker.stop().await;
    other.stop().await;
    if let Some(relay) = relay {
        relay.stop().await;
    }
}

async fn an_event_that_is_due_later_waits_until_then(rig: Rig) {
    let (_relay, worker) = (rig.relay().await, rig.work().await);
    let delay = Duration::from_millis(1_500);
    let began = Instant::now();
    rig.enqueue_at(&jobs::<0>("a", 5, &Plan::Done), SystemClock.now() + 1_500_000).await;

    rig.done(5).await;

    let took = began.elapsed();
    assert!(took >= delay && took < delay + Duration::from_secs(5), "{took:?}");
    rig.each_once().await;
    worker.stop().await;
}

async fn a_failure_is_retried_until_it_works(rig: Rig) {
    let (_relay, worker) = (rig.relay().await, rig.work().await);
    rig.enqueue(&jobs::<0>("a", 10, &Plan::Fail(2))).await;

    rig.done(10).await;

    assert!(rig.log.counts().values().all(|turns| *turns == 3), "{:?}", rig.log.counts());
    worker.stop().await;
}

async fn a_panic_is_an_attempt(rig: Rig) {
    let (_relay, worker) = (rig.relay().await, rig.work().await);
    rig.enqueue(&[Social::new("a", Plan::Panic)]).await;

    rig.done(1).await;

    assert_eq!(rig.log.counts()["a"], 2);
    worker.stop().await;
}

async fn later_waits_and_costs_no_attempt(rig: Rig) {
    let (_relay, worker) = (rig.relay().await, rig.work().await);
    let began = Instant::now();
    rig.enqueue(&jobs::<0>("a", 10, &Plan::Later(5_000))).await;
    rig.until("all wait", async || {
        let waiting = rig.waiting().await;
        waiting.len() == 10
            && waiting.iter().all(|w| w.waits_for.as_deref() == Some("as it was told"))
    })
    .await;
    assert!(rig.waiting().await.iter().all(|waiting| waiting.attempt == 0));

    rig.done(10).await;

    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(rig.log.counts().values().all(|turns| *turns == 2), "{:?}", rig.log.counts());
    worker.stop().await;
}

async fn events_of_one_key_run_one_at_a_time_in_order(rig: Rig) {
    let of_key =
        |name: String, key: &str| Social { name, key: Some(key.to_owned()), plan: Plan::Slow(2) };
    let first: Vec<Social> = (0..30).map(|n| of_key(format!("a{n:02}"), "a")).collect();
    let second: Vec<Social> = (0..30).map(|n| of_key(format!("b{n:02}"), "b")).collect();
    let (_relay, one, other) = (rig.relay().await, rig.work().await, rig.work().await);
    for job in first.iter().zip(&second) {
        rig.enqueue(&[job.0.clone(), job.1.clone()]).await;
    }

    rig.done(60).await;

    rig.each_once().await;
    {
        let log = rig.log.lock();
        assert_eq!(log.most_at_once, 1);
        for key in ["a", "b"] {
            let of_key = |name: &&String| name.starts_with(key);
            let turns: Vec<&String> = log.turns.iter().filter(of_key).collect();
            assert!(turns.is_sorted(), "{turns:?}");
        }
    }
    one.stop().await;
    other.stop().await;
}

async fn what_fails_too_often_is_a_dead_letter(rig: Rig) {
    let (_relay, worker) = (rig.relay().await, rig.work().await);
    rig.enqueue(&[Social::new("a", Plan::Fail(100)), Social::new("b", Plan::Done)]).await;

    rig.until("it gives up", async || rig.dead().await.len() == 1).await;

    rig.done(1).await;
    assert_eq!(rig.log.counts()["a"], 4);
    assert_eq!(rig.log.lock().given_up, ["a"]);
    assert_eq!(rig.dead().await[0].last_error.as_deref(), Some("as it was told"));
    worker.stop().await;
}

async fn what_will_never_work_is_a_dead_letter_at_once(rig: Rig) {
    let (_relay, worker) = (rig.relay().await, rig.work().await);
    rig.enqueue(&[Social::new("a", Plan::Never)]).await;

    rig.until("it gives up", async || rig.dead().await.len() == 1).await;

    assert_eq!(rig.log.counts()["a"], 1);
    assert_eq!(rig.log.lock().given_up, ["a"]);
    worker.stop().await;
}

async fn an_event_of_a_kind_that_nobody_knows_is_a_dead_letter(rig: Rig) {
    rig.enqueue(&[Social::new("a", Plan::Done), Social::new("b", Plan::Done)]).await;
    let strange = "UPDATE event SET kind = 'NO_SUCH_KIND.v1' \
                   WHERE id = (SELECT MIN(id) FROM event)";
    rig.db.write(strange, values![]).await.expect("changed");

    let (_relay, worker) = (rig.relay().await, rig.work().await);
    rig.until("it gives up", async || rig.dead().await.len() == 1).await;

    let dead = rig.dead().await.remove(0);
    assert!(dead.last_error.as_deref().is_some_and(|e| e.contains("NO_SUCH_KIND.v1")), "{dead:?}");
    rig.done(1).await;
    worker.stop().await;
}

async fn what_a_process_held_that_died_is_handled_by_another(rig: Rig) {
    let (_relay, doomed) = (rig.relay().await, rig.work().await);
    rig.enqueue(&[Social::new("held", Plan::Slow(2_500))]).await;
    rig.until("it is in hand", async || rig.log.counts().contains_key("held")).await;

    let began = Instant::now();
    doomed.die().await;
    let worker = rig.work().await;
    rig.enqueue(&jobs::<0>("a", 20, &Plan::Done)).await;
    rig.done(21).await;

    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    let counts = rig.log.counts();
    assert_eq!(counts["held"], 2, "begun by the one, done by the other");
    assert!(counts.iter().all(|(name, turns)| name == "held" || *turns == 1), "{counts:?}");
    worker.stop().await;
}

async fn a_process_that_stops_ends_its_turns_and_leaves_the_rest_to_another(rig: Rig) {
    let (_relay, first) = (rig.relay().await, rig.work().await);
    rig.enqueue(&jobs::<0>("a", 200, &Plan::Slow(20))).await;
    rig.until("some are done", async || rig.count("fact").await > 10).await;

    let began = Instant::now();
    first.stop().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(rig.count("fact").await < 200, "there is a rest");
    let leased = "SELECT COUNT(*) AS n FROM event WHERE state = 'leased'";
    assert_eq!(rig.db.number(leased, values![]).await.expect("counted"), 0);

    let second = rig.work().await;
    rig.done(200).await;
    rig.each_once().await;
    second.stop().await;
}
