//! Lives under random faults, of a few seeds; `cargo xtask bench lost-answers` lives five hundred.

use hashbuzz_testkit::{lost_answers, lost_money};

async fn lives(seed: u64) {
    let lost = lost_answers(seed).await;
    assert!(lost.wrong.is_empty(), "seed {seed}: {lost:#?}");
}

#[tokio::test]
async fn a_life_whose_answers_are_lost_is_closed_with_every_post_once() {
    for seed in [2, 4, 6] {
        lives(seed).await;
    }
}

#[tokio::test]
async fn a_life_whose_answers_are_lost_is_rolled_back_with_every_post_deleted() {
    for seed in [1, 3, 5] {
        lives(seed).await;
    }
}

#[tokio::test]
async fn money_whose_transactions_are_lost_is_paid_once_or_comes_back() {
    // The fourth of them is rolled back after it was funded.
    for seed in 4..8 {
        let lost = lost_money(seed).await;
        assert!(lost.wrong.is_empty(), "seed {seed}: {lost:#?}");
    }
}
