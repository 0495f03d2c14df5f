//! Passwords, users, database numbers and TLS.

use std::time::{Duration, Instant};

use hashbuzz_outbox::Broker;
use hashbuzz_outbox_bullmq::{BullMq, RedisSettings, examine};

use crate::redis::{Kind, Server};
use crate::rig::{events, publication, receive};

const PASSWORD: Kind = Kind { password: Some("hunter2"), tls: false, append_only: false };

async fn works(settings: RedisSettings) {
    let broker = BullMq::new(settings);
    assert!(!broker.remembers().await.expect("an answer"));
    broker.publish(&[publication("e1")]).await.expect("published");
    let deliveries = receive(&broker, 1).await;
    assert_eq!(events(&deliveries), ["e1"]);
    broker.settle(&deliveries).await.expect("settled");
    broker.close().await;
}

fn settings(url: String) -> RedisSettings {
    RedisSettings::new(url.into()).expect("a URL")
}

#[tokio::test]
async fn a_password_lets_in() {
    let server = Server::of(PASSWORD).await;

    works(server.settings()).await;
}

#[tokio::test]
async fn a_wrong_password_is_a_clear_error_without_the_password() {
    let server = Server::of(PASSWORD).await;
    for secret in ["", ":swordfish@", "worker:swordfish@"] {
        let broker = BullMq::new(settings(format!("redis://{secret}127.0.0.1:{}", server.port())));
        let began = Instant::now();

        let error = broker.publish(&[publication("e1")]).await.expect_err("refused").to_string();

        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(error.to_lowercase().contains("auth"), "{error}");
        let debug = format!("{broker:?} {error}");
        assert!(!debug.contains("swordfish") && !debug.contains("hunter2"), "{debug}");
    }
}

#[tokio::test]
async fn a_user_with_few_rights_and_signs_in_the_password_is_let_in() {
    let server = Server::of(PASSWORD).await;
    let user = ["ACL", "SETUSER", "worker", "reset", "on", ">p@ss:w/rd#", "~hashbuzz:*", "+@all"];
    for rights in [&["-@dangerous", "+info"][..], &["-@dangerous"]] {
        server.tell::<()>(&["FLUSHALL"]).await;
        server.tell::<()>(&[&user[..], rights].concat()).await;
        let url = format!("redis://worker:p%40ss%3Aw%2Frd%23@127.0.0.1:{}", server.port());

        works(settings(url)).await;
    }
}

#[tokio::test]
async fn a_database_number_and_a_prefix_keep_installations_apart() {
    let server = Server::start().await;
    let other = settings(format!("{}/3", server.url())).prefix("staging").expect("a prefix");

    works(other).await;

    let here: Vec<String> = server.tell(&["KEYS", "*"]).await;
    assert!(here.is_empty(), "{here:?}");
    let info: String = server.tell(&["INFO", "keyspace"]).await;
    assert!(info.contains("db3:"), "{info}");
}

#[tokio::test]
async fn tls_with_the_certificate_of_a_private_authority_works() {
    let server = Server::of(Kind { tls: true, ..PASSWORD }).await;

    works(server.settings()).await;
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_is_refused() {
    let server = Server::of(Kind { tls: true, ..PASSWORD }).await;
    let broker = BullMq::new(settings(server.url()));
    let began = Instant::now();

    let error = broker.publish(&[publication("e1")]).await.expect_err("refused").to_string();

    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert!(error.contains("certificate") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_server_is_examined_before_it_is_used() {
    let server = Server::of(Kind { append_only: true, ..PASSWORD }).await;

    let facts = examine(&server.settings()).await.expect("it is there");

    assert!(facts.append_only);
    assert_eq!(facts.eviction, "noeviction");
    assert!(facts.version.starts_with(|c: char| c.is_ascii_digit()), "{facts:?}");
}
