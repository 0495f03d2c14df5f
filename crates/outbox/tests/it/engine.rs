//! Turns between accounts, pauses, newer programs, and stopping.

use std::time::Duration;

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{DbError, on_both_databases, values};
use hashbuzz_outbox::{Due, LARGEST_EVENT, enqueue_many};
use tokio::time::timeout;

use crate::world::{BEGIN, Job, Running, SECOND, World, round};

on_both_databases!(
    many_events_are_enqueued_at_once_and_equal_ones_once,
    an_event_that_is_too_large_is_refused_and_nothing_is_stored,
    an_account_with_many_events_delays_another_by_one_turn,
    what_is_paused_waits_and_then_goes_on,
    a_paused_account_does_not_stop_another,
    an_event_that_a_newer_program_knows_waits_for_it,
    events_without_a_result_are_recorded_together,
    a_lease_that_was_lost_is_not_recorded_as_finished,
    a_process_that_stops_gives_back_what_takes_too_long_at_no_cost,
    of_a_turn_that_did_not_finish_its_event_people_can_read,
);

fn due_now(account: &str) -> Due {
    Due { at: BEGIN, account: Some(account.to_owned()) }
}

async fn many_events_are_enqueued_at_once_and_equal_ones_once(place: TestDb) {
    let world = World::new(place).await;
    let jobs = [
        Job::of("a", "key"),
        Job::like("b", "same"),
        Job::like("c", "same"),
        Job { name: "\"quotes\", {braces} and ünïcode".into(), ..Job::default() },
    ];
    let tx = world.db.begin().await.expect("begun");
    enqueue_many(&tx, BEGIN, &jobs, due_now("account")).await.expect("enqueued");
    tx.commit().await.expect("committed");

    let working = round(world.process().await);
    let mut names = Vec::new();
    for _ in 0..3 {
        let lent = world.turn().await;
        names.push(lent.job.name.clone());
        lent.finish(&world.db).await.expect("finished");
    }
    working.await.expect("no panic");
    names.sort();
    assert_eq!(names, ["\"quotes\", {braces} and ünïcode", "a", "b"]);
}

async fn an_event_that_is_too_large_is_refused_and_nothing_is_stored(place: TestDb) {
    let world = World::new(place).await;
    let large = Job::named(&"x".repeat(LARGEST_EVENT));
    let tx = world.db.begin().await.expect("begun");

    let refused = enqueue_many(&tx, BEGIN, &[Job::named("a"), large], due_now("")).await;

    let Err(DbError::TooLarge { what, bytes, limit }) = refused else { panic!("refused") };
    assert!(what.contains("test.job.v1") && bytes > limit, "{what}: {bytes}");
    tx.commit().await.expect("committed");
    assert_eq!(world.count("event").await, 0);
}

async fn an_account_with_many_events_delays_another_by_one_turn(place: TestDb) {
    let world = World::new(place).await;
    let many: Vec<Job> = (0..500).map(|number| Job::named(&format!("big {number}"))).collect();
    let tx = world.db.begin().await.expect("begun");
    enqueue_many(&tx, BEGIN, &many, due_now("big")).await.expect("enqueued");
    enqueue_many(&tx, BEGIN, &[Job::named("small")], due_now("small")).await.expect("enqueued");
    tx.commit().await.expect("committed");

    // Eight turns at a time: the small account's event is among the first eight.
    let working = round(world.process().await);
    let mut names = Vec::new();
    for _ in 0..5 {
        let lent = world.turn().await;
        names.push(lent.job.name.clone());
        lent.finish(&world.db).await.expect("finished");
    }
    working.await.expect("no panic");
    assert!(names.contains(&"small".to_owned()), "{names:?}");
}

async fn pause(world: &World, scope: &str, name: &str) {
    world
        .db
        .write(
            "INSERT INTO event_pause (scope, name, why, since) VALUES ($1, $2, 'a test', 0)",
            values![scope, name],
        )
        .await
        .expect("paused");
}

async fn resume(world: &World) {
    world.db.write("DELETE FROM event_pause", values![]).await.expect("resumed");
}

async fn what_is_paused_waits_and_then_goes_on(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("now")).await;
    world.enqueue_at(Job::named("later"), BEGIN + 60 * SECOND).await;
    let engine = world.process().await;
    for (scope, name) in [("kind", "test.job.v1"), ("queue", "housekeeping")] {
        pause(&world, scope, name).await;
        assert_eq!(engine.run_once().await.expect("a round"), 0, "{scope}");
        let states: Vec<String> = world.waiting().await.into_iter().map(|e| e.state).collect();
        assert_eq!(states, ["paused", "paused"], "{scope}");
        resume(&world).await;
    }

    let working = round(engine);
    world.turn().await.finish(&world.db).await.expect("finished");
    let (engine, turns) = working.await.expect("no panic");

    assert_eq!((turns, engine.run_once().await.expect("a round")), (1, 0));
    assert_eq!(world.released().await.due_at, BEGIN + 60 * SECOND, "its time stays");
}

async fn a_paused_account_does_not_stop_another(place: TestDb) {
    let world = World::new(place).await;
    let tx = world.db.begin().await.expect("begun");
    for account in ["one", "two"] {
        let job = [Job::named(account)];
        enqueue_many(&tx, BEGIN, &job, due_now(account)).await.expect("enqueued");
    }
    tx.commit().await.expect("committed");
    pause(&world, "account", "one").await;

    let working = round(world.process().await);
    let lent = world.turn().await;
    assert_eq!(lent.job.name, "two");
    lent.finish(&world.db).await.expect("finished");
    assert_eq!(working.await.expect("no panic").1, 1);
}

async fn an_event_that_a_newer_program_knows_waits_for_it(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    // The newer program is alive and says what it knows.
    let newer = world.process().await;
    newer.prepare().await.expect("alive");
    let older = world.process_that_knows_nothing().await;

    assert_eq!(older.run_once().await.expect("a round"), 1);

    let event = world.released().await;
    assert_eq!((event.state.as_str(), event.attempt), ("deferred", 0));
    assert_eq!(event.waits_for.as_deref(), Some("a worker that knows its kind"));
    world.pass(2);
    let working = round(newer);
    world.turn().await.finish(&world.db).await.expect("finished");
    working.await.expect("no panic");
}

async fn events_without_a_result_are_recorded_together(place: TestDb) {
    let world = World::new(place).await;
    for number in 0..8 {
        world.enqueue(Job::named(&format!("{number}"))).await;
    }
    let working = round(world.process().await);
    for _ in 0..8 {
        world.turn().await.done();
    }
    working.await.expect("no panic");

    assert_eq!((world.count("event").await, world.count("event_history").await), (0, 8));
    let worker = "SELECT MIN(COALESCE(worker, '')) AS text FROM event_history";
    assert_ne!(world.text(worker).await, "");
}

async fn a_lease_that_was_lost_is_not_recorded_as_finished(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let working = round(world.process().await);
    let asleep = world.turn().await;
    world.pass(61);
    let second = Running::start(world.process().await);
    let lent = world.turn().await;

    asleep.done();
    working.await.expect("no panic");
    assert_eq!(world.count("event_history").await, 0, "it is in other hands");

    lent.finish(&world.db).await.expect("the second still holds it");
    second.stop().await;
    assert_eq!(world.count("event_history").await, 1);
}

async fn a_process_that_stops_gives_back_what_takes_too_long_at_no_cost(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let process = Running::start(world.process().await);
    let held = world.turn().await;

    let mut stopping = tokio::spawn(process.stop());
    let mut seconds = 0;
    while timeout(Duration::from_millis(20), &mut stopping).await.is_err() {
        world.pass(1);
        seconds += 1;
        assert!(seconds < 30, "it stops although a turn is in hand");
    }

    let event = world.released().await;
    assert_eq!((event.state.as_str(), event.attempt), ("ready", 0));
    assert_eq!(world.text("SELECT outcome AS text FROM event_attempt").await, "given_back");
    assert_eq!(world.count("instance").await, 0, "it said farewell");
    assert!(held.finish(&world.db).await.is_err(), "whoever was late changes nothing");
}

async fn of_a_turn_that_did_not_finish_its_event_people_can_read(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let working = round(world.process().await);
    let lent = world.turn().await;
    world.pass(3);
    lent.fail("no answer");
    working.await.expect("no panic");

    assert_eq!(world.text("SELECT detail AS text FROM event_attempt").await, "no answer");
    assert_eq!(world.text("SELECT outcome AS text FROM event_attempt").await, "failed");
    let took = "SELECT CAST(ended_at - started_at AS TEXT) AS text FROM event_attempt";
    assert_eq!(world.text(took).await, format!("{}", 3 * SECOND));
    let waits = world.released().await.waits_for;
    assert_eq!(waits.as_deref(), Some("the next try, after failure 1 of 3"));
}
