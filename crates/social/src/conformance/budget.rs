//! The exam that every implementation of [`Budget`] takes.
//!
//! An implementation's tests provide [`Shared`] buckets and write
//! `hashbuzz_social::budget_exam!(make_shared);` once. What is asked is what the adapters of networks
//! rely on: nothing is taken twice, whoever asks; late answers mislead nobody; what is closed stays so.

use std::sync::Arc;

use hashbuzz_domain::{Span, Time};

use crate::{Bucket, Budget, Draw, Full, Limit, Reading, Settled, Window};

/// The same buckets, as two processes see them.
pub trait Shared: Send + Sync {
    /// The first process.
    fn one(&self) -> Arc<dyn Budget>;
    /// Another.
    fn other(&self) -> Arc<dyn Budget>;
}

/// Makes one test of each question. The argument is an async function that makes fresh [`Shared`]
/// buckets; the calling crate needs `tokio` with threads for its tests.
#[macro_export]
macro_rules! budget_exam {
    ($shared:path) => {
        $crate::budget_exam! { @each $shared =>
            workers_at_the_same_time_take_what_there_is_and_no_more
            a_window_is_full_again_when_it_has_passed
            all_draws_are_taken_or_none
            one_bucket_drawn_from_twice_is_drawn_from_twice
            what_was_not_used_is_given_back
            answers_teach_and_late_ones_do_not_mislead
            a_bucket_that_is_closed_gives_nothing_and_says_why
            days_and_months_begin_by_the_calendar
            amounts_are_exact
            the_operator_sees_what_is_used_and_closed
            what_is_forgotten_is_asked_anew
        }
    };
    (@each $shared:path => $($question:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $question() {
                $crate::conformance::budget::$question(&$shared().await).await;
            }
        )*
    };
}

/// 2026-09-01T12:00:00Z.
const NOW: Time = Time::from_micros(1_788_264_000_000_000);
const WINDOW: Span = Span::from_secs(900);

fn draw(name: &str, amount: u64, size: u64) -> Draw {
    let bucket = Bucket { name: name.to_owned(), size, window: Window::Since(WINDOW) };
    Draw { bucket, amount }
}

fn later(secs: u32) -> Time {
    NOW.plus(Span::from_secs(secs))
}

/// How often one more can be taken, at most `most` times.
async fn left(budget: &dyn Budget, name: &str, size: u64, now: Time, most: usize) -> usize {
    for taken in 0..most {
        if budget.reserve(now, &[draw(name, 1, size)]).await.is_err() {
            return taken;
        }
    }
    most
}

async fn take(budget: &dyn Budget, now: Time, draws: &[Draw]) {
    let outcome = budget.reserve(now, draws).await;
    assert_eq!(outcome, Ok(()), "it fits");
}

async fn settle(budget: &dyn Budget, now: Time, settled: Settled) {
    assert_eq!(budget.settle(now, &settled).await, Ok(()));
}

async fn limits(budget: &dyn Budget, now: Time, most: usize) -> Vec<Limit> {
    match budget.limits(now, most).await {
        Ok(limits) => limits,
        Err(error) => panic!("the buckets cannot be seen: {error}"),
    }
}

/// What two processes take together is what the bucket holds.
pub async fn workers_at_the_same_time_take_what_there_is_and_no_more(shared: &dyn Shared) {
    let mut tasks = Vec::new();
    for worker in 0..8 {
        let budget = if worker % 2 == 0 { shared.one() } else { shared.other() };
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
        taken += task.await.unwrap_or_else(|error| panic!("a worker: {error}"));
    }
    assert_eq!(taken, 75);
    let seen = limits(shared.one().as_ref(), NOW, 10).await;
    assert_eq!(seen.iter().map(|limit| limit.used).collect::<Vec<_>>(), [75, 75]);
}

/// A window begins with the first request, and is as long as it is.
pub async fn a_window_is_full_again_when_it_has_passed(shared: &dyn Shared) {
    let (one, other) = (shared.one(), shared.other());
    assert_eq!(left(one.as_ref(), "a", 3, NOW, 10).await, 3);
    let full = other.reserve(later(60), &[draw("a", 1, 3)]).await;
    // A moment more than the window: the network's clock may be behind ours.
    let until = later(901);
    let why = "a: 3 of 3 are used up".to_owned();
    assert_eq!(full, Err(Full::Until { until, why }));
    assert!(one.reserve(later(900), &[draw("a", 1, 3)]).await.is_err());
    assert_eq!(left(other.as_ref(), "a", 3, until, 10).await, 3);
}

/// What does not fit takes nothing anywhere.
pub async fn all_draws_are_taken_or_none(shared: &dyn Shared) {
    let budget = shared.one();
    assert_eq!(left(budget.as_ref(), "small", 1, NOW, 1).await, 1);
    let both = [draw("large", 1, 5), draw("small", 1, 1)];
    assert!(budget.reserve(NOW, &both).await.is_err());
    assert_eq!(left(budget.as_ref(), "large", 5, NOW, 10).await, 5);
    let too_much = budget.reserve(NOW, &[draw("other", 7, 5)]).await;
    assert!(matches!(too_much, Err(Full::Until { .. })), "more than it ever holds: {too_much:?}");
}

/// Two draws from the same bucket are the sum of both.
pub async fn one_bucket_drawn_from_twice_is_drawn_from_twice(shared: &dyn Shared) {
    let budget = shared.one();
    let twice = [draw("a", 3, 5), draw("a", 3, 5)];
    assert!(budget.reserve(NOW, &twice).await.is_err());
    take(budget.as_ref(), NOW, &[draw("a", 3, 5), draw("a", 2, 5)]).await;
    assert_eq!(left(budget.as_ref(), "a", 5, NOW, 10).await, 0);
}

/// What was reserved and not used can be used.
pub async fn what_was_not_used_is_given_back(shared: &dyn Shared) {
    let (one, other) = (shared.one(), shared.other());
    take(one.as_ref(), NOW, &[draw("a", 5, 5)]).await;
    let unused = vec![draw("a", 3, 5), draw("nobody's", 3, 5)];
    settle(other.as_ref(), NOW, Settled { unused, ..Settled::default() }).await;
    assert_eq!(left(one.as_ref(), "a", 5, NOW, 10).await, 3);
    // More than was taken does not make it larger.
    let unused = vec![draw("a", 9, 5)];
    settle(one.as_ref(), NOW, Settled { unused, ..Settled::default() }).await;
    assert_eq!(left(one.as_ref(), "a", 5, NOW, 10).await, 5);
}

async fn teach(budget: &dyn Budget, size: u64, left: u64, resets_at: Time, now: Time) {
    let reading = Reading { bucket: "a".to_owned(), size, left, resets_at };
    settle(budget, now, Settled { readings: vec![reading], ..Settled::default() }).await;
}

/// What an answer says is believed, unless it is older than what is known.
pub async fn answers_teach_and_late_ones_do_not_mislead(shared: &dyn Shared) {
    let budget = shared.one();
    let budget = budget.as_ref();
    // We think that there are 75; this deployment's plan has 10, and somebody else has used 4.
    take(budget, NOW, &[draw("a", 1, 75)]).await;
    teach(budget, 10, 5, later(300), NOW).await;
    // An answer that was overtaken says that more is left.
    teach(budget, 10, 8, later(300), NOW).await;
    assert_eq!(left(budget, "a", 75, NOW, 20).await, 5);
    assert!(budget.reserve(later(300), &[draw("a", 1, 75)]).await.is_err());
    // The next window, as large as was learned. An answer of the last one is worth nothing now.
    take(budget, later(302), &[draw("a", 1, 75)]).await;
    teach(budget, 10, 9, later(1_202), later(302)).await;
    teach(budget, 10, 0, later(300), later(303)).await;
    assert_eq!(left(budget, "a", 75, later(304), 20).await, 9);
    // Ours was a window behind.
    teach(budget, 10, 7, later(2_500), later(305)).await;
    assert_eq!(left(budget, "a", 75, later(306), 20).await, 7);
    // A minute more or less is the same window; the larger use counts.
    teach(budget, 10, 10, later(2_530), later(307)).await;
    assert_eq!(left(budget, "a", 75, later(308), 20).await, 0);
}

/// A closed bucket stops everybody who has to pass it.
pub async fn a_bucket_that_is_closed_gives_nothing_and_says_why(shared: &dyn Shared) {
    let (one, other) = (shared.one(), shared.other());
    let closed = vec![("a".to_owned(), later(600), "no credit".to_owned())];
    settle(one.as_ref(), NOW, Settled { closed, ..Settled::default() }).await;
    let full = Err(Full::Until { until: later(600), why: "no credit".to_owned() });
    // Whoever only has to pass it is stopped as well.
    assert_eq!(other.reserve(NOW, &[draw("a", 0, 10)]).await, full);
    assert_eq!(one.reserve(later(599), &[draw("b", 1, 9), draw("a", 1, 10)]).await, full);
    assert_eq!(left(one.as_ref(), "b", 9, NOW, 20).await, 9, "nothing was taken beside it");
    assert_eq!(left(one.as_ref(), "a", 10, later(600), 20).await, 10);
}

/// Days and months end at midnight UTC.
pub async fn days_and_months_begin_by_the_calendar(shared: &dyn Shared) {
    let budget = shared.one();
    let draw = |window: Window| {
        let name = format!("{window:?}");
        [Draw { bucket: Bucket { name, size: 100, window }, amount: 100 }]
    };
    for (window, hours) in [(Window::Day, 12), (Window::Month, 12 + 29 * 24)] {
        take(budget.as_ref(), NOW, &draw(window)).await;
        let end = later(hours * 3_600);
        let before = Time::from_micros(end.micros() - 1);
        let full = budget.reserve(before, &draw(window)).await;
        assert!(matches!(full, Err(Full::Until { until, .. }) if until >= end), "{full:?}");
        take(budget.as_ref(), end, &draw(window)).await;
    }
}

/// Money is counted in millionths: nothing is rounded, and times are exact to the microsecond.
pub async fn amounts_are_exact(shared: &dyn Shared) {
    let budget = shared.one();
    let budget = budget.as_ref();
    let now = Time::from_micros(NOW.micros() + 123_457);
    let size = 9_007_199_254_740_991;
    take(budget, now, &[draw("a", size - 1, size)]).await;
    assert!(budget.reserve(now, &[draw("a", 2, size)]).await.is_err());
    take(budget, now, &[draw("a", 1, size)]).await;
    let seen = limits(budget, now, 10).await;
    let resets_at = Window::Since(WINDOW).ends_at(now);
    let limit = Limit { bucket: "a".to_owned(), size, used: size, resets_at, closed: None };
    assert_eq!(seen, [limit]);
}

/// An operator sees the closed first, then what has least left, and nothing that is full.
pub async fn the_operator_sees_what_is_used_and_closed(shared: &dyn Shared) {
    let (one, other) = (shared.one(), shared.other());
    assert_eq!(limits(one.as_ref(), NOW, 10).await, []);
    let many = [draw("c", 1, 10), draw("b", 4, 10), draw("d", 0, 10), draw("a", 4, 10)];
    take(one.as_ref(), NOW, &many).await;
    take(one.as_ref(), later(600), &[draw("late", 1, 100)]).await;
    let closed = vec![("gate".to_owned(), later(700), "no credit".to_owned())];
    settle(other.as_ref(), NOW, Settled { closed, ..Settled::default() }).await;
    let names = async |now: Time, most: usize| {
        let seen = limits(other.as_ref(), now, most).await;
        seen.into_iter().map(|limit| limit.bucket).collect::<Vec<_>>()
    };
    assert_eq!(names(later(650), 10).await, ["gate", "a", "b", "c", "late"]);
    assert_eq!(names(later(650), 2).await, ["gate", "a"]);
    assert_eq!(names(later(901), 10).await, ["late"]);
    let seen = limits(one.as_ref(), NOW, 2).await;
    assert_eq!(seen[0].closed, Some((later(700), "no credit".to_owned())));
    assert_eq!((seen[1].used, seen[1].left(NOW), seen[1].left(later(901))), (4, 6, 10));
}

/// An operator who knows better opens a bucket for everybody.
pub async fn what_is_forgotten_is_asked_anew(shared: &dyn Shared) {
    let (one, other) = (shared.one(), shared.other());
    take(one.as_ref(), NOW, &[draw("a", 5, 5)]).await;
    let closed = vec![("a".to_owned(), later(600), "no credit".to_owned())];
    settle(one.as_ref(), NOW, Settled { closed, ..Settled::default() }).await;
    assert_eq!(other.forget("a").await, Ok(true));
    assert_eq!(other.forget("a").await, Ok(false));
    assert_eq!(left(one.as_ref(), "a", 5, NOW, 10).await, 5);
}
