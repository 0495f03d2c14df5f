//! The balance is what the ledger says, less what campaigns were promised.

use hashbuzz_testkit::{Campaigner, HBAR, World, awareness};

async fn balance(brand: &Campaigner) -> (String, String, String) {
    let (status, body) = brand.api.get("/v2/balance").await;
    assert_eq!(status, 200, "{body}");
    let text = |field: &str| body[field].as_str().expect("amounts are text").to_owned();
    (text("free"), text("reserved"), text("available"))
}

fn texts(free: &str, reserved: &str, available: &str) -> (String, String, String) {
    (free.to_owned(), reserved.to_owned(), available.to_owned())
}

#[tokio::test]
async fn a_publication_reserves_budget_and_fee_until_the_contract_has_taken_them() {
    let world = World::new().await;
    let brand = world.campaigner(150 * HBAR).await;
    assert_eq!(balance(&brand).await, texts("150", "0", "150"));

    let id = world.published(&brand, &awareness("100", "2", "5")).await;
    assert_eq!(balance(&brand).await, texts("150", "110", "40"));
    world.work_until(&id, "Running").await;
    assert_eq!(balance(&brand).await, texts("40", "0", "40"));
    world.work_until_quiet().await;
    assert_eq!(balance(&brand).await.0, "140");
    world.finish().await;
}

#[tokio::test]
async fn a_deposit_is_whose_it_is_and_a_withdrawal_is_seen() {
    let world = World::new().await;
    let rich = world.campaigner(150 * HBAR).await;
    let poor = world.campaigner(0).await;

    assert_eq!(balance(&poor).await, texts("0", "0", "0"));
    world.withdraw(&rich, 100 * HBAR).await;

    assert_eq!(balance(&rich).await, texts("50", "0", "50"));
    world.finish().await;
}
