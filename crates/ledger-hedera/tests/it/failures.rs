//! Failures that only this network has.

use std::time::Duration;

use hashbuzz_domain::Span;
use hashbuzz_ledger::conformance::Proving as _;
use hashbuzz_ledger::{EscrowCall, Ledger as _, Outcome, ReadError, SendError};
use hashbuzz_ledger_hedera::Wallet;
use serde_json::json;

use crate::ground::Ground;

/// A call that reaches consensus, and fails there: the contract knows no such campaign.
fn doomed(ground: &Ground) -> EscrowCall {
    EscrowCall::Cancel { campaign: ground.fresh_campaign() }
}

#[tokio::test]
async fn a_copy_through_another_node_is_an_echo_and_not_a_second_outcome() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.fault(json!({"on": "submit", "kind": "duplicate"})).await;
    ground.hedera.send(&prepared).await.unwrap();
    ground.later(Span::from_secs(1)).await;
    let outcome = ground.hedera.look_up(&prepared).await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Failed { reason }
        if reason.starts_with("CONTRACT_REVERT_EXECUTED: WrongState(id 0x")),
        "{outcome:?}"
    );
    let id = prepared.transaction_id.replace('@', "-");
    let (front, nanos) = id.rsplit_once('.').unwrap();
    let rows = ground.mirror(&format!("transactions/{front}-{nanos}")).await;
    assert_eq!(rows["transactions"].as_array().unwrap().len(), 2, "the echo is there: {rows}");
}

#[tokio::test]
async fn what_consensus_has_not_handled_yet_is_pending() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.fault(json!({"on": "submit", "kind": "consensus_delay_ms", "ms": 30_000})).await;
    ground.hedera.send(&prepared).await.unwrap();
    ground.later(Span::from_secs(29)).await;
    assert_eq!(ground.hedera.look_up(&prepared).await, Ok(Outcome::Pending));
    ground.later(Span::from_secs(2)).await;
    let outcome = ground.hedera.look_up(&prepared).await;
    assert!(matches!(outcome, Ok(Outcome::Failed { .. })), "{outcome:?}");
}

#[tokio::test]
async fn without_receipts_the_mirror_decides() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.hedera.send(&prepared).await.unwrap();
    ground.later(Span::from_secs(1)).await;
    ground.fault(json!({"on": "receipt", "kind": "drop_before_apply", "times": 10})).await;
    let outcome = ground.hedera.look_up(&prepared).await;
    assert!(matches!(outcome, Ok(Outcome::Failed { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_receipt_without_the_mirror_decides_nothing() {
    let ground = Ground::with_lag(Duration::from_secs(60)).await;
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.hedera.send(&prepared).await.unwrap();
    assert_eq!(ground.hedera.look_up(&prepared).await, Ok(Outcome::Pending));
}

#[tokio::test]
async fn a_mirror_that_is_down_is_an_error_and_no_absence() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.later(Span::from_secs(400)).await;
    ground.fault(json!({"on": "mirror", "kind": "status_503", "match": "transactions"})).await;
    let outcome = ground.hedera.look_up(&prepared).await;
    assert!(matches!(outcome, Err(ReadError::Unavailable(_))), "{outcome:?}");
    ground.fault(json!({"on": "mirror", "kind": "status_503", "match": "blocks"})).await;
    let outcome = ground.hedera.look_up(&prepared).await;
    assert!(matches!(outcome, Err(ReadError::Unavailable(_))), "{outcome:?}");
    assert_eq!(ground.hedera.look_up(&prepared).await, Ok(Outcome::Absent));
}

#[tokio::test]
async fn expired_bytes_are_refused_as_expired() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.later(Span::from_secs(200)).await;
    assert_eq!(ground.hedera.send(&prepared).await, Err(SendError::Expired));
}

#[tokio::test]
async fn bytes_that_were_tampered_with_are_refused() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let mut prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    // A letter of the memo, which is signed like everything else.
    let memo = prepared.bytes.windows(8).position(|w| w == b"hashbuzz").unwrap();
    prepared.bytes[memo] = b'H';
    let refused = Err(SendError::Refused("INVALID_SIGNATURE".to_owned()));
    assert_eq!(ground.hedera.send(&prepared).await, refused);
}

#[tokio::test]
async fn a_node_that_is_not_ready_asks_for_a_longer_wait() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.fault(json!({"on": "submit", "kind": "platform_not_active"})).await;
    let Err(SendError::Busy { after, .. }) = ground.hedera.send(&prepared).await else {
        panic!("not busy")
    };
    assert_eq!(after, Duration::from_secs(10));
}

#[tokio::test]
async fn a_transaction_addressed_to_a_node_that_left_the_settings_waits() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let mut prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    prepared.node = "0.0.9".to_owned();
    let sent = ground.hedera.send(&prepared).await;
    assert!(matches!(sent, Err(SendError::Busy { .. })), "{sent:?}");
    assert_eq!(ground.hedera.look_up(&prepared).await, Ok(Outcome::Pending));
}

#[tokio::test]
async fn the_success_of_other_bytes_under_the_same_id_is_not_ours() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let mut prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    ground.hedera.send(&prepared).await.unwrap();
    prepared.hash = vec![0; 48];
    ground.later(Span::from_secs(1)).await;
    assert_eq!(ground.hedera.look_up(&prepared).await, Ok(Outcome::Pending));
    ground.later(Span::from_secs(400)).await;
    assert_eq!(ground.hedera.look_up(&prepared).await, Ok(Outcome::Absent));
}

#[tokio::test]
async fn an_operator_that_cannot_pay_waits_until_it_can_and_the_same_bytes_are_taken() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let operator = ground.operator.clone();
    let prepared = ground.hedera.prepare(&doomed(&ground), ground.now()).await.unwrap();
    // Everything but the fee of this deposit, which is less than what a call might cost.
    let key = operator.key_der.clone().into();
    let wallet = Wallet::new(&ground.network, operator.party.account, &key).await.unwrap();
    let contract = ground.hedera.escrow().contract;
    let gas = ground.hedera.prices().await.unwrap().gas_tinybar;
    let all = ground.hedera.operator_balance().await.unwrap() - 300_000 * gas;
    wallet.deposit_and_allow(contract, all, all, 1_000, ground.now()).await.unwrap();
    ground.later(Span::from_secs(1)).await;

    let refused = ground.hedera.send(&prepared).await;
    let Err(SendError::Busy { after, detail }) = refused else { panic!("{refused:?}") };
    assert_eq!(after, Duration::from_secs(60));
    assert!(detail.contains("INSUFFICIENT_PAYER_BALANCE: hedera.operator"), "{detail}");

    ground.top_up(&operator, 100_000_000).await;
    ground.hedera.send(&prepared).await.unwrap();
    ground.later(Span::from_secs(1)).await;
    let outcome = ground.hedera.look_up(&prepared).await;
    assert!(matches!(outcome, Ok(Outcome::Failed { .. })), "the contract was asked: {outcome:?}");
}
