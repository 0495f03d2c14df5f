//! The way in.

use hashbuzz_db::on_both_databases;
use hashbuzz_db::testing::TestDb;

use crate::world::{BEGIN, Job, SECOND, World, round, tell};

on_both_databases!(
    an_event_is_stored_with_its_fact_or_not_at_all,
    two_waiting_events_with_one_dedupe_key_are_one,
    an_event_that_runs_does_not_swallow_an_equal_one,
    an_event_waits_for_its_time,
);

async fn an_event_is_stored_with_its_fact_or_not_at_all(place: TestDb) {
    let world = World::new(place).await;
    for commits in [false, true] {
        let tx = world.db.begin().await.expect("begun");
        tell(&tx, "a fact").await.expect("told");
        hashbuzz_outbox::enqueue(&tx, BEGIN, &Job::named("a")).await.expect("enqueued");
        if commits {
            tx.commit().await.expect("committed");
        } else {
            drop(tx);
        }

        let expected = if commits { 1 } else { 0 };
        assert_eq!(world.count("fact").await, expected);
        assert_eq!(world.count("event").await, expected);
    }
}

async fn two_waiting_events_with_one_dedupe_key_are_one(place: TestDb) {
    let world = World::new(place).await;

    world.enqueue(Job::like("first", "same")).await;
    world.enqueue(Job::like("second", "same")).await;
    world.enqueue(Job::like("third", "other")).await;
    world.enqueue(Job::named("fourth")).await;
    world.enqueue(Job::named("fifth")).await;

    assert_eq!(world.waiting().await.len(), 4);
    assert_eq!(world.text("SELECT payload AS text FROM event WHERE dedupe = 'same'").await, {
        serde_json::to_string(&Job::like("first", "same")).expect("JSON")
    });
}

async fn an_event_that_runs_does_not_swallow_an_equal_one(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::like("first", "same")).await;
    let working = round(world.process().await);
    let lent = world.turn().await;

    // The running one may have read before this fact: it has to be looked at again.
    world.enqueue(Job::like("second", "same")).await;
    lent.finish(&world.db).await.expect("finished");
    let (engine, _) = working.await.expect("no panic");

    let working = round(engine);
    let lent = world.turn().await;
    assert_eq!(lent.job.name, "second");
    lent.finish(&world.db).await.expect("finished");
    assert_eq!(working.await.expect("no panic").1, 1);
}

async fn an_event_waits_for_its_time(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue_at(Job::named("close"), BEGIN + 3600 * SECOND).await;
    let engine = world.process().await;
    assert_eq!(
        hashbuzz_outbox::next_due(&world.db).await.expect("read"),
        Some(BEGIN + 3600 * SECOND)
    );

    world.pass(3599);
    assert_eq!(engine.run_once().await.expect("a round"), 0);
    world.pass(1);
    let working = round(engine);

    world.turn().await.finish(&world.db).await.expect("finished");
    assert_eq!(working.await.expect("no panic").1, 1);
    assert_eq!(hashbuzz_outbox::next_due(&world.db).await.expect("read"), None);
}
