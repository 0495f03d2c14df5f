//! What goes wrong on demand.

use std::time::Duration;

use hiero_sdk::{AccountId, Hbar, TransferTransaction};
use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use serde_json::json;

use crate::harness::{Net, call, shown, signed, transfer};

#[tokio::test]
async fn a_lost_answer_leaves_an_applied_transaction_whose_repetition_is_a_duplicate() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.fault(json!([{ "on": "submit", "kind": "drop_after_apply" }])).await;
    let body = net.body(&payer, transfer(&[(payer.num, -5), (2, 5)]));
    let transaction = signed(&body, &[&payer]);
    net.try_send(&transaction).await.unwrap_err();
    assert_eq!(net.send(&transaction).await, Code::DuplicateTransaction);
    let (_, receipt) = net.receipt(body.transaction_id).await;
    assert_eq!(receipt.unwrap().status, i32::from(Code::Success));
    let counters = net.ok("/_standin/counters").await;
    assert_eq!(counters["transactions"]["CryptoTransfer"]["SUCCESS"], 1);
    assert_eq!(counters["faults_fired"], 1);
}

#[tokio::test]
async fn a_request_lost_on_the_way_changes_nothing_and_may_be_repeated() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.fault(json!({ "on": "submit", "kind": "drop_before_apply", "times": 2 })).await;
    let body = net.body(&payer, transfer(&[(payer.num, -5), (2, 5)]));
    let transaction = signed(&body, &[&payer]);
    net.try_send(&transaction).await.unwrap_err();
    net.try_send(&transaction).await.unwrap_err();
    assert_eq!(net.receipt(body.transaction_id).await.0, Code::ReceiptNotFound);
    assert_eq!(net.send(&transaction).await, Code::Ok);
}

#[tokio::test]
async fn a_fault_can_be_for_one_kind_of_transaction_or_one_function() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let contract = net.deploy(&payer, crate::code::FORWARDER).await;
    net.fault(json!([
        { "on": "submit", "kind": "busy", "match": "CryptoTransfer" },
        { "on": "submit", "kind": "platform_not_active", "match": "ContractCall aabbccdd" },
    ]))
    .await;
    let mut word = [0; 32];
    word[..4].copy_from_slice(&[0xaa, 0xbb, 0xcc, 0xdd]);
    let send = |data| net.body(&payer, data);
    let plain = signed(&send(call(contract, 0, &[])), &[&payer]);
    assert_eq!(net.send(&plain).await, Code::Ok);
    let marked = signed(&send(call(contract, 0, &[word])), &[&payer]);
    assert_eq!(net.send(&marked).await, Code::PlatformNotActive);
    assert_eq!(net.send(&marked).await, Code::Ok);
    let moved = signed(&send(transfer(&[(payer.num, -1), (2, 1)])), &[&payer]);
    assert_eq!(net.send(&moved).await, Code::Busy);
    assert_eq!(net.send(&moved).await, Code::Ok);
}

#[tokio::test]
async fn receipts_and_the_mirror_fail_on_demand_and_recover() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.fault(json!([
        { "on": "receipt", "kind": "busy" },
        { "on": "mirror", "kind": "status_503", "match": "/accounts/" },
        { "on": "mirror", "kind": "drop_before_apply", "match": "/blocks" },
        { "on": "submit", "kind": "status_503" },
    ]))
    .await;
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    let transaction = signed(&body, &[&payer]);
    let refused = net.try_send(&transaction).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert_eq!(net.send(&transaction).await, Code::Ok);
    assert_eq!(net.receipt(body.transaction_id.clone()).await.0, Code::Busy);
    assert_eq!(net.receipt(body.transaction_id).await.0, Code::Ok);
    assert_eq!(net.get("/api/v1/accounts/0.0.2").await.0, 503);
    assert_eq!(net.get("/api/v1/accounts/0.0.2").await.0, 200);
    net.try_get("/api/v1/blocks").await.unwrap_err();
    assert_eq!(net.try_get("/api/v1/blocks").await.unwrap(), 200);
    let left = net.ok("/_standin/faults").await;
    assert_eq!((&left["waiting"], &left["fired"]), (&json!([]), &json!(4)));
}

#[tokio::test]
async fn an_answer_can_be_late_while_the_transaction_is_applied_at_once() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.fault(json!({ "on": "submit", "kind": "delay_ms", "ms": 15_000 })).await;
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    let transaction = signed(&body, &[&payer]);
    let late = net.send(&transaction);
    let meanwhile = async {
        // The answer is held back until the clock moves, so this cannot be overtaken by it.
        loop {
            if net.receipt(body.transaction_id.clone()).await.0 == Code::Ok {
                break net.advance(Duration::from_secs(16));
            }
        }
    };
    let (answer, ()) = futures::join!(late, meanwhile);
    assert_eq!(answer, Code::Ok);
}

#[tokio::test]
async fn a_copy_through_another_node_is_recorded_as_a_duplicate_without_effect() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    net.fault(json!({ "on": "submit", "kind": "duplicate" })).await;
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Ok);
    let (_, receipt) = net.receipt(body.transaction_id.clone()).await;
    assert_eq!(receipt.unwrap().status, i32::from(Code::Success));
    net.advance(Duration::from_secs(1));
    let path = format!("/api/v1/transactions/{}", shown(&body.transaction_id.unwrap()));
    let rows = net.ok(&path).await["transactions"].as_array().unwrap().clone();
    let results: Vec<_> = rows.iter().map(|row| row["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["SUCCESS", "DUPLICATE_TRANSACTION"]);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn the_sdk_gets_through_a_network_that_often_fails() {
    let net = Net::real().await;
    let payer = net.owner(1_000).await;
    net.fault(json!([
        { "on": "submit", "kind": "status_503", "per_mille": 200, "times": 5 },
        { "on": "receipt", "kind": "busy", "per_mille": 200, "times": 5 },
    ]))
    .await;
    let client = net.client(&payer);
    for _ in 0..5 {
        let response = TransferTransaction::new()
            .hbar_transfer(payer.id(), Hbar::from_tinybars(-1))
            .hbar_transfer(AccountId::new(0, 0, 2), Hbar::from_tinybars(1))
            .execute(&client)
            .await
            .unwrap();
        response.get_receipt(&client).await.unwrap();
    }
    let counters = net.ok("/_standin/counters").await;
    assert_eq!(counters["transactions"]["CryptoTransfer"]["SUCCESS"], 5);
}

#[tokio::test]
async fn a_stopped_network_answers_nobody() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    let body = net.body(&payer, transfer(&[(payer.num, -1), (2, 1)]));
    let transaction = signed(&body, &[&payer]);
    let mut node = net.node();
    node.crypto_transfer(transaction.clone()).await.unwrap();
    let address = net.running.mirror;
    net.running.shutdown().await;
    node.crypto_transfer(transaction).await.unwrap_err();
    // The port is free again.
    tokio::net::TcpListener::bind(address).await.unwrap();
}
