//! The shared budget, on both databases, with and without Redis beside them.

use std::sync::Arc;

use hashbuzz_budget_redis::RedisBudget;
use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Sql as _, migrate, on_both_databases, values};
use hashbuzz_domain::{Span, Time};
use hashbuzz_outbox_bullmq::testing::Server;
use hashbuzz_social::conformance::budget::Shared;
use hashbuzz_social::{Bucket, Budget, Draw, Full, Settled, Spent, Window};

use super::SharedBudget;
use super::store::Rows;
use crate::MIGRATIONS;

/// 2026-09-01T12:00:00Z.
const NOW: Time = Time::from_micros(1_788_264_000_000_000);

/// A deployment of two processes.
struct Deployment {
    place: TestDb,
    one: SharedBudget,
    other: SharedBudget,
    redis: Option<Server>,
}

impl Shared for Deployment {
    fn one(&self) -> Arc<dyn Budget> {
        Arc::new(self.one.clone())
    }

    fn other(&self) -> Arc<dyn Budget> {
        Arc::new(self.other.clone())
    }
}

impl Deployment {
    async fn of(place: TestDb, redis: Option<Server>) -> Self {
        let mut budgets = Vec::new();
        for _ in 0..2 {
            let db = place.open().await;
            migrate(&db, MIGRATIONS).await.expect("the schema");
            let budget = SharedBudget::new(db);
            budgets.push(match &redis {
                None => budget,
                Some(server) => budget.with_windows_in(Arc::new(windows(server))),
            });
        }
        let [one, other] = budgets.try_into().ok().expect("two of them");
        Self { place, one, other, redis }
    }

    async fn with_redis(place: TestDb) -> Self {
        Self::of(place, Some(Server::start().await)).await
    }

    /// What the database alone knows.
    async fn rows(&self) -> Rows {
        Rows { db: self.place.open().await }
    }

    /// What Redis alone knows.
    fn windows(&self) -> RedisBudget {
        windows(self.redis.as_ref().expect("it has one"))
    }
}

fn windows(server: &Server) -> RedisBudget {
    let settings = server.settings();
    let client = settings.client().expect("a client");
    RedisBudget::new(client, settings.place(), settings.prefix_name()).expect("a budget")
}

mod exam {
    use super::{Deployment, Server, TestDb};

    mod sqlite {
        async fn deployment() -> super::Deployment {
            super::Deployment::of(super::TestDb::sqlite(), None).await
        }
        hashbuzz_social::budget_exam!(deployment);
    }

    mod postgres {
        async fn deployment() -> super::Deployment {
            super::Deployment::of(super::TestDb::postgres().await, None).await
        }
        hashbuzz_social::budget_exam!(deployment);
    }

    mod postgres_with_redis {
        async fn deployment() -> super::Deployment {
            let redis = super::Server::start().await;
            super::Deployment::of(super::TestDb::postgres().await, Some(redis)).await
        }
        hashbuzz_social::budget_exam!(deployment);
    }

    /// Redis has gone, and only the database is left.
    mod postgres_after_redis {
        async fn deployment() -> super::Deployment {
            let redis = super::Server::start().await;
            let mut place =
                super::Deployment::of(super::TestDb::postgres().await, Some(redis)).await;
            place.redis.as_mut().expect("it has one").kill();
            place
        }
        hashbuzz_social::budget_exam!(deployment);
    }
}

on_both_databases!(
    what_is_spent_is_booked,
    windows_are_in_redis_and_money_in_the_database,
    money_that_is_used_up_gives_the_window_back,
    while_redis_is_away_the_database_keeps_the_windows,
    what_is_closed_stays_closed_while_redis_is_away,
);

fn draw(name: &str, amount: u64, window: Window) -> Draw {
    Draw { bucket: Bucket { name: name.to_owned(), size: 5, window }, amount }
}

fn request(money: u64) -> [Draw; 3] {
    [
        draw("credit", 0, Window::Day),
        draw("search", 1, Window::Since(Span::from_secs(900))),
        draw("money", money, Window::Month),
    ]
}

fn later(secs: u32) -> Time {
    NOW.plus(Span::from_secs(secs))
}

/// What a place knows, by name.
async fn used(budget: &dyn Budget, now: Time) -> Vec<(String, u64)> {
    let seen = budget.limits(now, 10).await.expect("it answers");
    let mut used: Vec<_> = seen.into_iter().map(|limit| (limit.bucket, limit.used)).collect();
    used.sort();
    used
}

fn is(used: &[(String, u64)], expected: &[(&str, u64)]) {
    let used: Vec<(&str, u64)> = used.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(used, expected);
}

async fn windows_are_in_redis_and_money_in_the_database(place: TestDb) {
    let place = Deployment::with_redis(place).await;
    place.one.reserve(NOW, &request(3)).await.expect("it fits");
    place.other.reserve(NOW, &request(1)).await.expect("it fits");
    is(&used(&place.rows().await, NOW).await, &[("money", 4)]);
    is(&used(&place.windows(), NOW).await, &[("search", 2)]);
    is(&used(&place.one, NOW).await, &[("money", 4), ("search", 2)]);
    assert_eq!(place.one.windows_in(NOW), "redis");
    // A request that was not sent gives back what it took, wherever that is kept.
    let unused = request(1).to_vec();
    place.one.settle(NOW, &Settled { unused, ..Settled::default() }).await.expect("it answers");
    is(&used(&place.other, NOW).await, &[("money", 3), ("search", 1)]);
}

async fn money_that_is_used_up_gives_the_window_back(place: TestDb) {
    let place = Deployment::with_redis(place).await;
    place.one.reserve(NOW, &request(4)).await.expect("it fits");
    let full = place.other.reserve(NOW, &request(2)).await;
    assert!(matches!(&full, Err(Full::Until { why, .. }) if why.contains("money")), "{full:?}");
    is(&used(&place.one, NOW).await, &[("money", 4), ("search", 1)]);
}

async fn while_redis_is_away_the_database_keeps_the_windows(place: TestDb) {
    let mut place = Deployment::with_redis(place).await;
    place.one.reserve(NOW, &request(1)).await.expect("it fits");
    place.redis.as_mut().expect("it has one").kill();
    let soon = later(1);
    for _ in 0..2 {
        place.one.reserve(soon, &request(1)).await.expect("it fits");
        place.other.reserve(soon, &request(1)).await.expect("it fits");
    }
    is(&used(&place.rows().await, soon).await, &[("money", 5), ("search", 4)]);
    is(&used(&place.other, soon).await, &[("money", 5), ("search", 4)]);
    assert_eq!(place.other.windows_in(soon), "database, while Redis does not answer");
    // An operator is heard meanwhile.
    assert_eq!(place.one.forget("search").await, Ok(true));
    // It is asked again after a while, and is what counts from then on.
    place.redis.as_mut().expect("it has one").start_again().await;
    place.one.reserve(later(3), &request(0)).await.expect("the database says so");
    let again = later(60);
    let mut tries = 0;
    while place.one.windows_in(again) != "redis" || used(&place.windows(), again).await.is_empty() {
        place.one.reserve(later(60 + tries * 6), &request(0)).await.expect("it fits");
        tries += 1;
        assert!(tries < 50, "Redis is back, and is not asked");
    }
}

async fn what_is_closed_stays_closed_while_redis_is_away(place: TestDb) {
    let mut place = Deployment::with_redis(place).await;
    let closed = vec![("credit".to_owned(), later(600), "no credit".to_owned())];
    place.one.settle(NOW, &Settled { closed, ..Settled::default() }).await.expect("it answers");
    let full = Err(Full::Until { until: later(600), why: "no credit".to_owned() });
    assert_eq!(place.other.reserve(NOW, &request(1)).await, full, "Redis says so");
    place.redis.as_mut().expect("it has one").kill();
    assert_eq!(place.other.reserve(NOW, &request(1)).await, full, "the database says so");
}

async fn what_is_spent_is_booked(place: TestDb) {
    let place = Deployment::of(place, None).await;
    let spend = async |purse: Option<&str>, objects: u64, now: Time| {
        let purse = purse.map(str::to_owned);
        let spent = Spent { endpoint: "search", purse, objects, micros: objects * 5_000 };
        place
            .one
            .settle(now, &Settled { spent: Some(spent), ..Settled::default() })
            .await
            .expect("it answers");
    };
    spend(Some("one"), 100, NOW).await;
    spend(Some("one"), 50, later(86_400)).await;
    spend(None, 7, later(86_400)).await;
    let db = place.place.open().await;
    assert_eq!(super::spent_on(&db, "one").await.expect("a sum"), 750_000);
    assert_eq!(super::spent_on(&db, "nobody").await.expect("a sum"), 0);
    let rows = db.number("SELECT COUNT(*) AS n FROM spending", values![]).await.expect("a count");
    assert_eq!(rows, 3);
}
