//! Effects: recorded before they are made, never repeated while nobody knows.

use hashbuzz_db::on_both_databases;
use hashbuzz_db::testing::TestDb;
use hashbuzz_outbox::TurnError;
use hashbuzz_outbox::effect::{self, Effect, Next, Plan, State};

use crate::world::{Job, Lent, Running, SECOND, World, round};

on_both_databases!(
    an_effect_that_is_planned_twice_is_one,
    an_effect_goes_from_planned_to_done_with_its_evidence,
    a_plan_that_was_rolled_back_was_never_made,
    an_effect_whose_sender_died_is_found_started,
    a_worker_that_lost_its_lease_sends_nothing,
    a_worker_that_lost_its_lease_records_nothing,
    a_turn_with_too_little_time_left_sends_nothing,
    an_effect_that_is_done_or_rejected_is_not_sent_again,
    clean_reads_add_up_until_it_is_sent_again,
    a_spent_request_is_replaced_and_a_good_one_kept,
    what_reading_cannot_decide_a_person_decides,
    a_person_may_say_that_it_was_not_done,
    a_remote_id_belongs_to_one_effect,
    evidence_is_bounded_and_keeps_both_ends,
);

fn post(sequence: i64) -> Plan<'static> {
    Plan {
        key: "campaign",
        step: "post_1",
        sequence,
        kind: "social.post",
        target: "x:1",
        request: r#"{"text":"hello"}"#.into(),
        idempotency_key: Some("digest".into()),
    }
}

/// A world with one turn in hand.
async fn world(place: TestDb) -> (World, Running, Lent) {
    let world = World::new(place).await;
    world.enqueue(Job::of("publish", "campaign")).await;
    let process = Running::start(world.process().await);
    let lent = world.turn().await;
    (world, process, lent)
}

async fn plan(world: &World, lent: &Lent, plan: Plan<'_>) -> Effect {
    let tx = world.db.begin().await.expect("begun");
    let effect = Effect::plan(&tx, &lent.turn, plan).await.expect("planned");
    tx.commit().await.expect("committed");
    effect
}

async fn next(world: &World, lent: &Lent, effect: &mut Effect, next: Next) {
    try_next(world, lent, effect, next).await.expect("recorded");
}

async fn try_next(
    world: &World,
    lent: &Lent,
    effect: &mut Effect,
    next: Next,
) -> Result<(), TurnError> {
    let tx = world.db.begin().await?;
    effect.next(&tx, &lent.turn, next, "seen").await?;
    Ok(tx.commit().await?)
}

fn done(remote_id: &str) -> Next {
    Next::Done { remote_id: Some(remote_id.into()), cost: Some("0.015 USD".into()) }
}

async fn stored(world: &World) -> Effect {
    let mut all = effect::by_key(&world.db, "campaign").await.expect("read");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn an_effect_that_is_planned_twice_is_one(place: TestDb) {
    let (world, _process, lent) = world(place).await;

    let first = plan(&world, &lent, post(1)).await;
    let again = plan(&world, &lent, Plan { request: "another".into(), ..post(1) }).await;
    let other = plan(&world, &lent, post(2)).await;

    assert_eq!((first.id.as_str(), first.state), (again.id.as_str(), State::Planned));
    assert_eq!(again.request, first.request, "the first plan stands");
    assert_ne!(other.id, first.id);
}

async fn an_effect_goes_from_planned_to_done_with_its_evidence(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let mut effect = plan(&world, &lent, post(1)).await;

    effect.start(&world.db, &lent.turn).await.expect("started");
    let now = stored(&world).await;
    assert_eq!((now.state, now.sends, now.started_at), (State::Started, 1, Some(world.now())));
    world.pass(2);
    next(&world, &lent, &mut effect, done("777")).await;

    let now = stored(&world).await;
    assert_eq!((now.state, now.remote_id.as_deref()), (State::Done, Some("777")));
    let evidence: serde_json::Value = serde_json::from_str(&now.evidence).expect("JSON");
    assert_eq!(
        evidence,
        serde_json::json!([{ "at": world.now(), "state": "done", "seen": "seen" }])
    );
    assert_eq!(world.text("SELECT cost AS text FROM effect").await, "0.015 USD");
    let counts = effect::count_by_state(&world.db).await.expect("counted");
    assert_eq!(counts, [("done".to_owned(), 1)]);
}

async fn a_plan_that_was_rolled_back_was_never_made(place: TestDb) {
    let (world, _process, lent) = world(place).await;

    let tx = world.db.begin().await.expect("begun");
    let mut effect = Effect::plan(&tx, &lent.turn, post(1)).await.expect("planned");
    drop(tx);

    assert!(effect.start(&world.db, &lent.turn).await.is_err(), "there is nothing to start");
    assert_eq!(world.count("effect").await, 0);
}

async fn an_effect_whose_sender_died_is_found_started(place: TestDb) {
    let (world, process, lent) = world(place).await;
    let mut effect = plan(&world, &lent, post(1)).await;
    effect.start(&world.db, &lent.turn).await.expect("started");
    process.die().await;
    world.pass(16);
    let _second = Running::start(world.process().await);

    let lent = world.turn().await;
    let mut found = plan(&world, &lent, post(1)).await;

    assert_eq!((found.state, found.sends), (State::Started, 1));
    let tx = world.db.begin().await.expect("begun");
    assert_eq!(effect::undecided(&tx, "campaign").await.expect("counted"), 1);
    drop(tx);
    assert_eq!(effect::open_effects(&world.db, 10).await.expect("read").len(), 1);
    next(&world, &lent, &mut found, Next::Unknown).await;
    next(&world, &lent, &mut found, done("777")).await;
    assert_eq!(effect::open_effects(&world.db, 10).await.expect("read").len(), 0);
}

async fn a_worker_that_lost_its_lease_sends_nothing(place: TestDb) {
    let (world, process, asleep) = world(place).await;
    let mut effect = plan(&world, &asleep, post(1)).await;
    process.die().await;
    world.pass(16);
    let _second = Running::start(world.process().await);
    let _lent = world.turn().await;

    let started = effect.start(&world.db, &asleep.turn).await;

    assert!(matches!(started, Err(TurnError::LeaseLost)));
    assert_eq!((stored(&world).await.state, stored(&world).await.sends), (State::Planned, 0));
}

async fn a_worker_that_lost_its_lease_records_nothing(place: TestDb) {
    let (world, process, asleep) = world(place).await;
    let mut effect = plan(&world, &asleep, post(1)).await;
    effect.start(&world.db, &asleep.turn).await.expect("started");
    process.die().await;
    world.pass(16);
    let _second = Running::start(world.process().await);
    let lent = world.turn().await;
    let mut taken = plan(&world, &lent, post(1)).await;

    let late = try_next(&world, &asleep, &mut effect, Next::Rejected).await;

    assert!(matches!(late, Err(TurnError::LeaseLost)));
    assert_eq!(stored(&world).await.state, State::Started);
    next(&world, &lent, &mut taken, done("777")).await;
    assert_eq!(stored(&world).await.state, State::Done);
}

async fn a_turn_with_too_little_time_left_sends_nothing(place: TestDb) {
    let world = World::new(place).await;
    world.enqueue(Job::named("publish")).await;
    let _working = round(world.process().await);
    let lent = world.turn().await;
    let mut effect = plan(&world, &lent, post(1)).await;

    world.pass(31);
    let started = effect.start(&world.db, &lent.turn).await;

    assert!(matches!(started, Err(TurnError::LeaseLost)));
    assert_eq!(stored(&world).await.sends, 0);
}

async fn an_effect_that_is_done_or_rejected_is_not_sent_again(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    for (sequence, end) in [(1, done("777")), (2, Next::Rejected)] {
        let mut effect = plan(&world, &lent, post(sequence)).await;
        effect.start(&world.db, &lent.turn).await.expect("started");
        next(&world, &lent, &mut effect, end).await;
        let ended = effect.state;

        let mut again = plan(&world, &lent, post(sequence)).await;
        let started = again.start(&world.db, &lent.turn).await;

        assert!(started.is_err(), "{ended:?}");
        assert_eq!(plan(&world, &lent, post(sequence)).await.state, ended);
    }
}

async fn clean_reads_add_up_until_it_is_sent_again(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let mut effect = plan(&world, &lent, post(1)).await;
    effect.start(&world.db, &lent.turn).await.expect("started");
    next(&world, &lent, &mut effect, Next::Unknown).await;

    next(&world, &lent, &mut effect, Next::CleanRead).await;
    world.pass(5);
    next(&world, &lent, &mut effect, Next::CleanRead).await;
    let now = stored(&world).await;
    assert_eq!((now.state, now.clean_reads), (State::Unknown, 2));
    assert_eq!(now.clean_read_at, Some(world.now()));

    next(&world, &lent, &mut effect, Next::Again { anew: None }).await;
    effect.start(&world.db, &lent.turn).await.expect("started again");
    let now = stored(&world).await;
    assert_eq!((now.state, now.sends, now.clean_reads), (State::Started, 2, 0));
    assert_eq!(now.clean_read_at, None);
}

async fn a_spent_request_is_replaced_and_a_good_one_kept(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let mut effect = plan(&world, &lent, post(1)).await;
    effect.start(&world.db, &lent.turn).await.expect("started");

    next(&world, &lent, &mut effect, Next::Again { anew: None }).await;
    let now = stored(&world).await;
    assert_eq!((now.state, now.idempotency_key.as_deref()), (State::Planned, Some("digest")));

    let anew = Some(("signed anew".to_owned(), Some("0.0.2@1".to_owned())));
    next(&world, &lent, &mut effect, Next::Again { anew }).await;
    let now = stored(&world).await;
    assert_eq!(
        (now.request.as_str(), now.idempotency_key.as_deref()),
        ("signed anew", Some("0.0.2@1"))
    );
}

async fn asked(world: &World, lent: &Lent) -> Effect {
    let mut effect = plan(world, lent, post(1)).await;
    effect.start(&world.db, &lent.turn).await.expect("started");
    next(world, lent, &mut effect, Next::Unknown).await;
    next(world, lent, &mut effect, Next::NeedsPerson).await;
    effect
}

async fn decide(world: &World, id: &str, remote_id: Option<&str>) -> bool {
    let tx = world.db.begin().await.expect("begun");
    let decided =
        effect::decide(&tx, id, remote_id, world.now(), "looked").await.expect("answered");
    tx.commit().await.expect("committed");
    decided
}

async fn what_reading_cannot_decide_a_person_decides(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let effect = asked(&world, &lent).await;
    assert_eq!(effect::needs_a_person(&world.db, 10).await.expect("read").len(), 1);

    assert!(decide(&world, &effect.id, Some("777")).await);
    assert!(!decide(&world, &effect.id, None).await, "it is decided once");

    let now = stored(&world).await;
    assert_eq!((now.state, now.remote_id.as_deref()), (State::Done, Some("777")));
    assert!(now.evidence.contains("looked"));
}

async fn a_person_may_say_that_it_was_not_done(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let effect = asked(&world, &lent).await;

    assert!(decide(&world, &effect.id, None).await);

    let mut now = stored(&world).await;
    assert_eq!((now.state, now.remote_id.as_deref()), (State::Planned, None));
    now.start(&world.db, &lent.turn).await.expect("it may be sent again");
}

async fn a_remote_id_belongs_to_one_effect(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let mut effects = [plan(&world, &lent, post(1)).await, plan(&world, &lent, post(2)).await];
    for effect in &mut effects {
        effect.start(&world.db, &lent.turn).await.expect("started");
    }

    next(&world, &lent, &mut effects[0], done("777")).await;
    let second = try_next(&world, &lent, &mut effects[1], done("777")).await;

    match second {
        Err(TurnError::Db(error)) => assert!(error.is_unique_violation(), "{error}"),
        other => panic!("one post cannot prove two effects: {other:?}"),
    }
}

async fn evidence_is_bounded_and_keeps_both_ends(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let begin = world.now();
    let mut effect = plan(&world, &lent, post(1)).await;

    for _ in 0..60 {
        next(&world, &lent, &mut effect, Next::CleanRead).await;
        world.clock.set(world.now() + SECOND / 10);
    }

    let evidence: Vec<serde_json::Value> =
        serde_json::from_str(&stored(&world).await.evidence).expect("JSON");
    assert_eq!(evidence.len(), 40);
    assert_eq!(evidence[0]["at"], begin);
    assert_eq!(evidence[39]["at"], world.now() - SECOND / 10);
}
