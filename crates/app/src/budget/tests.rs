//! The shared budget, on both databases: what fits and what does not, whoever asks, and what answers
//! teach.

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Sql as _, migrate, on_both_databases, values};
use hashbuzz_domain::{Span, Time};
use hashbuzz_social::{Bucket, Budget as _, Draw, Full, Reading, Settled, Spent, Window};

use super::SharedBudget;
use crate::MIGRATIONS;

on_both_databases!(
    workers_at_the_same_time_take_what_there_is_and_no_more,
    a_window_is_full_again_when_it_has_passed,
    all_draws_are_taken_or_none,
    what_was_not_used_is_given_back,
    answers_teach_and_late_ones_do_not_mislead,
    a_bucket_that_is_closed_gives_nothing_and_says_why,
    days_and_months_begin_by_the_calendar,
    what_is_spent_is_booked,
);

/// 2026-09-01T12:00:00Z.
const NOW: Time = Time::from_micros(1_788_264_000_000_000);
const WINDOW: Span = Span::from_secs(900);

async fn budget(place: &TestDb) -> SharedBudget {
    let db = place.open().await;
    migrate(&db, MIGRATIONS).await.expect("the schema");
    SharedBudget::new(db)
}

fn draw(name: &str, amount: u64, size: u64) -> Draw {
    let bucket = Bucket { name: name.to_owned(), size, window: Window::Since(WINDOW) };
    Draw { bucket, amount }
}

fn later(secs: u32) -> Time {
    NOW.plus(Span::from_secs(secs))
}

/// How often one more can be taken, at most `most` times.
async fn left(budget: &SharedBudget, name: &str, size: u64, now: Time, most: usize) -> usize {
    for taken in 0..most {
        if budget.reserve(now, &[draw(name, 1, size)]).await.is_err() {
            return taken;
        }
    }
    most
}

async fn workers_at_the_same_time_take_what_there_is_and_no_more(place: TestDb) {
    let one = budget(&place).await;
    let other = SharedBudget::new(place.open().await);
    let mut tasks = Vec::new();
    for worker in 0..8 {
        let budget = if worker % 2 == 0 { one.clone() } else { other.clone() };
        tasks.push(tokio::spawn(async move {
            let mut taken = 0;
            for _ in 0..20 {
                match budget.reserve(NOW, &[draw("b", 1, 75), draw("a", 1, 1_000)]).await {
                    Ok(()) => taken += 1,
                    Err(Full::Until { .. }) => {}
                    Err(error @ Full::Unavailable(_)) => panic!("{error}"),
                }
            }
            taken
        }));
    }
    let mut taken = 0;
    for task in tasks {
        taken += task.await.expect("a worker");
    }
    assert_eq!(taken, 75);
}

async fn a_window_is_full_again_when_it_has_passed(place: TestDb) {
    let budget = budget(&place).await;
    assert_eq!(left(&budget, "a", 3, NOW, 10).await, 3);
    let full = budget.reserve(later(60), &[draw("a", 1, 3)]).await;
    // A moment more than the window: the network's clock may be behind ours.
    let until = later(901);
    let why = "a: 3 of 3 are used up".to_owned();
    assert_eq!(full, Err(Full::Until { until, why }));
    assert!(budget.reserve(later(900), &[draw("a", 1, 3)]).await.is_err());
    assert_eq!(left(&budget, "a", 3, until, 10).await, 3);
}

async fn all_draws_are_taken_or_none(place: TestDb) {
    let budget = budget(&place).await;
    assert_eq!(left(&budget, "small", 1, NOW, 1).await, 1);
    let both = [draw("large", 1, 5), draw("small", 1, 1)];
    assert!(budget.reserve(NOW, &both).await.is_err());
    assert_eq!(left(&budget, "large", 5, NOW, 10).await, 5);
    assert!(budget.reserve(NOW, &[draw("other", 7, 5)]).await.is_err(), "more than it ever holds");
}

async fn what_was_not_used_is_given_back(place: TestDb) {
    let budget = budget(&place).await;
    budget.reserve(NOW, &[draw("a", 5, 5)]).await.expect("it fits");
    let unused = vec![("a".to_owned(), 3), ("nobody's".to_owned(), 3)];
    budget.settle(NOW, Settled { unused, ..Settled::default() }).await;
    assert_eq!(left(&budget, "a", 5, NOW, 10).await, 3);
}

async fn teach(budget: &SharedBudget, size: u64, left: u64, resets_at: Time, now: Time) {
    let reading = Reading { bucket: "a".to_owned(), size, left, resets_at };
    budget.settle(now, Settled { readings: vec![reading], ..Settled::default() }).await;
}

async fn answers_teach_and_late_ones_do_not_mislead(place: TestDb) {
    let budget = budget(&place).await;
    // We think that there are 75; this deployment's plan has 10, and somebody else has used 4.
    budget.reserve(NOW, &[draw("a", 1, 75)]).await.expect("it fits");
    teach(&budget, 10, 5, later(300), NOW).await;
    // An answer that was overtaken says that more is left.
    teach(&budget, 10, 8, later(300), NOW).await;
    assert_eq!(left(&budget, "a", 75, NOW, 20).await, 5);
    assert!(budget.reserve(later(300), &[draw("a", 1, 75)]).await.is_err());
    // The next window, as large as was learned. An answer of the last one is worth nothing now.
    budget.reserve(later(302), &[draw("a", 1, 75)]).await.expect("it fits");
    teach(&budget, 10, 9, later(1_202), later(302)).await;
    teach(&budget, 10, 0, later(300), later(303)).await;
    assert_eq!(left(&budget, "a", 75, later(304), 20).await, 9);
    // Ours was a window behind.
    teach(&budget, 10, 7, later(2_500), later(305)).await;
    assert_eq!(left(&budget, "a", 75, later(306), 20).await, 7);
}

async fn a_bucket_that_is_closed_gives_nothing_and_says_why(place: TestDb) {
    let budget = budget(&place).await;
    let closed = vec![("a".to_owned(), later(600), "no credit".to_owned())];
    budget.settle(NOW, Settled { closed, ..Settled::default() }).await;
    let full = Err(Full::Until { until: later(600), why: "no credit".to_owned() });
    // Whoever only has to pass it is stopped as well.
    assert_eq!(budget.reserve(NOW, &[draw("a", 0, 10)]).await, full);
    assert_eq!(budget.reserve(later(599), &[draw("b", 1, 9), draw("a", 1, 10)]).await, full);
    assert_eq!(left(&budget, "b", 9, NOW, 20).await, 9, "nothing was taken beside it");
    assert_eq!(left(&budget, "a", 10, later(600), 20).await, 10);
}

async fn days_and_months_begin_by_the_calendar(place: TestDb) {
    let budget = budget(&place).await;
    let take = async |window: Window, now: Time| {
        let name = format!("{window:?}");
        let bucket = Bucket { name, size: 100, window };
        budget.reserve(now, &[Draw { bucket, amount: 100 }]).await
    };
    for (window, hours) in [(Window::Day, 12), (Window::Month, 12 + 29 * 24)] {
        take(window, NOW).await.expect("it fits");
        let end = later(hours * 3_600);
        let before = Time::from_micros(end.micros() - 1);
        let full = take(window, before).await;
        assert!(matches!(full, Err(Full::Until { until, .. }) if until >= end), "{full:?}");
        take(window, end).await.expect("a new one has begun");
    }
}

async fn what_is_spent_is_booked(place: TestDb) {
    let budget = budget(&place).await;
    let spend = async |purse: Option<&str>, objects: u64, now: Time| {
        let purse = purse.map(str::to_owned);
        let spent = Spent { endpoint: "search", purse, objects, micros: objects * 5_000 };
        budget.settle(now, Settled { spent: Some(spent), ..Settled::default() }).await;
    };
    spend(Some("one"), 100, NOW).await;
    spend(Some("one"), 50, later(86_400)).await;
    spend(None, 7, later(86_400)).await;
    let db = place.open().await;
    assert_eq!(super::spent_on(&db, "one").await.expect("a sum"), 750_000);
    assert_eq!(super::spent_on(&db, "nobody").await.expect("a sum"), 0);
    let rows = db.number("SELECT COUNT(*) AS n FROM spending", values![]).await.expect("a count");
    assert_eq!(rows, 3);
}
