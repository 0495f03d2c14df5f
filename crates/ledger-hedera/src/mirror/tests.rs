//! What is read from the answers of a mirror node, as the public ones give them.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hashbuzz_domain::AccountId;
use hashbuzz_ledger::ReadError;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Mirror, api_root, refusal};

/// A mirror node that has one answer.
async fn mirror(path: &str, answer: Value) -> Mirror {
    let app = Router::new()
        .route(&format!("/api/v1/{path}"), get(move || async move { axum::Json(answer) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Mirror::new(&base, Duration::from_secs(5)).unwrap()
}

#[tokio::test]
async fn nodes_are_those_that_speak_without_tls_each_at_one_address() {
    let endpoint = |name: &str, ip: &str, port: u16| json!({ "domain_name": name, "ip_address_v4": ip, "port": port });
    let book = json!({ "nodes": [
        { "node_account_id": "0.0.3", "service_endpoints": [
            endpoint("", "10.0.0.1", 50_212), endpoint("", "10.0.0.1", 50_211),
            endpoint("", "10.0.0.2", 50_211),
        ] },
        { "node_account_id": "0.0.4", "service_endpoints": [
            endpoint("1.testnet.hedera.com", "", 50_211),
        ] },
        { "node_account_id": "0.0.5", "service_endpoints": [endpoint("", "10.0.0.5", 50_212)] },
        { "node_account_id": "0.0.6", "service_endpoints": [] },
    ], "links": { "next": null } });
    let nodes = mirror("network/nodes", book).await.nodes().await.unwrap();
    let expected = [
        ("1.testnet.hedera.com:50211".to_owned(), AccountId::new(4)),
        ("10.0.0.1:50211".to_owned(), AccountId::new(3)),
    ];
    assert_eq!(nodes, expected.into());
}

#[tokio::test]
async fn the_price_of_gas_is_that_of_a_call() {
    let fees = json!({ "fees": [
        { "gas": 852_000, "transaction_type": "ContractCreate" },
        { "gas": 71, "transaction_type": "ContractCall" },
    ], "timestamp": "1700000000.000000000" });
    assert_eq!(mirror("network/fees", fees).await.gas_price().await, Ok(71));
    let none = json!({ "fees": [], "timestamp": "1700000000.000000000" });
    let answer = mirror("network/fees", none).await.gas_price().await;
    assert!(matches!(answer, Err(ReadError::Malformed(_))), "{answer:?}");
}

#[tokio::test]
async fn the_rate_is_that_of_this_hour() {
    let rate = |cents: u64| json!({ "cent_equivalent": cents, "hbar_equivalent": 30_000, "expiration_time": 1 });
    let rates = json!({ "current_rate": rate(580_000), "next_rate": rate(590_000) });
    let rate = mirror("network/exchangerate", rates).await.rate().await.unwrap();
    assert_eq!((rate.cent_equivalent, rate.hbar_equivalent), (580_000, 30_000));
}

#[test]
fn plain_http_is_for_loopback_addresses_only() {
    for good in [
        "https://mainnet.mirrornode.hedera.com",
        "https://mirror.example/",
        "http://127.0.0.1:5551",
        "http://localhost:5551/",
        "http://[::1]:5551",
    ] {
        assert!(api_root(good).is_ok_and(|url| url.path() == "/api/v1/"), "{good}");
    }
    for bad in ["http://mirror.example", "http://10.0.0.1", "ftp://127.0.0.1", "mirror", ""] {
        assert!(api_root(bad).is_err(), "{bad}");
    }
}

#[test]
fn only_overload_and_failure_are_worth_asking_again() {
    let unavailable = |status| matches!(refusal("x", status, b""), ReadError::Unavailable(_));
    assert!(unavailable(StatusCode::TOO_MANY_REQUESTS));
    assert!(unavailable(StatusCode::BAD_GATEWAY));
    assert!(!unavailable(StatusCode::BAD_REQUEST));
    assert!(!unavailable(StatusCode::MOVED_PERMANENTLY));
}
