//! Engagement that was seen and taken back.

use hashbuzz_app::Settings;
use hashbuzz_domain::Span;
use hashbuzz_testkit::{HBAR, World, awareness};

#[tokio::test]
async fn a_like_that_an_earlier_walk_saw_and_the_last_one_does_not_is_not_paid() {
    let settings = Settings { sweep_every: Span::from_secs(600), ..Settings::default() };
    let world = World::with(settings).await;
    let brand = world.campaigner(110 * HBAR).await;
    let people = world.participants(2).await;
    let id = world.running(&brand, &awareness("100", "2", "5")).await;
    let posts = world.posts(&id).await;
    world.like(&people, &posts[0]).await;
    world.work_for(Span::from_secs(1_500)).await;
    let (_, statistics) = brand.api.get(&format!("/v2/campaigns/{id}/statistics")).await;
    assert_eq!(statistics["posts"][0]["likes"], 2, "{statistics}");
    assert!(statistics["collected"].to_string().contains("like"), "{statistics}");

    world.unlike(&people[..1], &posts[0]).await;
    world.work_until_quiet().await;

    assert_eq!(world.received(&people[0]).await, 0);
    assert_eq!(world.received(&people[1]).await, 2 * HBAR);
    assert_eq!(brand.api.campaign(&id).await["money"]["paid"], "2");
    world.finish().await;
}
