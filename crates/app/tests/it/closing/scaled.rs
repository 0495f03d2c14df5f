//! When more is owed than there is, and who is left out.

use hashbuzz_testkit::{HBAR, World, awareness};

#[tokio::test]
async fn when_more_is_owed_than_the_budget_everybody_receives_the_same_part_of_it() {
    let world = World::new().await;
    let brand = world.campaigner(11 * HBAR).await;
    let people = world.participants(3).await;
    let id = world.running(&brand, &awareness("10", "5", "0")).await;
    world.like(&people, &world.posts(&id).await[0]).await;

    world.work_until_quiet().await;

    let each = 10 * HBAR / 3;
    for person in &people {
        assert_eq!(world.received(person).await, each);
    }
    assert_eq!(world.available(&brand).await, 10 * HBAR - 3 * each);
    world.finish().await;
}

#[tokio::test]
async fn liking_both_posts_or_replying_twice_is_paid_once() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(1).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let posts = world.posts(&id).await;

    world.like(&people, &posts[0]).await;
    world.like(&people, &posts[1]).await;
    world.reply(&people, &posts[0]).await;
    world.answer(&people, &posts[1], "And one thing more").await;
    world.work_until_quiet().await;

    assert_eq!(world.received(&people[0]).await, 7 * HBAR);
    world.finish().await;
}

#[tokio::test]
async fn whoever_links_after_the_claim_window_is_not_paid_and_their_part_is_refunded() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let late = world.passers_by(1).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    world.like(&late, &world.posts(&id).await[0]).await;

    world.work_until_quiet().await;
    world.link(&late[0]).await;
    world.work_until_quiet().await;

    assert_eq!(world.received(&late[0]).await, 0);
    assert_eq!(world.available(&brand).await, 100 * HBAR);
    world.finish().await;
}

#[tokio::test]
async fn what_a_person_does_after_the_close_is_not_paid() {
    let world = World::new().await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(2).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let posts = world.posts(&id).await;
    world.reply(&people[..1], &posts[0]).await;

    assert_eq!(brand.api.command(&id, "close").await.0, 202);
    world.pass(hashbuzz_domain::Span::from_secs(60));
    world.reply(&people[1..], &posts[0]).await;
    world.work_until_quiet().await;

    assert_eq!(world.received(&people[0]).await, 5 * HBAR);
    assert_eq!(world.received(&people[1]).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn more_people_than_one_transaction_carries_are_paid_in_several_batches() {
    let world = World::new().await;
    let most = world.app().ledger.max_batch();
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(most + 1).await;
    // A minute between two replies: an hour would not be enough for all of them.
    let mut draft = awareness("100", "0", "0.25");
    draft["duration_seconds"] = 86_400.into();
    let id = world.running(&brand, &draft).await;
    world.reply(&people, &world.posts(&id).await[0]).await;

    world.work_until_quiet().await;

    let counted = world.counted().await;
    assert_eq!(counted.succeeded("payBatch(bytes32,uint32,bytes32[])"), 2);
    let view = brand.api.campaign(&id).await;
    assert_eq!(view["totals"]["paid"], most + 1, "{view:#}");
    // What it would take was told before, what it took is told after, each in money.
    let (_, timeline) = brand.api.get(&format!("/v2/campaigns/{id}/timeline")).await;
    let told = timeline.to_string();
    let people = most + 1;
    for words in [
        format!("{people} people in 2 transactions, about "),
        format!("batch 1: {most} people paid "),
        format!("; {people} paid so far"),
    ] {
        assert!(told.contains(&words), "{words}: {timeline:#}");
    }
    let steps = view["steps"].to_string();
    assert!(steps.contains(": 2 transactions, ") && steps.contains(" in fees ($"), "{view:#}");
    world.finish().await;
}
