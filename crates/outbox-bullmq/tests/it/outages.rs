//! A Redis that is away, forgets, or goes silent.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use hashbuzz_outbox::{Broker, Publication};
use hashbuzz_outbox_bullmq::{BullMq, RedisSettings};

use crate::proxy::Proxy;
use crate::redis::{Kind, Server, free_port};
use crate::rig::{PATIENCE, events, publication, publish, receive, soon};

fn at(port: u16) -> RedisSettings {
    RedisSettings::new(format!("redis://:hunter2@127.0.0.1:{port}/0").into()).expect("a URL")
}

#[tokio::test]
async fn an_absent_redis_is_a_clear_error_in_bounded_time() {
    let port = free_port();
    let broker = BullMq::new(at(port));
    let began = Instant::now();

    let errors = [
        broker.publish(&[publication("e1")]).await.expect_err("absent").to_string(),
        broker.remembers().await.expect_err("absent").to_string(),
        broker.receive(5).await.expect_err("absent").to_string(),
    ];

    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    for error in errors {
        assert!(error.contains(&format!("Redis at 127.0.0.1:{port}")), "{error}");
        assert!(error.contains("refused"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    // Who asks again and again does not spin.
    let began = Instant::now();
    for _ in 0..3 {
        broker.receive(5).await.expect_err("absent");
    }
    assert!(began.elapsed() > Duration::from_millis(2_500), "{:?}", began.elapsed());
    broker.close().await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_clear_error_in_bounded_time() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let broker = BullMq::new(at(port));
    let began = Instant::now();

    let publications = [publication("e1")];
    let (published, received) = tokio::join!(broker.publish(&publications), broker.receive(1));
    let known = broker.remembers().await;

    for error in [published.expect_err("silent"), known.expect_err("silent")] {
        assert!(error.to_string().contains("no answer within 5 s"), "{error}");
    }
    assert!(received.expect_err("silent").to_string().contains("not connected yet"));
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    broker.close().await;
}

#[tokio::test]
async fn a_server_that_forgot_everything_is_noticed_once_and_goes_on() {
    let server = Server::start().await;
    let broker = BullMq::new(server.settings());
    assert!(!broker.remembers().await.expect("an answer"), "the first time");
    assert!(broker.remembers().await.expect("an answer"));
    soon(async || broker.receive(1).await.is_ok()).await;
    let lost = [publication("e1"), Publication { delay: PATIENCE, ..publication("e2") }];
    broker.publish(&lost).await.expect("published");
    let held = receive(&broker, 1).await;

    server.tell::<()>(&["FLUSHALL"]).await;

    assert!(!broker.remembers().await.expect("an answer"));
    assert!(broker.remembers().await.expect("an answer"));
    broker.settle(&held).await.expect("a job that is gone is over");
    let again = lost.map(|lost| Publication { number: 2, delay: Duration::ZERO, ..lost });
    broker.publish(&again).await.expect("published");
    let deliveries = receive(&broker, 2).await;
    assert_eq!(events(&deliveries), ["e1", "e2"]);
    broker.settle(&deliveries).await.expect("settled");
    broker.close().await;
}

#[tokio::test]
async fn a_server_that_is_killed_while_jobs_are_awaited_is_used_again_when_it_is_back() {
    let mut server = Server::start().await;
    let broker = BullMq::new(server.settings());
    assert!(!broker.remembers().await.expect("an answer"));
    broker.publish(&[publication("e1")]).await.expect("published");
    let held = receive(&broker, 1).await;

    let (pending, ()) = tokio::join!(broker.receive(1), async { server.kill() });
    assert!(pending.is_err() || pending.is_ok_and(|none| none.is_empty()));
    let began = Instant::now();
    broker.settle(&held).await.expect_err("nobody confirms it");
    broker.publish(&[publication("e2")]).await.expect_err("nobody takes it");
    broker.remembers().await.expect_err("nobody knows");
    broker.receive(1).await.expect_err("nobody sends");
    assert!(began.elapsed() < Duration::from_secs(17), "{:?}", began.elapsed());

    server.start_again().await;
    let began = Instant::now();
    soon(async || broker.remembers().await.is_ok_and(|knows| !knows)).await;
    publish(&broker, &[publication("e2")]).await;
    let deliveries = receive(&broker, 1).await;

    assert_eq!(events(&deliveries), ["e2"]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    broker.settle(&deliveries).await.expect("settled");
    broker.close().await;
}

#[tokio::test]
async fn a_restart_that_kept_the_jobs_delivers_them_and_is_noticed_all_the_same() {
    let mut server = Server::of(Kind { append_only: true, ..Kind::default() }).await;
    let broker = BullMq::new(server.settings());
    assert!(!broker.remembers().await.expect("an answer"));
    soon(async || broker.receive(1).await.is_ok()).await;
    let later = Publication { delay: Duration::from_secs(2), ..publication("e2") };
    broker.publish(&[later]).await.expect("published");

    server.kill();
    server.start_again().await;

    soon(async || broker.remembers().await.is_ok_and(|knows| !knows)).await;
    assert!(broker.remembers().await.expect("an answer"));
    assert_eq!(events(&receive(&broker, 1).await), ["e2"]);
    broker.close().await;
}

#[tokio::test]
async fn connections_that_go_silent_are_replaced() {
    let server = Server::start().await;
    let proxy = Proxy::to(server.port()).await;
    let url = format!("redis://127.0.0.1:{}", proxy.port);
    let broker = BullMq::new(RedisSettings::new(url.into()).expect("a URL"));
    broker.publish(&[publication("e1")]).await.expect("published");
    let first = receive(&broker, 1).await;
    broker.settle(&first).await.expect("settled");

    proxy.go_silent();
    let began = Instant::now();
    broker.publish(&[publication("e2")]).await.expect_err("silent");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    publish(&broker, &[publication("e2")]).await;

    assert_eq!(events(&receive(&broker, 1).await), ["e2"]);
    broker.close().await;
}
