//! Whole lives of campaigns, with exact money.

use hashbuzz_testkit::{HBAR, World, awareness, quest};

#[tokio::test]
async fn a_campaign_pays_who_engaged_waits_for_the_late_and_returns_the_rest() {
    let world = World::new().await;
    let brand = world.campaigner(200 * HBAR).await;
    let linked = world.participants(3).await;
    let late = world.passers_by(1).await;
    let never = world.passers_by(1).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let posts = world.posts(&id).await;
    assert_eq!(posts.len(), 2);

    world.like(&linked, &posts[0]).await;
    world.reply(&linked[..1], &posts[0]).await;
    world.like(&late, &posts[1]).await;
    world.like(&never, &posts[1]).await;
    world.work_until(&id, "Claimable").await;
    world.link(&late[0]).await;
    world.work_until_quiet().await;

    assert_eq!(world.received(&linked[0]).await, 7 * HBAR);
    assert_eq!(world.received(&linked[1]).await, 2 * HBAR);
    assert_eq!(world.received(&linked[2]).await, 2 * HBAR);
    assert_eq!(world.received(&late[0]).await, 2 * HBAR);
    assert_eq!(world.received(&never[0]).await, 0);
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "Closed");
    assert_eq!(view["money"]["funded"], "110");
    assert_eq!(view["money"]["fee"], "10");
    assert_eq!(view["money"]["paid"], "13");
    assert_eq!(view["money"]["refunded"], "87");
    assert_eq!(view["money"]["held"], "0");
    assert_eq!(world.available(&brand).await, (200 - 10 - 13) * HBAR);
    world.finish().await;
}

#[tokio::test]
async fn the_winners_of_a_quest_share_its_budget_equally() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(4).await;
    let id = world.running(&brand, &quest("100")).await;
    let posts = world.posts(&id).await;

    world.answer(&people[..1], &posts[0], "B").await;
    world.answer(&people[1..2], &posts[0], "mango!").await;
    world.answer(&people[2..3], &posts[0], "(b)").await;
    world.answer(&people[3..], &posts[0], "Lemon").await;
    world.work_until_quiet().await;

    let share = 100 * HBAR / 3;
    for winner in &people[..3] {
        assert_eq!(world.received(winner).await, share);
    }
    assert_eq!(world.received(&people[3]).await, 0);
    assert_eq!(world.available(&brand).await, 100 * HBAR - 3 * share);
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_campaign_that_nobody_engaged_with_is_refunded_in_full_and_the_fee_stays() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;

    world.work_until_quiet().await;

    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "Closed");
    assert_eq!(view["money"]["fee"], "10");
    assert_eq!(view["money"]["paid"], "0");
    assert_eq!(view["money"]["refunded"], "100");
    assert_eq!(world.available(&brand).await, 100 * HBAR);
    world.finish().await;
}
