//! An operator's acts, carried out by the engine.

use hashbuzz_db::on_both_databases;
use hashbuzz_db::testing::TestDb;
use hashbuzz_outbox::operator::{
    Acted, EventState, Scope, Why, one, pause, resume, retry, why_waiting,
};
use hashbuzz_outbox::{Failure, Verdict};

use crate::world::{Job, Running, World};

on_both_databases!(
    a_dead_letter_that_is_retried_is_worked_on_with_all_its_attempts,
    a_deferred_event_that_is_retried_runs_before_its_time,
    what_is_paused_waits_and_goes_on_when_it_is_resumed,
    every_turn_that_did_not_finish_can_be_read,
);

async fn only(world: &World) -> String {
    world.waiting().await.into_iter().chain(world.dead().await).next().expect("one event").id
}

async fn run_now(world: &World, id: &str) {
    let tx = world.db.begin().await.expect("begun");
    assert_eq!(retry(&tx, id, world.now()).await.expect("acted"), Acted::Done);
    tx.commit().await.expect("committed");
}

/// Waits until the event is in a state, letting time pass.
async fn until(world: &World, id: &str, state: EventState) {
    for _ in 0..2_000 {
        let found = one(&world.db, id).await.expect("read").expect("it is there");
        if found.event.state == state {
            return;
        }
        world.pass(1);
        tokio::task::yield_now().await;
    }
    panic!("{id} does not become {state:?}");
}

async fn a_dead_letter_that_is_retried_is_worked_on_with_all_its_attempts(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("publish")).await;
    let process = Running::start(world.process().await);
    world.turn_in_time().await.end(Ok(Verdict::Never { why: "refused".into() }));
    let id = only(&world).await;
    until(&world, &id, EventState::Dead).await;

    run_now(&world, &id).await;
    // Three attempts, as a new one has.
    for _ in 0..2 {
        world.turn_in_time().await.end(Err(Failure("503".into())));
    }
    let lent = world.turn_in_time().await;
    assert_eq!(lent.turn.failures(), 2);
    lent.finish(&world.db).await.expect("finished");

    process.stop().await;
    assert_eq!(world.count("fact").await, 1);
    let seen = one(&world.db, &id).await.expect("read").expect("in history");
    let outcomes: Vec<&str> = seen.attempts.iter().map(|turn| turn.outcome.as_str()).collect();
    assert_eq!(outcomes, ["dead", "failed", "failed", "done"]);
    assert!(seen.attempts.iter().all(|turn| turn.worker.is_some() && turn.started_at.is_some()));
}

async fn a_deferred_event_that_is_retried_runs_before_its_time(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue_at(Job::named("publish"), world.now() + 86_400_000_000).await;
    let process = Running::start(world.process().await);
    let begin = world.now();

    run_now(&world, &only(&world).await).await;
    world.turn_in_time().await.finish(&world.db).await.expect("finished");

    assert!(world.now() - begin < 60_000_000);
    process.stop().await;
}

async fn what_is_paused_waits_and_goes_on_when_it_is_resumed(place: TestDb) {
    let world = World::new(place).await;
    let tx = world.db.begin().await.expect("begun");
    pause(&tx, Scope::Kind, "test.job.v1", "a bug in it", world.now()).await.expect("paused");
    tx.commit().await.expect("committed");
    world.enqueue(Job::named("publish")).await;
    let process = Running::start(world.process().await);
    let id = only(&world).await;

    until(&world, &id, EventState::Paused).await;
    let event = one(&world.db, &id).await.expect("read").expect("there").event;
    let why = why_waiting(&world.db, &event, None, world.now()).await.expect("answered");
    let Why::Paused { by } = why else { panic!("{why:?}") };
    assert_eq!(by[0].why, "a bug in it");
    assert!(world.is_quiet().await);

    let tx = world.db.begin().await.expect("begun");
    assert!(resume(&tx, Scope::Kind, "test.job.v1").await.expect("resumed"));
    tx.commit().await.expect("committed");
    world.turn_in_time().await.finish(&world.db).await.expect("finished");
    process.stop().await;
    assert_eq!(world.count("fact").await, 1);
}

async fn every_turn_that_did_not_finish_can_be_read(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("publish")).await;
    let process = Running::start(world.process().await);
    let id = only(&world).await;
    world.turn_in_time().await.end(Err(Failure("503".into())));
    let later = world.now() + 300_000_000;
    let lent = world.turn_in_time().await;
    lent.end(Ok(Verdict::Later { until: later, why: "the app's limit".into() }));
    until(&world, &id, EventState::Deferred).await;

    let seen = one(&world.db, &id).await.expect("read").expect("there");

    let turns: Vec<(&str, &str)> =
        seen.attempts.iter().map(|turn| (turn.outcome.as_str(), turn.detail.as_str())).collect();
    assert_eq!(turns, [("failed", "503"), ("later", "the app's limit")]);
    let why = why_waiting(&world.db, &seen.event, Some(3), world.now()).await.expect("answered");
    assert_eq!(why, Why::Later { until: later, why: "the app's limit".into() });
    process.stop().await;
}
