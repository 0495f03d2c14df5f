//! Workers that die, and workers that only seem to.

use std::time::Duration;

use hashbuzz_db::on_both_databases;
use hashbuzz_db::testing::TestDb;
use hashbuzz_outbox::{TurnError, Verdict};

use crate::world::{Job, Running, World, round, tell};

on_both_databases!(
    what_a_dead_process_held_is_handled_by_the_next,
    a_worker_that_lost_its_lease_changes_nothing,
    a_worker_that_lost_its_lease_cannot_end_the_turn_of_another,
    a_turn_with_too_little_time_left_asks_nobody,
    a_lost_lease_goes_back_although_an_equal_event_waits,
    two_lost_leases_of_equal_events_go_back,
    an_event_that_kills_its_workers_becomes_a_dead_letter,
);

/// Longer than a process may be silent.
const SILENCE: u64 = 16;

async fn what_a_dead_process_held_is_handled_by_the_next(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::of("a", "key")).await;
    let first = Running::start(world.process().await);
    let lost = world.turn().await;
    first.die().await;

    world.pass(SILENCE);
    let second = Running::start(world.process().await);

    let lent = world.turn().await;
    assert_eq!((lent.turn.failures(), lent.turn.lost()), (0, 1), "lost, and not its fault");
    assert!(lent.turn.fence() > lost.turn.fence());
    lent.finish(&world.db).await.expect("finished");
    second.stop().await;
    assert_eq!(world.count("fact").await, 1);
}

async fn a_worker_that_lost_its_lease_changes_nothing(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::of("a", "key")).await;
    let first = Running::start(world.process().await);
    let asleep = world.turn().await;
    let also_asleep = tokio::spawn(async move { first.die().await });
    also_asleep.await.expect("silent");
    world.pass(SILENCE);
    let second = Running::start(world.process().await);
    let lent = world.turn().await;

    // It wakes while the other one works: a transaction of its own does not help it.
    let begun = asleep.turn.begin(&world.db).await;
    assert!(matches!(begun.map(drop), Err(TurnError::LeaseLost)));
    let tx = world.db.begin().await.expect("begun");
    tell(&tx, "too late").await.expect("told");
    let ended = asleep.turn.commit(tx).await;
    assert!(matches!(ended, Err(TurnError::LeaseLost)));

    lent.finish(&world.db).await.expect("finished");
    second.stop().await;
    assert_eq!(world.text("SELECT name AS text FROM fact").await, "a");
    assert_eq!((world.count("fact").await, world.count("event_history").await), (1, 1));
}

async fn a_worker_that_lost_its_lease_cannot_end_the_turn_of_another(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let working = round(world.process().await);
    let asleep = world.turn().await;
    // Longer than any lease: the first process is alive and stuck.
    world.pass(61);
    let second = Running::start(world.process().await);
    let lent = world.turn().await;

    asleep.end(Ok(Verdict::Never { why: "too late".into() }));
    working.await.expect("the first process goes on");
    assert_eq!((world.dead().await.len(), world.count("loss").await), (0, 0));

    lent.finish(&world.db).await.expect("the second still holds its lease");
    second.stop().await;
}

async fn a_turn_with_too_little_time_left_asks_nobody(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let working = round(world.process().await);
    let lent = world.turn().await;

    world.pass(29);
    drop(lent.turn.begin(&world.db).await.expect("half of the lease is left"));
    world.pass(2);
    let late = lent.turn.begin(&world.db).await;

    assert!(matches!(late.map(drop), Err(TurnError::LeaseLost)));
    lent.fail("no time");
    working.await.expect("no panic");
}

/// Several processes are for PostgreSQL; on SQLite the program holds a lock so that there is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_process_on_postgres_keeps_its_leases() {
    let world = World::new(TestDb::postgres().await).await;
    world.enqueue(Job::of("a", "key")).await;
    let first = Running::start(world.process().await);
    let lent = world.turn().await;
    world.enqueue(Job::of("b", "key")).await;
    let second = Running::start(world.process().await);

    // Long enough to be dead, were it silent: but it says that it lives, every five seconds.
    for _ in 0..20 {
        let taken = tokio::time::timeout(Duration::from_millis(50), world.turn()).await;
        assert!(taken.is_err(), "a lease was taken from a process that lives");
        world.pass(1);
    }

    lent.finish(&world.db).await.expect("nobody took it");
    world.turn_in_time().await.finish(&world.db).await.expect("finished");
    first.stop().await;
    second.stop().await;
    assert_eq!(world.count("fact").await, 2);
}

async fn a_lost_lease_goes_back_although_an_equal_event_waits(place: TestDb) {
    let world = World::new(place).await;
    let job = |name: &str| Job { key: Some("key".into()), ..Job::like(name, "same") };
    world.enqueue(job("first")).await;
    let first = Running::start(world.process().await);
    let lost = world.turn().await;
    world.enqueue(job("second")).await;
    first.die().await;

    world.pass(SILENCE);
    let second = Running::start(world.process().await);

    let mut names = Vec::new();
    for _ in 0..2 {
        let lent = world.turn_in_time().await;
        names.push(lent.job.name.clone());
        lent.finish(&world.db).await.expect("finished");
    }
    second.stop().await;
    names.sort();
    assert_eq!(names, ["first", "second"]);
    assert!(lost.finish(&world.db).await.is_err());
}

async fn two_lost_leases_of_equal_events_go_back(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::like("first", "same")).await;
    let first = round(world.process().await);
    let _lost = world.turn().await;
    world.enqueue(Job::like("second", "same")).await;
    let second = round(world.process().await);
    let _also_lost = world.turn().await;
    first.abort();
    second.abort();

    world.pass(SILENCE);
    let third = Running::start(world.process().await);

    for _ in 0..2 {
        world.turn_in_time().await.finish(&world.db).await.expect("finished");
    }
    third.stop().await;
    assert_eq!(world.count("fact").await, 2);
}

async fn an_event_that_kills_its_workers_becomes_a_dead_letter(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::of("a", "key")).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let process = Running::start(world.process().await);
        held.push(world.turn().await);
        process.die().await;
        world.pass(SILENCE);
    }

    let fourth = Running::start(world.process().await);
    world.enqueue(Job::named("b")).await;
    let lent = world.turn_in_time().await;
    assert_eq!(lent.job.name, "b", "the killer is not let loose a fourth time");
    lent.finish(&world.db).await.expect("finished");
    let dead = world.dead_letter().await;
    fourth.stop().await;

    assert_eq!(dead.attempt, 0);
    assert!(world.text("SELECT why AS text FROM loss").await.contains("disappeared"));
}
