//! Validity, receipts and the mirror's lag follow the clock that the test moves.

use std::time::Duration;

use hiero_sdk_proto::services::{self as proto, ResponseCodeEnum as Code};
use serde_json::json;

use crate::code::TIMEKEEPER;
use crate::harness::{EPOCH, Net, shown, signed, transfer};

#[tokio::test]
async fn a_transaction_is_accepted_until_ten_seconds_before_it_expires() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    // Valid for 120 s, and a second (less 2.1 ms) old.
    let pay = || net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    let (in_time, too_late) = (pay(), pay());
    net.advance(Duration::from_millis(109_002));
    assert_eq!(net.send(&signed(&in_time, &[&payer])).await, Code::Ok);
    net.advance(Duration::from_millis(1));
    assert_eq!(net.send(&signed(&too_late, &[&payer])).await, Code::TransactionExpired);
}

#[tokio::test]
async fn a_receipt_is_kept_for_three_minutes() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    let id = body.transaction_id.clone();
    assert_eq!(net.receipt(id.clone()).await.0, Code::ReceiptNotFound);
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Ok);
    net.advance(Duration::from_secs(179));
    assert_eq!(net.receipt(id.clone()).await.0, Code::Ok);
    net.advance(Duration::from_secs(2));
    assert_eq!(net.receipt(id.clone()).await.0, Code::ReceiptNotFound);
    // The mirror never forgets.
    net.ok(&format!("/api/v1/transactions/{}", shown(&id.unwrap()))).await;
}

#[tokio::test]
async fn an_accepted_transaction_has_no_outcome_before_consensus() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.fault(json!({ "on": "submit", "kind": "consensus_delay_ms", "ms": 3_000 })).await;
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    let transaction = signed(&body, &[&payer]);
    let id = body.transaction_id.clone();
    assert_eq!(net.send(&transaction).await, Code::Ok);
    let status = |receipt: Option<proto::TransactionReceipt>| receipt.unwrap().status;
    assert_eq!(status(net.receipt(id.clone()).await.1), i32::from(Code::Unknown));
    assert_eq!(net.send(&transaction).await, Code::DuplicateTransaction);
    net.advance(Duration::from_millis(3_001));
    assert_eq!(status(net.receipt(id.clone()).await.1), i32::from(Code::Success));
}

#[tokio::test]
async fn a_transaction_that_reaches_consensus_too_late_has_expired_and_changes_nothing() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.fault(json!({ "on": "submit", "kind": "consensus_delay_ms", "ms": 150_000 })).await;
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Ok);
    net.advance(Duration::from_secs(151));
    let (_, receipt) = net.receipt(body.transaction_id.clone()).await;
    assert_eq!(receipt.unwrap().status, i32::from(Code::TransactionExpired));
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn the_mirror_is_behind_by_its_lag() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.advance(Duration::from_secs(1));
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Ok);
    let path = format!("/api/v1/transactions/{}", shown(&body.transaction_id.unwrap()));
    let account = format!("/api/v1/accounts/0.0.{}", payer.num);

    net.advance(Duration::from_millis(200));
    assert_eq!(net.get(&path).await.0, 404);
    assert_eq!(net.ok(&account).await["balance"]["balance"], 1_000_000_000);
    net.advance(Duration::from_millis(1));
    let found = net.ok(&path).await;
    assert_eq!(found["transactions"][0]["result"], "SUCCESS");
    assert_eq!(net.ok(&account).await["balance"]["balance"], 1_000_000_000 - 125_001);
}

#[tokio::test]
async fn the_watermark_moves_with_the_clock_even_when_nothing_happens() {
    let net = Net::manual().await;
    let newest = || async {
        let blocks = net.ok("/api/v1/blocks?limit=1&order=desc").await;
        let block = blocks["blocks"][0].clone();
        assert_eq!(block["count"], 0);
        block["timestamp"]["to"].as_str().unwrap().to_owned()
    };
    net.advance(Duration::from_secs(10));
    let before = newest().await;
    assert_eq!(before, format!("{}.799999999", EPOCH + 9));
    net.advance(Duration::from_secs(30));
    assert_eq!(newest().await, format!("{}.799999999", EPOCH + 39));
}

#[tokio::test]
async fn consensus_time_increases_although_the_clock_stands_still() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    for _ in 0..5 {
        let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
        assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Ok);
    }
    net.advance(Duration::from_secs(1));
    let list = net.ok("/api/v1/transactions?order=asc").await;
    let stamps: Vec<_> = list["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["consensus_timestamp"].as_str().unwrap())
        .collect();
    assert_eq!(stamps.len(), 6);
    assert!(stamps.is_sorted_by(|a, b| a < b), "{stamps:?}");
}

#[tokio::test]
async fn a_contract_sees_the_clock() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let contract = net.deploy(&payer, TIMEKEEPER).await;
    let (status, clock) = net.post("/_standin/clock", &json!({ "advance_ms": 77_000 })).await;
    assert_eq!((status, &clock["now_micros"]), (200, &json!((EPOCH + 77) * 1_000_000)));
    net.call(&payer, contract, 0, &[]).await;
    net.advance(Duration::from_secs(1));
    let results = net.ok(&format!("/api/v1/contracts/{contract}/results?limit=1")).await;
    assert_eq!(results["results"][0]["call_result"], format!("0x{:064x}", EPOCH + 77));
}
