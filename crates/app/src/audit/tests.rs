//! The chain, on both databases: intact whoever writes, and broken by whatever is changed later.

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, Sql as _, migrate, on_both_databases, values};

use super::{Broken, Verified, audit, page, verify};
use crate::MIGRATIONS;

on_both_databases!(
    a_log_that_nobody_touched_is_intact,
    one_byte_that_is_changed_is_found_where_it_is,
    an_entry_that_is_missing_is_found,
    an_entry_that_was_added_by_hand_is_found,
    a_tail_that_was_cut_off_is_found,
    two_entries_that_changed_places_are_found,
    writers_at_the_same_time_make_one_chain,
    an_act_that_is_rolled_back_leaves_no_entry,
    entries_from_before_the_chain_are_kept_and_nothing_is_claimed_of_them,
);

async fn empty(place: &TestDb) -> Db {
    let db = place.open().await;
    migrate(&db, MIGRATIONS).await.expect("the schema");
    db
}

async fn write(db: &Db, n: i64) {
    let tx = db.begin().await.expect("begun");
    audit(&tx, n, "0.0.7", "event.retry", "an event", &format!("number {n}")).await.expect("kept");
    tx.commit().await.expect("committed");
}

/// A log of five entries.
async fn log(place: &TestDb) -> Db {
    let db = empty(place).await;
    for n in 1..=5 {
        write(&db, n).await;
    }
    db
}

async fn run(db: &Db, sql: &str) {
    db.exec(sql, values![]).await.expect("a row can be changed");
}

async fn broken_at(db: &Db) -> Option<i64> {
    verify(db).await.expect("verified").broken.map(|broken| broken.sequence)
}

async fn a_log_that_nobody_touched_is_intact(place: TestDb) {
    let db = empty(&place).await;
    let nothing = verify(&db).await.expect("verified");
    let empty =
        Verified { entries: 0, before_the_chain: 0, last_hash: String::new(), broken: None };
    assert_eq!(nothing, empty);

    for n in 1..=5 {
        write(&db, n).await;
    }
    let found = verify(&db).await.expect("verified");
    assert_eq!((found.entries, found.broken), (5, None));
    let newest = page(&db, None, 2).await.expect("read");
    assert_eq!(newest[0].hash, found.last_hash);
    assert_eq!((newest[0].detail.as_str(), newest[1].detail.as_str()), ("number 5", "number 4"));
    assert_eq!(page(&db, Some(4), 10).await.expect("read").len(), 3);
}

async fn one_byte_that_is_changed_is_found_where_it_is(place: TestDb) {
    let db = log(&place).await;
    let what = "its hash is not that of what it says after the entry before it";
    let there = Some(Broken { sequence: 3, what: what.to_owned() });
    for (change, undo) in [
        ("detail = 'number 9'", "detail = 'number 3'"),
        ("actor = '0.0.8'", "actor = '0.0.7'"),
        ("act = 'event.retrx'", "act = 'event.retry'"),
        ("subject = 'an evenu'", "subject = 'an event'"),
        ("at = 4", "at = 3"),
        // The same letters, cut in another place.
        ("actor = '0.0.', act = '7event.retry'", "actor = '0.0.7', act = 'event.retry'"),
    ] {
        run(&db, &format!("UPDATE audit_entry SET {change} WHERE sequence = 3")).await;
        assert_eq!(verify(&db).await.expect("verified").broken, there, "{change}");
        run(&db, &format!("UPDATE audit_entry SET {undo} WHERE sequence = 3")).await;
        assert_eq!(broken_at(&db).await, None, "{undo}");
    }
    run(
        &db,
        "UPDATE audit_entry SET hash = CASE WHEN SUBSTR(hash, 1, 1) = 'a' THEN 'b' ELSE 'a' END \
         || SUBSTR(hash, 2) WHERE sequence = 3",
    )
    .await;
    assert_eq!(verify(&db).await.expect("verified").broken, there);
}

async fn an_entry_that_is_missing_is_found(place: TestDb) {
    let db = log(&place).await;

    run(&db, "DELETE FROM audit_entry WHERE sequence = 2").await;

    assert_eq!(broken_at(&db).await, Some(2));
}

async fn an_entry_that_was_added_by_hand_is_found(place: TestDb) {
    let db = log(&place).await;
    run(
        &db,
        "INSERT INTO audit_entry (sequence, at, actor, act, subject, detail, hash) \
         SELECT 6, 6, actor, act, subject, detail, hash FROM audit_entry WHERE sequence = 5",
    )
    .await;
    assert_eq!(broken_at(&db).await, None, "the head does not know of it");

    run(&db, "UPDATE audit_head SET sequence = 6").await;

    assert_eq!(broken_at(&db).await, Some(6));
}

async fn a_tail_that_was_cut_off_is_found(place: TestDb) {
    let db = log(&place).await;

    run(&db, "DELETE FROM audit_entry WHERE sequence >= 4").await;

    assert_eq!(broken_at(&db).await, Some(4));
}

async fn two_entries_that_changed_places_are_found(place: TestDb) {
    let db = log(&place).await;

    for (from, to) in [(2, 99), (3, 2), (99, 3)] {
        run(&db, &format!("UPDATE audit_entry SET sequence = {to} WHERE sequence = {from}")).await;
    }

    assert_eq!(broken_at(&db).await, Some(2));
}

async fn writers_at_the_same_time_make_one_chain(place: TestDb) {
    empty(&place).await;
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..4 {
        // A process of its own.
        let db = place.open().await;
        writers.spawn(async move {
            for i in 0..10 {
                write(&db, n * 10 + i).await;
            }
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.expect("every entry is kept");
    }

    let found = verify(&place.open().await).await.expect("verified");

    assert_eq!((found.entries, found.broken), (40, None));
}

async fn an_act_that_is_rolled_back_leaves_no_entry(place: TestDb) {
    let db = log(&place).await;

    let tx = db.begin().await.expect("begun");
    audit(&tx, 6, "0.0.7", "event.retry", "an event", "").await.expect("kept");
    drop(tx);
    write(&db, 7).await;

    let found = verify(&db).await.expect("verified");
    assert_eq!((found.entries, found.broken), (6, None));
}

async fn entries_from_before_the_chain_are_kept_and_nothing_is_claimed_of_them(place: TestDb) {
    let db = place.open().await;
    migrate(&db, &MIGRATIONS[..8]).await.expect("the schema before");
    for id in ["b", "a"] {
        run(
            &db,
            &format!(
                "INSERT INTO audit (id, at, actor, act, subject, detail) \
                 VALUES ('{id}', 1, 'system', 'account.register', '0.0.7', '{id}')"
            ),
        )
        .await;
    }
    migrate(&db, MIGRATIONS).await.expect("the schema");
    write(&db, 3).await;

    let found = verify(&db).await.expect("verified");
    assert_eq!((found.entries, found.before_the_chain, found.broken), (3, 2, None));
    let told: Vec<String> =
        page(&db, None, 9).await.expect("read").into_iter().map(|entry| entry.detail).collect();
    assert_eq!(told, ["number 3", "b", "a"]);

    run(&db, "UPDATE audit_head SET begins = 4").await;
    assert_eq!(broken_at(&db).await, Some(3), "a chain does not begin after its first hash");
}
