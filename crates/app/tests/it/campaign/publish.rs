//! Publishing once, however often it is asked.

use hashbuzz_testkit::{HBAR, World, awareness};
use serde_json::json;

const CREATE: &str = "createCampaign(bytes32,address,address,uint128,uint128,uint32,uint64)";

#[tokio::test]
async fn a_second_click_is_told_that_it_is_being_published_and_changes_nothing() {
    let world = World::new().await;
    let brand = world.campaigner(220 * HBAR).await;
    let id = world.approved(&brand, &awareness("100", "2", "5")).await;

    let first = brand.api.command(&id, "publish").await;
    let second = brand.api.command(&id, "publish").await;
    world.work_until(&id, "Running").await;
    let third = brand.api.command(&id, "publish").await;

    assert_eq!(first.0, 202, "{}", first.1);
    assert_eq!(second.0, 409);
    assert_eq!(second.1["code"], "campaign.already_publishing");
    assert_eq!(third.0, 409);
    let counted = world.counted().await;
    assert_eq!(counted.public(), 2, "{:?}", counted.posts);
    assert_eq!(counted.succeeded(CREATE), 1);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn two_clicks_at_the_same_moment_are_one_publication() {
    let world = World::new().await;
    let brand = world.campaigner(220 * HBAR).await;
    let id = world.approved(&brand, &awareness("100", "2", "5")).await;

    let (one, other) =
        tokio::join!(brand.api.command(&id, "publish"), brand.api.command(&id, "publish"));

    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409], "{} {}", one.1, other.1);
    world.work_until(&id, "Running").await;
    assert_eq!(world.counted().await.succeeded(CREATE), 1);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_balance_that_covers_one_campaign_publishes_one_of_two() {
    let world = World::new().await;
    let brand = world.campaigner(150 * HBAR).await;
    let mut other = awareness("100", "2", "5");
    other["text"] = "Another flavour is here".into();
    let first = world.approved(&brand, &awareness("100", "2", "5")).await;
    let second = world.approved(&brand, &other).await;

    let answers =
        tokio::join!(brand.api.command(&first, "publish"), brand.api.command(&second, "publish"));

    let (accepted, refused) = match (answers.0.0, answers.1.0) {
        (202, 409) => (&first, answers.1),
        (409, 202) => (&second, answers.0),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused.1["code"], "balance.insufficient");
    world.work_until(accepted, "Running").await;
    assert_eq!(world.counted().await.succeeded(CREATE), 1);
    world.work_until_quiet().await;
    world.finish().await;
}

#[tokio::test]
async fn a_budget_above_the_balance_is_refused_and_nothing_is_public() {
    let world = World::new().await;
    let brand = world.campaigner(100 * HBAR).await;
    let id = world.approved(&brand, &awareness("100", "2", "5")).await;

    let (status, body) = brand.api.command(&id, "publish").await;

    assert_eq!((status, &body["code"]), (409, &"balance.insufficient".into()));
    assert_eq!(brand.api.campaign(&id).await["state"], "Approved");
    world.work_until_quiet().await;
    assert_eq!(world.counted().await.posts.len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_deposit_withdrawn_before_the_first_post_leaves_the_campaign_approved() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.withdraw(&brand, 50 * HBAR).await;

    world.work_until_quiet().await;

    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "Approved");
    assert_eq!(world.counted().await.posts.len(), 0);
    world.deposit(&brand, 50 * HBAR).await;
    assert_eq!(brand.api.command(&id, "publish").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}

#[tokio::test]
async fn a_deposit_withdrawn_while_the_first_post_is_perhaps_public_takes_nothing_back() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    world.break_x(json!({ "on": "create_post", "kind": "drop_after_apply" })).await;
    world.expect_dead_letter("CAMPAIGN_PUBLISH_DO_SM_TRANSACTION");
    world.expect_refusals(1);
    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    world.one_round().await;
    world.withdraw(&brand, 50 * HBAR).await;

    world.work_until_quiet().await;

    let view = brand.api.campaign(&id).await;
    assert_eq!(view["state"], "Stalled", "it is public: {view:#}");
    assert_eq!(view["stalled"]["step"], "fund");
    assert_eq!(world.counted().await.public(), 1);
    world.deposit(&brand, 50 * HBAR).await;
    assert_eq!(brand.api.command(&id, "resume").await.0, 202);
    world.work_until_quiet().await;
    assert_eq!(brand.api.campaign(&id).await["state"], "Closed");
    world.finish().await;
}
