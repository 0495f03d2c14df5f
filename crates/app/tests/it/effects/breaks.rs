//! A worker that dies between asking and recording, at every place of a life.

use hashbuzz_testkit::World;

use super::life::Life;

/// How many turns an undisturbed life finishes, from the publication to its end.
async fn turns_of_a_life() -> usize {
    let world = World::new().await;
    let life = Life::begin(&world).await;
    let before = world.finished_turns().await;
    life.live(&world).await;
    let turns = world.finished_turns().await - before;
    life.check(&world).await;
    world.finish().await;
    turns
}

async fn broken_at_every(step: usize, first: usize) {
    let turns = turns_of_a_life().await;
    assert!(turns > 20, "a life has more turns than {turns}");
    for passing in (first..turns).step_by(step) {
        let world = World::new().await;
        let life = Life::begin(&world).await;
        world.break_turn(passing);

        life.live(&world).await;

        assert!(world.turn_was_broken(), "turn {passing} of {turns} was never reached");
        life.check(&world).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_lease_lost_after_asking_changes_nothing_at_every_fourth_turn() {
    broken_at_every(4, 0).await;
}

#[tokio::test]
async fn a_lease_lost_after_asking_changes_nothing_at_every_fourth_turn_from_the_second() {
    broken_at_every(4, 1).await;
}

#[tokio::test]
async fn a_lease_lost_after_asking_changes_nothing_at_every_fourth_turn_from_the_third() {
    broken_at_every(4, 2).await;
}

#[tokio::test]
async fn a_lease_lost_after_asking_changes_nothing_at_every_fourth_turn_from_the_fourth() {
    broken_at_every(4, 3).await;
}
