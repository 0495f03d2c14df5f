//! What an operator does: retry, discard, retry all that match; and what is cleaned up by age.

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Sql as _, on_both_databases, values};
use hashbuzz_outbox::operator::{
    Acted, Batch, Deleted, EventState, Expired, Filter, FinishedKey, Matching, delete_expired,
    discard, finished_keys, matching, retry, retry_batch,
};

use crate::operator::{Desk, NOW, Row, SECOND};

on_both_databases!(
    a_retried_event_is_due_now_with_its_failures_forgotten,
    an_event_that_is_due_keeps_its_place_when_it_is_retried,
    what_cannot_be_retried_says_why_and_stays,
    an_event_whose_equal_waits_stays_as_it_is,
    a_discarded_event_says_why_and_when,
    what_is_in_hand_or_over_cannot_be_discarded,
    a_dry_run_counts_and_changes_nothing,
    all_that_match_are_retried_batch_by_batch,
    of_equal_events_that_match_one_runs,
    only_what_stands_still_is_retried_together,
    finished_events_go_with_the_records_of_their_turns,
    what_was_set_aside_goes_by_when_it_was,
    a_batch_of_cleaning_is_bounded,
);

/// What the row says, in words.
async fn row(desk: &Desk, id: &str) -> String {
    let event = desk.event(id).await;
    let due = event.due_at.expect("it is live") - NOW;
    let (state, attempt, lost) = (event.state.as_str(), event.attempt, event.lost);
    format!("{state} due {due} attempt {attempt} lost {lost} waits {:?}", event.waits_for)
}

/// How much later than it is due the event stands in its line, as its priority says.
async fn offset(desk: &Desk, id: &str) -> i64 {
    let sql = "SELECT rank - due_at AS n FROM event WHERE id = $1";
    desk.db.number(sql, values![id]).await.expect("read")
}

async fn acted(desk: &Desk, id: &str, now: i64) -> Acted {
    let tx = desk.db.begin().await.expect("begun");
    let acted = retry(&tx, id, now).await.expect("acted");
    if acted == Acted::Done {
        tx.commit().await.expect("committed");
    }
    acted
}

async fn set_aside(desk: &Desk, id: &str, now: i64) -> Acted {
    let tx = desk.db.begin().await.expect("begun");
    let acted = discard(&tx, id, "not needed", now).await.expect("acted");
    tx.commit().await.expect("committed");
    acted
}

async fn a_retried_event_is_due_now_with_its_failures_forgotten(place: TestDb) {
    let desk = Desk::new(place).await;
    for (id, state) in [("a", "dead"), ("b", "deferred"), ("c", "discarded")] {
        let due_at = NOW + 60 * SECOND;
        let waits_for = Some("a rate limit");
        desk.put(Row { attempt: 20, due_at, waits_for, ..Row::new(id, state) }).await;
        desk.run("UPDATE event SET rank = rank + 60 WHERE id = $1", values![id]).await;

        assert_eq!(acted(&desk, id, NOW).await, Acted::Done);

        assert_eq!(row(&desk, id).await, "deferred due 0 attempt 0 lost 0 waits None");
        assert_eq!(offset(&desk, id).await, 60);
    }
}

async fn an_event_that_is_due_keeps_its_place_when_it_is_retried(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { attempt: 3, due_at: NOW - 5, ..Row::new("a", "ready") }).await;

    assert_eq!(acted(&desk, "a", NOW).await, Acted::Done);

    assert_eq!(row(&desk, "a").await, "ready due -5 attempt 0 lost 0 waits None");
}

async fn what_cannot_be_retried_says_why_and_stays(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { attempt: 3, ..Row::new("leased", "leased") }).await;
    desk.put(Row { attempt: 3, ..Row::new("paused", "paused") }).await;
    desk.finished("finished", None, NOW).await;

    let until = NOW + 50 * SECOND;
    assert_eq!(acted(&desk, "leased", NOW).await, Acted::Leased { worker: "worker".into(), until });
    assert_eq!(acted(&desk, "paused", NOW).await, Acted::Paused);
    assert_eq!(acted(&desk, "finished", NOW).await, Acted::Finished);
    assert_eq!(acted(&desk, "nobody", NOW).await, Acted::Missing);
    assert_eq!(desk.event("leased").await.attempt, 3);
    assert_eq!(desk.event("paused").await.attempt, 3);
}

async fn an_event_whose_equal_waits_stays_as_it_is(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { dedupe: Some("only"), ..Row::new("a", "dead") }).await;
    desk.put(Row { dedupe: Some("only"), ..Row::new("b", "deferred") }).await;

    assert_eq!(acted(&desk, "a", NOW).await, Acted::EqualWaits);

    assert_eq!(desk.event("a").await.state, EventState::Dead);
    assert_eq!(acted(&desk, "b", NOW).await, Acted::Done, "it is not its own equal");
}

async fn a_discarded_event_says_why_and_when(place: TestDb) {
    let desk = Desk::new(place).await;
    for state in ["ready", "deferred", "paused", "dead"] {
        desk.put(Row { due_at: NOW + 99, error: Some("503"), ..Row::new(state, state) }).await;

        assert_eq!(set_aside(&desk, state, NOW + 5).await, Acted::Done);

        let words = r#"discarded due 5 attempt 0 lost 2 waits Some("not needed")"#;
        assert_eq!(row(&desk, state).await, words);
        assert_eq!(offset(&desk, state).await, 0);
        assert_eq!(desk.event(state).await.last_error.as_deref(), Some("503"));
        assert_eq!(set_aside(&desk, state, NOW + 6).await, Acted::Already);
    }
}

async fn what_is_in_hand_or_over_cannot_be_discarded(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row::new("leased", "leased")).await;
    desk.finished("finished", None, NOW).await;

    assert!(matches!(set_aside(&desk, "leased", NOW).await, Acted::Leased { .. }));
    assert_eq!(set_aside(&desk, "finished", NOW).await, Acted::Finished);
    assert_eq!(set_aside(&desk, "nobody", NOW).await, Acted::Missing);
    assert_eq!(desk.event("leased").await.state, EventState::Leased);
}

/// `count` dead letters, made in one statement.
async fn many_dead(desk: &Desk, count: i64) {
    desk.run(
        "INSERT INTO event (id, kind, queue, lane, payload, due_at, rank, state, attempt, \
         last_error, created_at) WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL \
         SELECT n + 1 FROM counted WHERE n < $1) SELECT 'id' || CAST(1000000 + n AS TEXT), \
         'bulk.v1', 'social', 'social/', '{}', $2, $2, 'dead', 20, \
         'timeout after ' || CAST(n AS TEXT) || ' ms', $2 FROM counted",
        values![count, NOW],
    )
    .await;
}

fn bulk() -> Matching {
    let filter = Filter { kind: Some("bulk.v1".into()), ..Filter::default() };
    Matching::filter(filter).expect("dead letters can be retried")
}

async fn batch(desk: &Desk, what: &Matching, after: Option<&str>, room: usize) -> Batch {
    let tx = desk.db.begin().await.expect("begun");
    let batch = retry_batch(&tx, what, after, room, NOW).await.expect("retried");
    tx.commit().await.expect("committed");
    batch
}

async fn a_dry_run_counts_and_changes_nothing(place: TestDb) {
    let desk = Desk::new(place).await;
    many_dead(&desk, 12).await;
    desk.put(Row { kind: "bulk.v1", ..Row::new("z", "deferred") }).await;

    let seen = matching(&desk.db, &bulk()).await.expect("looked");

    assert_eq!((seen.count, seen.more, seen.sample.len()), (12, false, 10));
    assert_eq!(seen.sample[0].id, "id1000012", "the newest first");
    assert_eq!(seen.sample[0].state, EventState::Dead);
    let dead = "SELECT COUNT(*) AS n FROM event WHERE state = 'dead'";
    assert_eq!(desk.db.number(dead, values![]).await.expect("counted"), 12);
}

async fn all_that_match_are_retried_batch_by_batch(place: TestDb) {
    let desk = Desk::new(place).await;
    many_dead(&desk, 1_100).await;
    desk.put(Row::new("a", "dead")).await;
    let (mut after, mut sizes) = (None, Vec::new());

    loop {
        let done = batch(&desk, &bulk(), after.as_deref(), 10_000).await;
        sizes.push((done.retried, done.skipped));
        after = done.next;
        if after.is_none() {
            break;
        }
    }

    assert_eq!(sizes, [(500, 0), (500, 0), (100, 0)]);
    assert_eq!(row(&desk, "id1000001").await, "deferred due 0 attempt 0 lost 0 waits None");
    assert_eq!(desk.event("a").await.state, EventState::Dead, "another kind stays");
    assert_eq!(
        batch(&desk, &bulk(), None, 500).await,
        Batch { retried: 0, skipped: 0, next: None }
    );
}

async fn of_equal_events_that_match_one_runs(place: TestDb) {
    let desk = Desk::new(place).await;
    let equal =
        |id, state, dedupe| Row { dedupe: Some(dedupe), kind: "bulk.v1", ..Row::new(id, state) };
    desk.put(equal("a", "dead", "one")).await;
    desk.put(equal("b", "dead", "one")).await;
    desk.put(equal("c", "dead", "two")).await;
    desk.put(equal("d", "ready", "two")).await;
    desk.put(equal("e", "dead", "three")).await;

    let done = batch(&desk, &bulk(), None, 500).await;

    assert_eq!(done, Batch { retried: 2, skipped: 2, next: None });
    for (id, state) in [("a", "dead"), ("b", "deferred"), ("c", "dead"), ("e", "deferred")] {
        assert_eq!(desk.event(id).await.state.as_str(), state, "{id}");
    }
}

async fn only_what_stands_still_is_retried_together(_place: TestDb) {
    for state in EventState::ALL {
        let filter = Filter { state: Some(state), ..Filter::default() };
        let may = ["dead", "deferred", "discarded"].contains(&state.as_str());
        assert_eq!(Matching::filter(filter).is_some(), may, "{state:?}");
    }
}

async fn delete(desk: &Desk, what: Expired<'_>, before: i64) -> Deleted {
    let tx = desk.db.begin().await.expect("begun");
    let deleted = delete_expired(&tx, what, before).await.expect("deleted");
    tx.commit().await.expect("committed");
    deleted
}

async fn count(desk: &Desk, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM {table}");
    desk.db.number(&sql, values![]).await.expect("counted")
}

async fn finished_events_go_with_the_records_of_their_turns(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.finished("a", Some("c1"), NOW - 10).await;
    desk.finished("b", Some("c1"), NOW).await;
    desk.finished("c", Some("c2"), NOW - 10).await;
    desk.finished("d", None, NOW - 10).await;
    desk.attempt("a", 1, "failed", "503").await;
    desk.attempt("c", 1, "failed", "503").await;

    let keys = finished_keys(&desk.db, None, 10).await.expect("read");
    let key = |key: &str, last| FinishedKey { key: key.into(), last };
    assert_eq!(keys, [key("c1", NOW), key("c2", NOW - 10)]);
    assert_eq!(finished_keys(&desk.db, Some("c1"), 10).await.expect("read").len(), 1);

    let deleted = Deleted { events: 1, attempts: 1, more: false };
    assert_eq!(delete(&desk, Expired::OfKey("c1"), NOW).await, deleted);
    assert_eq!(desk.event("b").await.state, EventState::Done);
    assert_eq!((count(&desk, "event_history").await, count(&desk, "event_attempt").await), (3, 1));
    let deleted = Deleted { events: 1, attempts: 0, more: false };
    assert_eq!(delete(&desk, Expired::WithoutKey, NOW).await, deleted);
    assert_eq!(desk.event("c").await.state, EventState::Done);
}

async fn what_was_set_aside_goes_by_when_it_was(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { created_at: NOW - 99, ..Row::new("a", "dead") }).await;
    desk.put(Row { created_at: NOW - 99, ..Row::new("b", "dead") }).await;
    desk.attempt("a", 1, "dead", "refused").await;
    set_aside(&desk, "a", NOW + 5).await;

    assert_eq!(delete(&desk, Expired::Discarded, NOW + 5).await, Deleted::default());
    let deleted = Deleted { events: 1, attempts: 1, more: false };
    assert_eq!(delete(&desk, Expired::Discarded, NOW + 6).await, deleted);
    assert_eq!(desk.event("b").await.state, EventState::Dead, "a dead letter waits for a person");
}

async fn a_batch_of_cleaning_is_bounded(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.run(
        "INSERT INTO event_history (id, kind, payload, attempt, outcome, created_at, finished_at) \
         WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 700) \
         SELECT 'id' || CAST(n AS TEXT), 'bulk.v1', '{}', 0, 'done', $1, $1 FROM counted",
        values![NOW - 1],
    )
    .await;
    for fence in 1..=40 {
        desk.run(
            "INSERT INTO event_attempt (event, fence, ended_at, outcome, detail) \
             SELECT id, $1, $2, 'failed', '503' FROM event_history",
            values![fence, NOW],
        )
        .await;
    }

    let (mut calls, mut events, mut attempts) = (0, 0, 0);
    loop {
        let deleted = delete(&desk, Expired::WithoutKey, NOW).await;
        assert!(deleted.events <= 500 && deleted.attempts <= 500, "{deleted:?}");
        (events, attempts) = (events + deleted.events, attempts + deleted.attempts);
        calls += 1;
        assert!(calls < 100, "there is no end to it");
        if !deleted.more {
            break;
        }
    }

    assert_eq!((events, attempts), (700, 28_000));
    assert_eq!(count(&desk, "event_attempt").await, 0);
}
