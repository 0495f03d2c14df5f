//! Write transactions: all or nothing, one after the other where they meet.

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, DbError, Migration, Sql as _, migrate, on_both_databases, values};

on_both_databases!(
    read_modify_write_loses_nothing_and_never_fails,
    a_second_process_loses_nothing_either,
    a_transaction_that_is_dropped_leaves_nothing_behind,
    a_transaction_is_seen_by_others_after_its_commit_only,
    the_same_key_twice_is_recognised,
    a_reference_to_nothing_is_refused_but_is_no_duplicate,
    values_come_back_as_they_went_in,
);

const SCHEMA: Migration = Migration {
    version: 1,
    name: "counters",
    sql: "CREATE TABLE counter (id TEXT PRIMARY KEY, n BIGINT NOT NULL);\n\
          CREATE TABLE note (id TEXT PRIMARY KEY, counter TEXT NOT NULL REFERENCES counter (id));\n\
          INSERT INTO counter (id, n) VALUES ('a', 0);",
};

async fn prepared(place: &TestDb) -> Db {
    let db = place.open().await;
    migrate(&db, &[SCHEMA]).await.expect("applied");
    db
}

async fn count(db: &Db) -> i64 {
    db.number("SELECT n FROM counter WHERE id = 'a'", values![]).await.expect("read")
}

/// Reads, adds one in the program, writes: the pattern that loses updates and, on SQLite, fails
/// with "database is locked" when the transaction begins as a reader.
async fn add_one(db: &Db) -> Result<(), DbError> {
    let tx = db.begin().await?;
    let lock = tx.backend().for_update();
    let n = tx.number(&format!("SELECT n FROM counter WHERE id = 'a' {lock}"), values![]).await?;
    tx.exec("UPDATE counter SET n = $1 WHERE id = 'a'", values![n + 1]).await?;
    tx.commit().await
}

async fn add_from_many_tasks(handles: Vec<Db>) {
    let mut adding = tokio::task::JoinSet::new();
    for db in handles {
        adding.spawn(async move {
            for _ in 0..20 {
                add_one(&db).await?;
            }
            Ok::<_, DbError>(())
        });
    }
    while let Some(done) = adding.join_next().await {
        done.expect("no panic").expect("no transaction fails");
    }
}

async fn read_modify_write_loses_nothing_and_never_fails(place: TestDb) {
    let db = prepared(&place).await;

    add_from_many_tasks(vec![db.clone(); 8]).await;

    assert_eq!(count(&db).await, 160);
}

async fn a_second_process_loses_nothing_either(place: TestDb) {
    let db = prepared(&place).await;
    let other = place.open().await;

    add_from_many_tasks(vec![db.clone(), db.clone(), other.clone(), other]).await;

    assert_eq!(count(&db).await, 80);
}

async fn a_transaction_that_is_dropped_leaves_nothing_behind(place: TestDb) {
    let db = prepared(&place).await;

    let tx = db.begin().await.expect("begun");
    tx.exec("UPDATE counter SET n = 5", values![]).await.expect("changed");
    assert_eq!(tx.number("SELECT n FROM counter", values![]).await.expect("read"), 5);
    drop(tx);

    assert_eq!(count(&db).await, 0);
    add_one(&db).await.expect("the next one is not in its way");
    assert_eq!(count(&db).await, 1);
}

async fn a_transaction_is_seen_by_others_after_its_commit_only(place: TestDb) {
    let db = prepared(&place).await;

    let tx = db.begin().await.expect("begun");
    tx.exec("UPDATE counter SET n = 5", values![]).await.expect("changed");
    assert_eq!(count(&db).await, 0, "readers pass the writer");
    tx.commit().await.expect("committed");

    assert_eq!(count(&db).await, 5);
}

async fn the_same_key_twice_is_recognised(place: TestDb) {
    let db = prepared(&place).await;

    let again = db.exec("INSERT INTO counter (id, n) VALUES ('a', 1)", values![]).await;

    assert!(again.expect_err("there is one").is_unique_violation());
}

async fn a_reference_to_nothing_is_refused_but_is_no_duplicate(place: TestDb) {
    let db = prepared(&place).await;

    let lost = db.exec("INSERT INTO note (id, counter) VALUES ('1', 'b')", values![]).await;

    assert!(!lost.expect_err("there is no such counter").is_unique_violation());
}

async fn values_come_back_as_they_went_in(place: TestDb) {
    #[derive(Debug, PartialEq, hashbuzz_db::FromQueryResult)]
    struct Row {
        id: String,
        n: i64,
    }
    let db = prepared(&place).await;
    let given = Row { id: "it's $1 – \u{1f980}".into(), n: i64::MAX };

    let sql = "INSERT INTO counter (id, n) VALUES ($1, $2)";
    let changed = db.exec(sql, values![given.id.clone(), given.n]).await.expect("stored");
    assert_eq!(changed, 1);

    let sql = "SELECT id, n FROM counter WHERE n > $1 AND id <> $2";
    let rows: Vec<Row> = db.all(sql, values![1_i64, "a"]).await.expect("read");
    assert_eq!(rows, [given]);
    let none: Option<Row> = db.one(sql, values![1_i64, rows[0].id.clone()]).await.expect("read");
    assert_eq!(none, None);
}
