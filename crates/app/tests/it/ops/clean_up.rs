//! What is finished goes by its age; what an auditor asks for stays.

use hashbuzz_app::{Retention, Settings};
use hashbuzz_db::{Sql as _, values};
use hashbuzz_domain::Span;
use hashbuzz_testkit::{HBAR, World, awareness};
use reqwest::Method;
use serde_json::json;

use super::events;

async fn count(world: &World, what: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM {what}");
    world.app().db.number(&sql, values![]).await.expect("the database answers")
}

const OF_CAMPAIGNS: &str = "event_history WHERE key IS NOT NULL";
const HOUSEKEEPING: &str = "event_history WHERE key IS NULL";

async fn pass_days(world: &World, days: u32) {
    world.pass(Span::from_secs(days * 86_400));
    world.work_now().await;
}

#[tokio::test]
async fn a_campaigns_events_are_kept_for_so_long_after_its_end_and_then_go() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.break_x(json!({ "on": "create_post", "kind": "status", "status": 503 })).await;
    world.running(&brand, &awareness("100", "2", "5")).await;
    world.work_until_quiet().await;
    let (effects, entries) = (count(&world, "effect").await, count(&world, "audit_entry").await);
    let books = count(&world, "book_entry").await;
    let before = count(&world, OF_CAMPAIGNS).await;
    assert!(before > 10 && count(&world, "event_attempt").await > 0);

    pass_days(&world, 29).await;
    assert_eq!(count(&world, OF_CAMPAIGNS).await, before);
    pass_days(&world, 2).await;
    // The clean-up is in history itself, and so is what else repeats itself.
    assert_eq!(count(&world, OF_CAMPAIGNS).await, 0);
    assert_eq!(count(&world, "event_attempt").await, 0);

    assert_eq!(count(&world, "effect").await, effects);
    assert_eq!(count(&world, "audit_entry").await, entries);
    assert_eq!(count(&world, "book_entry").await, books);
    world.finish().await;
}

#[tokio::test]
async fn the_events_of_a_campaign_that_is_not_over_stay_however_old() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.revoke(&brand).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.work_until(&id, "Stalled").await;
    world.work_until_quiet().await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_CONTENT");
    let before = count(&world, OF_CAMPAIGNS).await;
    assert!(before > 0);

    pass_days(&world, 400).await;

    assert_eq!(count(&world, OF_CAMPAIGNS).await, before);
    assert_eq!(events(&world.operator().await, &id, "dead").await.len(), 1);
    world.link_again(&brand).await;
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn housekeeping_and_what_was_set_aside_go_after_a_shorter_time() {
    let retention = Retention { housekeeping: Span::from_secs(3 * 86_400), ..Retention::default() };
    let world = World::with(Settings { retention, ..Settings::default() }).await;
    let (brand, id) = super::limited(&world).await;
    let operator = world.operator().await;
    let waiting = super::event(&operator, &id, "deferred").await;
    let path = format!("/v2/ops/events/{waiting}/discard");
    let why = json!({ "reason": "because" });
    assert_eq!(operator.send_json(Method::POST, &path, &why).await.0, 204);
    world.work_until_quiet().await;
    let before = count(&world, HOUSEKEEPING).await;
    assert!(before > 0);

    pass_days(&world, 2).await;
    assert!(count(&world, HOUSEKEEPING).await >= before);
    assert_eq!(events(&operator, &id, "discarded").await.len(), 1);
    pass_days(&world, 2).await;
    let sql = format!(
        "{HOUSEKEEPING} AND finished_at < {}",
        world.app().clock.now() - 3 * 86_400_000_000
    );
    assert_eq!(count(&world, &sql).await, 0);
    assert_eq!(events(&operator, &id, "discarded").await.len(), 0);

    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;
    world.finish().await;
}
