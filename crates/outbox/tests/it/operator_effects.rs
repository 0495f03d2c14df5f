//! Effects in an operator's list, and what a turn may not do with them.

use hashbuzz_db::on_both_databases;
use hashbuzz_db::testing::TestDb;
use hashbuzz_outbox::TurnError;
use hashbuzz_outbox::effect::{self, Effect, EffectFilter, Next, Plan, State};
use hashbuzz_outbox::operator::Page;

use crate::world::{Job, Lent, Running, World};

on_both_databases!(
    what_another_turn_may_have_sent_is_not_started_but_restarted_where_that_does_no_harm,
    an_unknown_effect_is_not_started_by_the_turn_that_sent_it,
    a_worker_that_lost_its_lease_takes_and_plans_nothing,
    effects_are_listed_by_state_campaign_step_and_kind_a_page_at_a_time,
);

fn post(step: &'static str) -> Plan<'static> {
    Plan {
        key: "campaign",
        step,
        sequence: 1,
        kind: if step == "fund" { "ledger.call" } else { "social.post" },
        target: "x:1",
        request: "{}".into(),
        idempotency_key: None,
    }
}

async fn world(place: TestDb) -> (World, Running, Lent) {
    let world = World::new(place).await;
    world.enqueue(Job::of("publish", "campaign")).await;
    let process = Running::start(world.process().await);
    let lent = world.turn().await;
    (world, process, lent)
}

async fn plan(world: &World, lent: &Lent, step: &'static str) -> Result<Effect, TurnError> {
    let tx = world.db.begin().await?;
    let effect = Effect::plan(&tx, &lent.turn, post(step)).await?;
    tx.commit().await?;
    Ok(effect)
}

async fn next(world: &World, lent: &Lent, effect: &mut Effect, next: Next) {
    let tx = world.db.begin().await.expect("begun");
    effect.next(&tx, &lent.turn, next, "seen").await.expect("recorded");
    tx.commit().await.expect("committed");
}

/// The same event in the hands of a second process, after the first one died.
async fn taken_over(world: &World, process: Running) -> (Running, Lent) {
    process.die().await;
    world.pass(16);
    let second = Running::start(world.process().await);
    let lent = world.turn().await;
    (second, lent)
}

async fn what_another_turn_may_have_sent_is_not_started_but_restarted_where_that_does_no_harm(
    place: TestDb,
) {
    let (world, process, lent) = world(place).await;
    let mut effect = plan(&world, &lent, "post_1").await.expect("planned");
    effect.start(&world.db, &lent.turn).await.expect("started");
    effect.start(&world.db, &lent.turn).await.expect("this turn sent it and may send it again");
    assert_eq!(effect.sends, 2);
    let (_second, lent) = taken_over(&world, process).await;

    let mut found = plan(&world, &lent, "post_1").await.expect("found");
    assert_eq!((found.state, found.sends), (State::Started, 2));
    let started = found.start(&world.db, &lent.turn).await;
    assert!(matches!(started, Err(TurnError::LeaseLost)), "{started:?}");

    found.restart(&world.db, &lent.turn).await.expect("restarted");
    assert_eq!((found.state, found.sends), (State::Started, 3));
}

async fn an_unknown_effect_is_not_started_by_the_turn_that_sent_it(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    let mut effect = plan(&world, &lent, "post_1").await.expect("planned");
    effect.start(&world.db, &lent.turn).await.expect("started");

    for end in [Next::Unknown, Next::NeedsPerson] {
        next(&world, &lent, &mut effect, end).await;
        assert!(effect.start(&world.db, &lent.turn).await.is_err());
    }
    effect.restart(&world.db, &lent.turn).await.expect("restarted");
    next(&world, &lent, &mut effect, Next::Rejected).await;
    assert!(effect.restart(&world.db, &lent.turn).await.is_err(), "what is over stays over");
}

async fn a_worker_that_lost_its_lease_takes_and_plans_nothing(place: TestDb) {
    let (world, process, asleep) = world(place).await;
    plan(&world, &asleep, "post_1").await.expect("planned");
    let (_second, lent) = taken_over(&world, process).await;
    let mut held = plan(&world, &lent, "post_1").await.expect("found");

    let late = plan(&world, &asleep, "post_1").await;
    assert!(matches!(late, Err(TurnError::LeaseLost)), "{late:?}");
    let late = plan(&world, &asleep, "fund").await;
    assert!(matches!(late, Err(TurnError::LeaseLost)), "{late:?}");
    let tx = world.db.begin().await.expect("begun");
    let late = Effect::take(&tx, &asleep.turn, "campaign", "post_1", 1).await;
    assert!(matches!(late, Err(TurnError::LeaseLost)), "{late:?}");
    drop(tx);

    assert_eq!(world.count("effect").await, 1);
    held.start(&world.db, &lent.turn).await.expect("it is still the second turn's");
}

async fn effects_are_listed_by_state_campaign_step_and_kind_a_page_at_a_time(place: TestDb) {
    let (world, _process, lent) = world(place).await;
    for step in ["post_1", "fund", "post_2"] {
        let mut effect = plan(&world, &lent, step).await.expect("planned");
        effect.start(&world.db, &lent.turn).await.expect("started");
        if step == "fund" {
            let done = Next::Done { remote_id: Some("7".into()), cost: Some("3 tinybar".into()) };
            next(&world, &lent, &mut effect, done).await;
        } else {
            next(&world, &lent, &mut effect, Next::Unknown).await;
        }
    }
    let none = EffectFilter::default;
    for (filter, steps) in [
        (none(), vec!["post_1", "fund", "post_2"]),
        (EffectFilter { states: vec![State::Unknown], ..none() }, vec!["post_1", "post_2"]),
        (EffectFilter { states: vec![State::Done, State::NeedsPerson], ..none() }, vec!["fund"]),
        (EffectFilter { key: Some("another".into()), ..none() }, vec![]),
        (EffectFilter { step: Some("post_2".into()), ..none() }, vec!["post_2"]),
        (EffectFilter { kind: Some("ledger.call".into()), ..none() }, vec!["fund"]),
    ] {
        let page = Page { after: None, limit: 10 };
        let found = effect::search(&world.db, &filter, &page).await.expect("searched");
        let found: Vec<String> = found.items.into_iter().map(|effect| effect.step).collect();
        assert_eq!(found, steps, "{filter:?}");
    }

    let first = Page { after: None, limit: 2 };
    let first = effect::search(&world.db, &none(), &first).await.expect("searched");
    assert_eq!(first.items[1].cost.as_deref(), Some("3 tinybar"));
    assert_eq!(
        (first.items[1].planned_at, first.items[1].ended_at),
        (world.now(), Some(world.now()))
    );
    assert_eq!(first.items[0].event, lent.turn.event());
    let second = Page { after: first.next, limit: 2 };
    let second = effect::search(&world.db, &none(), &second).await.expect("searched");
    assert_eq!((second.items.len(), second.next), (1, None));
}
