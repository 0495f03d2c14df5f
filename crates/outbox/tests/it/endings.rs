//! How a turn can end.

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Sql as _, on_both_databases, values};
use hashbuzz_outbox::{EngineSettings, Registry, Verdict};

use crate::world::{BEGIN, Job, Running, SECOND, World, round};

on_both_databases!(
    a_finished_event_leaves_for_the_history_with_its_result,
    later_costs_no_attempt_and_says_why,
    a_failure_is_tried_again_after_a_while,
    an_event_that_keeps_failing_becomes_a_dead_letter_and_says_so,
    never_is_a_dead_letter_at_once,
    a_handler_that_panics_costs_one_attempt,
    a_dead_letter_is_told_in_the_same_transaction,
    an_event_whose_kind_nobody_knows_is_a_dead_letter,
    an_event_that_cannot_be_read_is_a_dead_letter,
    an_event_that_was_enqueued_again_meanwhile_goes_on_as_one,
    a_process_that_is_asked_to_stop_lets_its_turns_end,
);

async fn a_finished_event_leaves_for_the_history_with_its_result(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::of("a", "campaign")).await;
    let working = round(world.process().await);

    world.turn().await.finish(&world.db).await.expect("finished");
    working.await.expect("no panic");

    assert_eq!((world.count("event").await, world.count("fact").await), (0, 1));
    assert_eq!(world.text("SELECT outcome AS text FROM event_history").await, "done");
    assert_eq!(world.text("SELECT key AS text FROM event_history").await, "campaign");
}

async fn later_costs_no_attempt_and_says_why(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let mut engine = world.process().await;

    for round_number in 1..=5 {
        let working = round(engine);
        let until = world.now() + 900 * SECOND;
        world.turn().await.end(Ok(Verdict::Later { until, why: "rate limit".into() }));
        engine = working.await.expect("no panic").0;

        let event = world.released().await;
        assert_eq!((event.attempt, event.due_at), (0, until), "round {round_number}");
        assert_eq!(event.waits_for.as_deref(), Some("rate limit"));
        assert_eq!(engine.run_once().await.expect("a round"), 0, "not before its time");
        world.pass(900);
    }
}

async fn a_failure_is_tried_again_after_a_while(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let working = round(world.process().await);

    world.turn().await.fail("no answer");
    let (engine, _) = working.await.expect("no panic");

    let event = world.released().await;
    assert_eq!((event.attempt, event.last_error.as_deref()), (1, Some("no answer")));
    let wait = event.due_at - BEGIN;
    assert!((SECOND..=10 * SECOND).contains(&wait), "at most the first wait, not at once: {wait}");
    assert_eq!(engine.run_once().await.expect("a round"), 0);

    world.clock.set(event.due_at);
    let working = round(engine);
    let lent = world.turn().await;
    assert_eq!(lent.turn.failures(), 1);
    lent.finish(&world.db).await.expect("finished");
    working.await.expect("no panic");
}

async fn an_event_that_keeps_failing_becomes_a_dead_letter_and_says_so(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let mut engine = world.process().await;

    for attempt in 1..=3 {
        let working = round(engine);
        world.turn().await.fail(&format!("failure {attempt}"));
        engine = working.await.expect("no panic").0;
        if attempt < 3 {
            let event = world.released().await;
            assert!(event.due_at - world.now() <= 15 * SECOND, "never longer than the cap");
            world.pass(15);
        }
    }

    let [dead] = &world.dead().await[..] else { panic!("one dead letter") };
    assert_eq!((dead.attempt, dead.last_error.as_deref()), (3, Some("failure 3")));
    assert_eq!(world.text("SELECT why AS text FROM loss").await, "failure 3");
    world.pass(3600);
    assert_eq!(engine.run_once().await.expect("a round"), 0, "a dead letter rests");
}

async fn never_is_a_dead_letter_at_once(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let working = round(world.process().await);

    world.turn().await.end(Ok(Verdict::Never { why: "access was revoked".into() }));
    working.await.expect("no panic");

    let [dead] = &world.dead().await[..] else { panic!("one dead letter") };
    assert_eq!((dead.attempt, dead.last_error.as_deref()), (0, Some("access was revoked")));
    assert_eq!(world.text("SELECT why AS text FROM loss").await, "access was revoked");
}

async fn a_handler_that_panics_costs_one_attempt(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job { panics: true, ..Job::named("a") }).await;
    world.enqueue(Job::named("b")).await;
    let working = round(world.process().await);

    world.turn().await.finish(&world.db).await.expect("the other one is not disturbed");
    assert_eq!(working.await.expect("the process goes on").1, 2);

    let event = world.released().await;
    assert_eq!(event.attempt, 1);
    assert!(event.last_error.is_some_and(|error| error.contains("panicked")));
}

async fn a_dead_letter_is_told_in_the_same_transaction(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let failed = world.let_giving_up_fail_once();
    let process = Running::start(world.process().await);

    world.turn().await.end(Ok(Verdict::Never { why: "first".into() }));
    failed.await;
    // It could not be told, so it did not happen; when the lease has run out it is tried again.
    let lent = world.turn_in_time().await;
    assert_eq!((world.dead().await.len(), world.count("loss").await), (0, 0));

    lent.end(Ok(Verdict::Never { why: "second".into() }));
    process.stop().await;
    assert_eq!((world.dead().await.len(), world.count("loss").await), (1, 1));
    assert_eq!(world.text("SELECT why AS text FROM loss").await, "second");
}

async fn an_event_whose_kind_nobody_knows_is_a_dead_letter(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let nobody = world.process_with(Registry::default(), EngineSettings::default()).await;

    assert_eq!(nobody.run_once().await.expect("a round"), 1);

    let [dead] = &world.dead().await[..] else { panic!("one dead letter") };
    assert!(dead.last_error.as_deref().is_some_and(|why| why.contains("test.job.v1")));
}

async fn an_event_that_cannot_be_read_is_a_dead_letter(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    world.db.exec("UPDATE event SET payload = '{}'", values![]).await.expect("spoiled");

    assert_eq!(world.process().await.run_once().await.expect("a round"), 1);

    let [dead] = &world.dead().await[..] else { panic!("one dead letter") };
    assert!(dead.last_error.as_deref().is_some_and(|why| why.contains("cannot be read")));
}

async fn an_event_that_was_enqueued_again_meanwhile_goes_on_as_one(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::like("first", "same")).await;
    let working = round(world.process().await);
    let lent = world.turn().await;
    world.enqueue(Job::like("second", "same")).await;

    lent.fail("no answer");
    working.await.expect("no panic");

    let event = world.released().await;
    assert_eq!((event.state.as_str(), event.attempt), ("ready", 0), "the second does the work");
    let gone = "SELECT state AS text FROM event WHERE attempt = 0 AND last_error IS NOT NULL";
    assert_eq!(world.text(gone).await, "discarded");
}

async fn a_process_that_is_asked_to_stop_lets_its_turns_end(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("a")).await;
    let process = Running::start(world.process().await);
    let lent = world.turn().await;

    let stopping = tokio::spawn(process.stop());
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished(), "it waits for the turn in hand");
    lent.finish(&world.db).await.expect("finished");
    stopping.await.expect("stopped");

    assert_eq!((world.count("fact").await, world.count("event").await), (1, 0));
}
