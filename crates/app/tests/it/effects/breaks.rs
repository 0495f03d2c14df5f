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
    let mut broken = 0;
    for passing in (first..turns).step_by(step) {
        let world = World::new().await;
        let life = Life::begin(&world).await;
        let before = world.finished_turns().await;
        world.break_turn(passing);

        life.live(&world).await;

        // Lives differ by a look at the ledger or two: one may end before the turn that another had.
        let lived = world.finished_turns().await - before;
        let had_it = lived > passing;
        assert_eq!(
            world.turn_was_broken(),
            had_it,
            "turn {passing} of {lived}; another had {turns}"
        );
        broken += usize::from(had_it);
        life.check(&world).await;
        world.finish().await;
    }
    assert!(broken >= (turns - first) / step, "{broken} lives were broken");
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
