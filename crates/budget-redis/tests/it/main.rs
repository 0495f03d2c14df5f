//! The exam of budgets, against a Redis server of each question's own; and what happens while it is
//! away.

use std::sync::Arc;

use hashbuzz_budget_redis::RedisBudget;
use hashbuzz_domain::{Span, Time};
use hashbuzz_outbox_bullmq::RedisSettings;
use hashbuzz_outbox_bullmq::testing::{Kind, Server};
use hashbuzz_social::conformance::budget::Shared;
use hashbuzz_social::{Bucket, Budget, Draw, Full, Settled, Window};

/// 2026-09-01T12:00:00Z.
const NOW: Time = Time::from_micros(1_788_264_000_000_000);

struct Windows {
    one: Arc<RedisBudget>,
    other: Arc<RedisBudget>,
    _server: Server,
}

impl Shared for Windows {
    fn one(&self) -> Arc<dyn Budget> {
        self.one.clone()
    }

    fn other(&self) -> Arc<dyn Budget> {
        self.other.clone()
    }
}

async fn windows() -> Windows {
    let server = Server::start().await;
    let (one, other) = (Arc::new(budget(&server, "test")), Arc::new(budget(&server, "test")));
    Windows { one, other, _server: server }
}

fn budget(server: &Server, prefix: &str) -> RedisBudget {
    let settings = server.settings();
    let client = settings.client().expect("a client");
    RedisBudget::new(client, settings.place(), prefix).expect("a budget")
}

fn draw(name: &str, amount: u64) -> Draw {
    let window = Window::Since(Span::from_secs(900));
    Draw { bucket: Bucket { name: name.to_owned(), size: 5, window }, amount }
}

hashbuzz_social::budget_exam!(windows);

#[tokio::test]
async fn deployments_that_share_a_server_share_no_limit() {
    let server = Server::start().await;
    let (staging, production) = (budget(&server, "staging"), budget(&server, "production"));
    for budget in [&staging, &production] {
        budget.reserve(NOW, &[draw("a", 5)]).await.expect("it fits");
    }
    assert_eq!(staging.forget("a").await, Ok(true));
    assert!(production.reserve(NOW, &[draw("a", 1)]).await.is_err());
}

#[tokio::test]
async fn a_server_that_is_away_says_where_and_is_found_again() {
    let mut server = Server::start().await;
    let budget = budget(&server, "test");
    budget.reserve(NOW, &[draw("a", 5)]).await.expect("it fits");
    server.kill();
    let place = format!("127.0.0.1:{}", server.port());
    let away = budget.reserve(NOW, &[draw("a", 5)]).await;
    assert!(matches!(&away, Err(Full::Unavailable(e)) if e.0.contains(&place)), "{away:?}");
    let unused = Settled { unused: vec![draw("a", 5)], ..Settled::default() };
    assert!(budget.settle(NOW, &unused).await.is_err());
    assert!(budget.limits(NOW, 9).await.is_err());
    assert!(budget.forget("a").await.is_err());
    server.start_again().await;
    // It has forgotten; the first answer will teach it again.
    let mut tries = 0;
    while budget.reserve(NOW, &[draw("a", 5)]).await.is_err() {
        tries += 1;
        assert!(tries < 50, "a server that is back is not found");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn keys_expire_when_nobody_needs_them_any_more() {
    let server = Server::start().await;
    let budget = budget(&server, "test");
    budget.reserve(NOW, &[draw("a", 1)]).await.expect("it fits");
    let lives: i64 = server.tell(&["TTL", "test:{budget}:a"]).await;
    let week = 7 * 86_400;
    assert!((week..=week + 902).contains(&lives), "{lives} s");
    let later = NOW.plus(Span::from_secs(9 * 86_400));
    budget.reserve(later, &[draw("b", 1)]).await.expect("it fits");
    let known: Vec<String> = server.tell(&["ZRANGE", "test:{budget}", "0", "-1"]).await;
    assert_eq!(known, ["b"]);
}

#[tokio::test]
async fn a_server_with_a_password_and_a_certificate_of_its_own_is_used() {
    let kind = Kind { password: Some("hunter2"), tls: true, ..Kind::default() };
    let server = Server::of(kind).await;
    let budget = budget(&server, "test");
    budget.reserve(NOW, &[draw("a", 5)]).await.expect("it fits");
    assert!(budget.reserve(NOW, &[draw("a", 1)]).await.is_err());
}

#[tokio::test]
async fn a_user_that_may_use_nothing_but_our_keys_is_enough() {
    let server = Server::start().await;
    let rules = ["on", ">hunter2", "~test:*", "+@all", "-@dangerous", "+info"];
    let _: String = server.tell(&[&["ACL", "SETUSER", "worker"][..], &rules[..]].concat()).await;
    let url = format!("redis://worker:hunter2@127.0.0.1:{}", server.port());
    let settings = RedisSettings::new(url.into()).expect("a URL");
    let client = settings.client().expect("a client");
    let budget = RedisBudget::new(client, settings.place(), "test").expect("a budget");
    budget.reserve(NOW, &[draw("a", 4)]).await.expect("it fits");
    let unused = Settled { unused: vec![draw("a", 1)], ..Settled::default() };
    budget.settle(NOW, &unused).await.expect("it answers");
    assert_eq!(budget.limits(NOW, 9).await.expect("it answers")[0].used, 3);
    assert_eq!(budget.forget("a").await, Ok(true));
}
