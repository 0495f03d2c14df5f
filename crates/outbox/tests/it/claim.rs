//! Who may work on what.

use std::collections::BTreeSet;

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Backend, on_both_databases};
use hashbuzz_outbox::Verdict;

use crate::world::{BEGIN, Job, Running, SECOND, World, round};

on_both_databases!(
    of_one_key_at_most_one_event_runs,
    events_without_a_key_run_together,
    an_event_that_waits_does_not_block_others_of_its_key,
    no_more_turns_run_than_were_asked_for,
    processes_that_claim_together_handle_each_event_once,
    a_second_process_leaves_a_key_alone_that_is_held,
);

async fn of_one_key_at_most_one_event_runs(place: TestDb) {
    let world = World::new(place).await;
    for name in ["a1", "a2", "a3"] {
        world.enqueue(Job::of(name, "a")).await;
    }
    world.enqueue(Job::of("b1", "b")).await;
    let mut engine = world.process().await;

    let mut order = Vec::new();
    for expected in [2, 1, 1, 0] {
        let working = round(engine);
        for _ in 0..expected {
            let lent = world.turn().await;
            order.push(lent.job.name.clone());
            lent.finish(&world.db).await.expect("finished");
        }
        let (back, turns) = working.await.expect("no panic");
        assert_eq!(turns, expected);
        engine = back;
    }
    order.retain(|name| name.starts_with('a'));
    assert_eq!(order, ["a1", "a2", "a3"], "the oldest first");
}

async fn events_without_a_key_run_together(place: TestDb) {
    let world = World::new(place).await;
    for name in ["a", "b", "c"] {
        world.enqueue(Job::named(name)).await;
    }
    let working = round(world.process().await);

    let lent = [world.turn().await, world.turn().await, world.turn().await];
    for lent in lent {
        lent.finish(&world.db).await.expect("finished");
    }

    assert_eq!(working.await.expect("no panic").1, 3);
    assert_eq!((world.count("event").await, world.count("fact").await), (0, 3));
}

async fn an_event_that_waits_does_not_block_others_of_its_key(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::of("first", "a")).await;
    world.enqueue(Job::of("second", "a")).await;
    let working = round(world.process().await);

    let lent = world.turn().await;
    assert_eq!(lent.job.name, "first");
    lent.end(Ok(Verdict::Later { until: BEGIN + 900 * SECOND, why: "rate limit".into() }));
    let (engine, _) = working.await.expect("no panic");

    let working = round(engine);
    let lent = world.turn().await;
    assert_eq!(lent.job.name, "second");
    lent.finish(&world.db).await.expect("finished");
    working.await.expect("no panic");
}

async fn no_more_turns_run_than_were_asked_for(place: TestDb) {
    let world = World::new(place).await;
    for number in 0..20 {
        world.enqueue(Job::named(&format!("{number}"))).await;
    }
    let process = Running::start(world.process().await);

    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(world.turn().await);
    }
    let leased = "SELECT state AS text FROM event WHERE state = 'leased' LIMIT 1";
    assert_eq!(world.text(leased).await, "leased");
    assert_eq!(world.waiting().await.iter().filter(|e| e.state == "leased").count(), 8);
    assert!(world.is_quiet().await);

    for lent in held {
        lent.finish(&world.db).await.expect("finished");
    }
    for _ in 0..12 {
        world.turn().await.finish(&world.db).await.expect("finished");
    }
    process.stop().await;
    assert_eq!(world.count("fact").await, 20);
}

async fn processes_that_claim_together_handle_each_event_once(place: TestDb) {
    let world = World::new(place).await;
    for number in 0..60 {
        world.enqueue(Job::of(&format!("{number}"), &format!("key {}", number % 12))).await;
    }
    // On SQLite there is one process at a time; its turns still meet each other.
    let count = if world.db.backend() == Backend::Sqlite { 1 } else { 4 };
    let mut processes = Vec::new();
    for _ in 0..count {
        processes.push(Running::start(world.process().await));
    }

    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        let lent = world.turn_in_time().await;
        assert!(seen.insert(lent.job.name.clone()), "{} was handled twice", lent.job.name);
        lent.finish(&world.db).await.expect("finished");
    }

    for process in processes {
        process.stop().await;
    }
    assert_eq!((world.count("event").await, world.count("event_history").await), (0, 60));
}

async fn a_second_process_leaves_a_key_alone_that_is_held(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::of("first", "a")).await;
    world.enqueue(Job::of("second", "a")).await;
    let working = round(world.process().await);
    let lent = world.turn().await;

    assert_eq!(world.process().await.run_once().await.expect("a round"), 0);

    lent.finish(&world.db).await.expect("finished");
    working.await.expect("no panic");
}
