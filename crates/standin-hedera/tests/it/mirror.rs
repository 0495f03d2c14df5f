//! The mirror's lists, filters and errors.

use std::collections::BTreeSet;
use std::time::Duration;

use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use serde_json::{Value, json};

use crate::code::LOGGER;
use crate::harness::{EPOCH, HBAR, Net, transfer, word};

/// Follows `links.next` to the end.
async fn all_pages(net: &Net, first: &str, list: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let body = net.ok(&path).await;
        pages.push(body[list].as_array().unwrap().clone());
        next = body["links"]["next"].as_str().map(str::to_owned);
        assert!(pages.len() < 100, "no end of pages");
    }
    pages
}

#[tokio::test]
async fn logs_are_paged_without_loss_or_repetition_in_both_orders() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let logger = net.deploy(&payer, LOGGER).await;
    for i in 0..7_u8 {
        // Two events each, at one timestamp: pages of three cut through them.
        assert_eq!(net.call(&payer, logger, 0, &[word(&[9]), word(&[i])]).await, Code::Success);
    }
    net.advance(Duration::from_secs(1));
    let key = |log: &Value| {
        (log["timestamp"].as_str().unwrap().to_owned(), log["index"].as_u64().unwrap())
    };
    for order in ["asc", "desc"] {
        for limit in [1, 3, 5, 14] {
            let path =
                format!("/api/v1/contracts/0.0.{logger}/results/logs?limit={limit}&order={order}");
            let logs: Vec<Value> = all_pages(&net, &path, "logs").await.concat();
            let mut keys: Vec<_> = logs.iter().map(key).collect();
            assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 14, "{order} {limit}");
            assert_eq!(keys.len(), 14, "{order} {limit}");
            if order == "desc" {
                keys.reverse();
            }
            assert!(keys.is_sorted(), "{order} {limit}: {keys:?}");
        }
    }
}

#[tokio::test]
async fn logs_are_filtered_by_time_and_topic_and_say_where_they_are_from() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let logger = net.deploy(&payer, LOGGER).await;
    for i in 1..=3_u8 {
        net.call(&payer, logger, 0, &[word(&[i]), word(&[i * 16])]).await;
        net.advance(Duration::from_secs(10));
    }
    let base = format!("/api/v1/contracts/0.0.{logger}/results/logs");
    let all = net.ok(&format!("{base}?order=asc")).await["logs"].as_array().unwrap().clone();
    assert_eq!(all.len(), 6);
    let log = &all[2];
    assert_eq!(log["topics"], json!([format!("0x{:064x}", 2)]));
    assert_eq!(log["data"], format!("0x{:064x}", 32));
    assert_eq!(log["contract_id"], format!("0.0.{logger}"));
    assert_eq!(log["address"], format!("0x{logger:040x}"));
    let at = log["timestamp"].as_str().unwrap();

    let count = |filter: String| {
        let path = format!("{base}?{filter}");
        let net = &net;
        async move { net.ok(&path).await["logs"].as_array().unwrap().len() }
    };
    assert_eq!(count(format!("timestamp=gt:{at}")).await, 2);
    assert_eq!(count(format!("timestamp=gte:{at}")).await, 4);
    assert_eq!(count(format!("timestamp=lt:{at}")).await, 2);
    assert_eq!(count(format!("timestamp=lte:{at}")).await, 4);
    assert_eq!(count(format!("timestamp=gte:{at}&timestamp=lte:{at}")).await, 2);
    let week = format!("timestamp=gte:{EPOCH}&timestamp=lt:{}", EPOCH + 604_800);
    assert_eq!(count(format!("topic0=0x{:064x}&{week}", 3)).await, 2);
    assert_eq!(count(format!("topic0=0x3&topic0=2&{week}")).await, 4);
    assert_eq!(count(format!("topic0=0x7&{week}")).await, 0);
    assert_eq!(count(format!("topic0=0x2&timestamp={at}")).await, 2);
    assert_eq!(count(format!("timestamp={at}&index=gt:0&order=asc")).await, 1);
    let too_long = format!("topic0=3&timestamp=gte:{EPOCH}&timestamp=lte:{}", EPOCH + 604_800);
    for refused in ["topic0=0x3", "topic0=0x3&timestamp=gte:1", &too_long, "index=gt:0"] {
        assert_eq!(net.get(&format!("{base}?{refused}")).await.0, 400, "{refused}");
    }

    let result = net
        .ok(&format!("/api/v1/contracts/results/{}", log["transaction_hash"].as_str().unwrap()))
        .await;
    assert_eq!(result["timestamp"], *at);
    assert_eq!(result["logs"].as_array().unwrap().len(), 2);
    assert_eq!(result["block_number"], log["block_number"]);
}

#[tokio::test]
async fn transactions_are_listed_by_account_and_paged() {
    let net = Net::manual().await;
    let [one, two]: [_; 2] = net.owners(2, 100).await.try_into().ok().unwrap();
    for _ in 0..5 {
        net.carry_out(&one, transfer(&[(one.num, -HBAR), (2, HBAR)])).await;
        net.carry_out(&two, transfer(&[(two.num, -HBAR), (one.num, HBAR)])).await;
    }
    net.advance(Duration::from_secs(1));
    let of_two = format!("/api/v1/transactions?account.id=0.0.{}&order=asc&limit=2", two.num);
    let pages = all_pages(&net, &of_two, "transactions").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
    let of_one = format!("/api/v1/transactions?account.id=0.0.{}&limit=4", one.num);
    let rows = all_pages(&net, &of_one, "transactions").await.concat();
    assert_eq!(rows.len(), 11, "the account's creation and ten transfers");
    let stamps: Vec<_> = rows.iter().map(|row| row["consensus_timestamp"].as_str()).collect();
    assert!(stamps.is_sorted_by(|a, b| a > b));
    for row in &rows {
        let transfers = row["transfers"].as_array().unwrap();
        assert_eq!(transfers.iter().map(|t| t["amount"].as_i64().unwrap()).sum::<i64>(), 0);
    }
    let last = rows[0]["consensus_timestamp"].as_str().unwrap();
    let after = format!("/api/v1/transactions?timestamp=gte:{last}");
    assert_eq!(net.ok(&after).await["transactions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn balances_are_paged_and_add_up() {
    let net = Net::manual().await;
    net.owners(30, 5).await;
    net.advance(Duration::from_secs(1));
    let rows = all_pages(&net, "/api/v1/balances?order=asc", "balances").await.concat();
    assert_eq!(rows.len(), 33);
    let sum: i64 = rows.iter().map(|row| row["balance"].as_i64().unwrap()).sum();
    assert_eq!(sum, 5_000_000_000_000_000_000);
    let one = net.ok("/api/v1/balances?account.id=0.0.1001").await;
    assert_eq!(
        one["balances"],
        json!([{ "account": "0.0.1001", "balance": 5 * HBAR, "tokens": [] }])
    );
}

#[tokio::test]
async fn errors_have_the_mirror_s_form() {
    let net = Net::manual().await;
    let cases = [
        ("/api/v1/accounts/0.0.999999", 404, "Not found"),
        ("/api/v1/accounts/nonsense", 400, "Invalid parameter: idOrAliasOrEvmAddress"),
        ("/api/v1/contracts/0.0.2", 404, "Not found"),
        ("/api/v1/contracts/results/0.0.2-1-1", 404, "Not found"),
        ("/api/v1/contracts/results/0x12", 400, "Invalid parameter: transactionIdOrHash"),
        ("/api/v1/transactions/0.0.2-1-1", 404, "Not found"),
        ("/api/v1/transactions?limit=0", 400, "Invalid parameter: limit"),
        ("/api/v1/transactions?order=up", 400, "Invalid parameter: order"),
        ("/api/v1/transactions?timestamp=ge:1", 400, "Invalid parameter: timestamp"),
        ("/api/v1/transactions?color=red", 400, "Unknown query parameter: color"),
        ("/api/v1/tokens/0.0.1234", 404, "Not found"),
        ("/api/v1/blocks/1", 404, "Not found"),
    ];
    for (path, status, message) in cases {
        let (got, body) = net.get(path).await;
        assert_eq!(got, status, "{path}");
        assert_eq!(body, json!({ "_status": { "messages": [{ "message": message }] } }), "{path}");
    }
    let (status, body) = net.get("/api/v1/transactions/0.0.2@1.1").await;
    assert_eq!(status, 400);
    let message = body["_status"]["messages"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid Transaction id."));
}

#[tokio::test]
async fn prices_are_published() {
    let net = Net::manual().await;
    let rate = net.ok("/api/v1/network/exchangerate").await;
    assert_eq!(rate["current_rate"]["cent_equivalent"], 240_000);
    assert_eq!(rate["current_rate"]["hbar_equivalent"], 30_000);
    let fees = net.ok("/api/v1/network/fees").await;
    assert_eq!(fees["fees"][0], json!({ "gas": 106, "transaction_type": "ContractCall" }));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_accounts() {
    let (a, b) = (Net::manual().await, Net::manual().await);
    assert_eq!(a.portal(3, 1, "ecdsa").await, b.portal(3, 1, "ecdsa").await);
}
