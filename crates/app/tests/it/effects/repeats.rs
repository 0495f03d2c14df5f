//! Every event is handled at least once; twice must be as good.

use hashbuzz_testkit::World;

use super::life::Life;

#[tokio::test]
async fn a_life_whose_every_event_is_handled_twice_ends_as_any_other() {
    let world = World::new().await;
    world.repeat_everything();
    let life = Life::begin(&world).await;

    life.live(&world).await;

    life.check(&world).await;
    world.finish().await;
}
