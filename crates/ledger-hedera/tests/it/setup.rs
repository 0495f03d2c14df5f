//! Deployment, keys and settings.

use std::time::Duration;

use hashbuzz_domain::AccountId;
use hashbuzz_ledger::{Ledger as _, conformance};
use hashbuzz_ledger_hedera::{Hedera, Settings, SetupError, Wallet, WalletError};

use crate::ground::Ground;
use hashbuzz_ledger::conformance::Proving as _;

fn settings(ground: &Ground) -> Settings {
    Settings {
        network: ground.network.clone(),
        operator: ground.operator.party.account,
        operator_key: ground.operator.key_raw.clone().into(),
        contract: ground.hedera.escrow().contract,
        chain_id: 298,
        max_fee_tinybar: 2_000_000_000,
    }
}

#[tokio::test]
async fn the_escrow_is_deployed_without_an_admin_key_and_its_file_is_gone() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let escrow = ground.hedera.escrow().clone();
    let contract = ground.mirror(&format!("contracts/{}", escrow.contract)).await;
    // The network gives a contract without an admin key its own id as key, which signs nothing.
    let key = &contract["admin_key"];
    assert!(key.is_null() || key["_type"] == "ProtobufEncoded", "{key}");
    assert_eq!(contract["evm_address"], escrow.address.to_string());
    assert_eq!((escrow.ledger, escrow.chain_id), ("hedera", 298));
}

#[tokio::test]
async fn a_raw_key_is_taken_for_the_kind_that_the_account_has() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let again = Hedera::connect(settings(&ground)).await.unwrap();
    assert_eq!(again.escrow(), ground.hedera.escrow());
}

#[tokio::test]
async fn without_nodes_in_the_settings_those_of_the_mirror_node_are_used() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let mut unnamed = settings(&ground);
    unnamed.network.nodes.clear();
    let hedera = Hedera::connect(unnamed.clone()).await.unwrap();
    conformance::a_call_is_prepared_sent_and_done(&hedera, &ground).await;
    let key = ground.operator.key_raw.clone().into();
    let wallet = Wallet::new(&unnamed.network, ground.operator.party.account, &key).await;
    assert!(wallet.is_ok(), "a wallet finds its node as well");
}

#[tokio::test]
async fn settings_that_cannot_be_right_are_told_before_anything_is_sent() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let other = ground.open().await;
    let mut plain = settings(&ground);
    plain.network.mirror = "http://mirror.example".to_owned();
    for wrong in [
        Settings { operator_key: other.key_raw.clone().into(), ..settings(&ground) },
        Settings { operator_key: "no key".to_owned().into(), ..settings(&ground) },
        Settings { operator: AccountId::new(4_000_000), ..settings(&ground) },
        Settings { contract: other.party.account, ..settings(&ground) },
        plain,
    ] {
        let secret = wrong.operator_key.clone();
        let error = Hedera::connect(wrong).await.unwrap_err();
        assert!(matches!(error, SetupError::Settings(_)), "{error:?}");
        use secrecy::ExposeSecret as _;
        assert!(!format!("{error} {error:?}").contains(secret.expose_secret()));
    }
}

#[tokio::test]
async fn what_is_printed_has_no_key_in_it() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let key = ground.operator.key_der.clone();
    let wallet =
        Wallet::new(&ground.network, ground.operator.party.account, &key.into()).await.unwrap();
    let printed = format!("{:?} {:?} {:?}", ground.hedera, wallet, settings(&ground));
    let secret = ground.operator.key_raw.trim_start_matches("0x");
    assert!(!printed.contains(secret) && !printed.contains(&ground.operator.key_der));
}

#[tokio::test]
async fn a_wallet_cannot_take_out_what_it_did_not_put_in() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let opened = ground.open().await;
    let wallet =
        Wallet::new(&ground.network, opened.party.account, &opened.key_der.into()).await.unwrap();
    let contract = ground.hedera.escrow().contract;
    let refused = wallet.withdraw(contract, 1, ground.now()).await;
    assert!(
        matches!(&refused, Err(WalletError::Ledger(text))
        if text.contains("ContractRevertExecuted")),
        "{refused:?}"
    );
}
