//! Campaigns that cannot go on: mended and resumed, or rolled back.

use hashbuzz_testkit::{Campaigner, HBAR, World, awareness};

/// Post 1 is public, and the deposit is gone before the contract could lock it.
async fn stalled_at_fund(world: &World) -> (Campaigner, String) {
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    while world.posts(&id).await.is_empty() {
        world.one_round().await;
    }
    world.withdraw(&brand, 50 * HBAR).await;
    world.expect_refusals(1);
    world.expect_dead_letter("CAMPAIGN_PUBLISH_DO_SM_TRANSACTION");
    world.work_until(&id, "Stalled").await;
    world.work_until_quiet().await;
    (brand, id)
}

#[tokio::test]
async fn a_contract_that_refuses_the_budget_stalls_the_campaign_until_it_is_deposited() {
    let world = World::new().await;
    let (brand, id) = stalled_at_fund(&world).await;
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["stalled"]["origin"], "Publishing");
    assert_eq!(view["stalled"]["step"], "fund");
    assert!(view["stalled"]["reason"].as_str().unwrap().contains("refused"), "{view}");

    world.deposit(&brand, 50 * HBAR).await;
    let (status, body) = brand.api.command(&id, "resume").await;
    assert_eq!(status, 202, "{body}");
    world.work_until(&id, "Running").await;

    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    assert_eq!(world.available(&brand).await, 100 * HBAR);
    world.finish().await;
}

#[tokio::test]
async fn a_campaign_that_was_never_funded_rolls_back_by_deleting_its_post() {
    let world = World::new().await;
    let (brand, id) = stalled_at_fund(&world).await;

    let (status, body) = brand.api.command(&id, "roll-back").await;
    assert_eq!(status, 202, "{body}");
    world.work_until_quiet().await;

    assert_eq!(brand.api.campaign(&id).await["state"], "RolledBack");
    assert_eq!(world.counted().await.public(), 0);
    assert_eq!(world.available(&brand).await, 60 * HBAR);
    world.finish().await;
}

#[tokio::test]
async fn a_funded_campaign_that_stalls_rolls_back_with_budget_and_fee_returned_and_posts_deleted() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    while world.available(&brand).await > 0 {
        world.one_round().await;
    }
    world.revoke(&brand).await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_SECOND_CONTENT");
    world.work_until(&id, "Stalled").await;
    assert_eq!(brand.api.campaign(&id).await["stalled"]["step"], "post_2");

    world.link_again(&brand).await;
    let (status, body) = brand.api.command(&id, "roll-back").await;
    assert_eq!(status, 202, "{body}");
    world.work_until_quiet().await;

    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "RolledBack");
    assert_eq!(view["money"]["refunded"], "110");
    assert_eq!(view["money"]["held"], "0");
    assert_eq!(world.counted().await.public(), 0);
    assert_eq!(world.available(&brand).await, 110 * HBAR);
    world.finish().await;
}

#[tokio::test]
async fn access_that_was_revoked_before_the_last_collection_stalls_it_until_it_is_given_again() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(2).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let posts = world.posts(&id).await;
    world.like(&people, &posts[0]).await;

    world.revoke(&brand).await;
    world.expect_dead_letter("CAMPAIGN_COLLECT_ENGAGEMENT");
    world.work_until(&id, "Stalled").await;
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["stalled"]["step"], "collect");
    assert_eq!(view["stalled"]["origin"], "Closing");
    world.link_again(&brand).await;
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;

    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    assert_eq!(world.received(&people[0]).await, 2 * HBAR);
    world.finish().await;
}
