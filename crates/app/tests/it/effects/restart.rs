//! A server that ends and starts again.

use hashbuzz_testkit::World;

use super::life::Life;

#[tokio::test]
async fn a_life_goes_on_in_a_new_process_wherever_the_old_one_ended() {
    let mut world = World::new().await;
    let life = Life::begin(&world).await;

    world.restart().await;
    for _ in 0..3 {
        world.one_round().await;
    }
    world.restart().await;
    world.work_until(&life.id, "Running").await;
    life.engage(&world).await;
    world.restart().await;
    world.work_until(&life.id, "Settling").await;
    world.restart().await;
    world.work_until(&life.id, "Claimable").await;
    life.link_late(&world).await;
    world.restart().await;
    world.work_until_quiet().await;

    life.check(&world).await;
    world.finish().await;
}
