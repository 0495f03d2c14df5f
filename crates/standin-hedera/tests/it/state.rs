//! A network that is kept in a file, and one that is asked for too much.

use std::time::Duration;

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{self as proto, ResponseCodeEnum as Code};
use serde_json::json;

use crate::code::STORE;
use crate::harness::{Net, signed, token_of, transfer, transfer_tokens, word};

#[tokio::test]
async fn a_network_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let net = Net::kept(&file, 0).await;
    let owners = net.owners(2, 1_000).await;
    let [payer, other] = owners.as_slice() else { panic!("two") };
    let token = token_of(&net, payer, |_| {}).await;
    net.associate(other, &[token]).await;
    let contract = net.deploy(payer, STORE).await;
    assert_eq!(net.call(payer, contract, 0, &[word(&[1]), word(&[9])]).await, Code::Success);
    let give = transfer_tokens(token, &[(payer.num, -30), (other.num, 30)]);
    let body = net.body(payer, give);
    let id = body.transaction_id.clone();
    assert_eq!(net.send(&signed(&body, &[payer])).await, Code::Ok);
    net.advance(Duration::from_secs(1));
    let founders = net.running.introduction()["accounts"].clone();
    let path = format!("/api/v1/accounts/0.0.{}", payer.num);
    let before = net.ok(&path).await;
    net.running.shutdown().await;

    let net = Net::kept(&file, 2).await;
    assert_eq!(net.running.introduction()["accounts"], founders);
    let after = net.ok(&path).await;
    assert_eq!(after["balance"]["balance"], before["balance"]["balance"]);
    assert_eq!(after["balance"]["tokens"], before["balance"]["tokens"]);
    assert_eq!(after["transactions"], before["transactions"]);
    // The receipt is still there, and the id is still used up.
    let (_, receipt) = net.receipt(id).await;
    assert_eq!(receipt.unwrap().status(), Code::Success);
    assert_eq!(net.send(&signed(&body, &[payer])).await, Code::DuplicateTransaction);
    // New accounts have other numbers and other keys.
    let new = net.owner(1).await;
    assert!(new.num > contract && new.der != other.der);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn a_line_that_was_cut_off_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.jsonl");
    let net = Net::kept(&file, 0).await;
    let payer = net.owner(100).await;
    net.running.shutdown().await;
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{whole}{{\"kind\":\"transaction\",\"at\":17")).unwrap();
    let net = Net::kept(&file, 1).await;
    let done = net.carry_out(&payer, transfer(&[(payer.num, -1), (2, 1)])).await.1;
    assert_eq!(done, Code::Success);
    net.running.shutdown().await;
    let lines = std::fs::read_to_string(&file).unwrap();
    assert!(lines.starts_with(&whole) && lines.lines().count() == whole.lines().count() + 1);
}

#[tokio::test]
async fn beyond_the_limit_the_node_is_busy_and_the_id_stays_free() {
    let net = Net::throttled().await;
    let payer = net.owner(100_000).await;
    let create = || {
        Data::CryptoCreateAccount(proto::CryptoCreateTransactionBody {
            key: Some(payer.public()),
            auto_renew_period: Some(proto::Duration { seconds: 7_776_000 }),
            ..Default::default()
        })
    };
    for _ in 0..30 {
        assert_eq!(net.carry_out(&payer, create()).await.1, Code::Success);
    }
    let body = net.body(&payer, create());
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Busy);
    net.advance(Duration::from_millis(500));
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Ok);
}

#[tokio::test]
async fn the_mirror_may_have_a_gap_and_another_lag() {
    let net = Net::manual().await;
    let payer = net.owner(100).await;
    net.fault(json!({ "on": "submit", "kind": "mirror_gap_ms", "ms": 5_000 })).await;
    let give = || transfer(&[(payer.num, -1), (2, 1)]);
    net.carry_out(&payer, give()).await;
    net.carry_out(&payer, give()).await;
    net.advance(Duration::from_secs(1));
    let path =
        format!("/api/v1/transactions?account.id=0.0.{}&transactiontype=cryptotransfer", payer.num);
    let shown = async || net.ok(&path).await["transactions"].as_array().unwrap().len();
    assert_eq!(shown().await, 1);
    net.advance(Duration::from_secs(5));
    assert_eq!(shown().await, 2);
    net.post("/_standin/mirror", &json!({ "lag_ms": 60_000 })).await;
    net.carry_out(&payer, give()).await;
    net.advance(Duration::from_secs(59));
    assert_eq!(shown().await, 2);
    net.advance(Duration::from_secs(2));
    assert_eq!(shown().await, 3);
}
