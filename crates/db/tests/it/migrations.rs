//! The schema: applied once, never guessed at, never edited.

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, DbError, Migration, Sql as _, migrate, on_both_databases, values};

on_both_databases!(
    every_migration_is_applied_once,
    later_migrations_are_added_to_what_is_there,
    a_newer_schema_is_refused_and_left_alone,
    a_migration_that_was_edited_is_refused,
    a_migration_that_fails_leaves_nothing_behind,
    processes_that_start_together_apply_each_migration_once,
    bytes_have_a_type_on_both,
);

const FIRST: Migration = Migration {
    version: 1,
    name: "accounts",
    sql: "CREATE TABLE account (id TEXT PRIMARY KEY);\nCREATE INDEX a ON account (id);",
};
const SECOND: Migration = Migration {
    version: 2,
    name: "one account",
    sql: "INSERT INTO account (id) VALUES ('0.0.1001');",
};

async fn accounts(db: &Db) -> i64 {
    db.number("SELECT COUNT(*) AS n FROM account", values![]).await.expect("counted")
}

async fn every_migration_is_applied_once(place: TestDb) {
    let db = place.open().await;

    assert_eq!(migrate(&db, &[FIRST, SECOND]).await.expect("applied"), [1, 2]);
    assert_eq!(migrate(&db, &[FIRST, SECOND]).await.expect("nothing to do"), [0_i64; 0]);

    assert_eq!(accounts(&db).await, 1);
}

async fn later_migrations_are_added_to_what_is_there(place: TestDb) {
    let db = place.open().await;
    migrate(&db, &[FIRST]).await.expect("applied");
    db.exec("INSERT INTO account (id) VALUES ($1)", values!["0.0.7"]).await.expect("kept");

    assert_eq!(migrate(&db, &[FIRST, SECOND]).await.expect("applied"), [2]);

    assert_eq!(accounts(&db).await, 2);
}

async fn a_newer_schema_is_refused_and_left_alone(place: TestDb) {
    let db = place.open().await;
    migrate(&db, &[FIRST, SECOND]).await.expect("applied");

    let refused = migrate(&db, &[FIRST]).await.expect_err("an older program");

    assert!(matches!(refused, DbError::Newer { found: 2, known: 1 }), "{refused}");
    assert!(refused.to_string().contains("start the program that wrote it"), "{refused}");
    assert_eq!(migrate(&db, &[FIRST, SECOND]).await.expect("as before"), [0_i64; 0]);
}

async fn a_migration_that_was_edited_is_refused(place: TestDb) {
    let db = place.open().await;
    migrate(&db, &[FIRST]).await.expect("applied");
    let edited = Migration { sql: "CREATE TABLE account (id BIGINT PRIMARY KEY);", ..FIRST };

    let refused = migrate(&db, &[edited, SECOND]).await.expect_err("edited");

    assert!(matches!(refused, DbError::Changed { version: 1, .. }), "{refused}");
    assert_eq!(accounts(&db).await, 0);
}

async fn a_migration_that_fails_leaves_nothing_behind(place: TestDb) {
    let db = place.open().await;
    let broken = Migration { version: 2, name: "broken", sql: "INSERT INTO nowhere VALUES (1);" };

    migrate(&db, &[FIRST, broken]).await.expect_err("there is no such table");

    assert_eq!(migrate(&db, &[FIRST]).await.expect("from the beginning"), [1]);
}

async fn processes_that_start_together_apply_each_migration_once(place: TestDb) {
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let db = place.open().await;
        starting.spawn(async move { migrate(&db, &[FIRST, SECOND]).await });
    }
    let mut applied = Vec::new();
    while let Some(done) = starting.join_next().await {
        applied.extend(done.expect("no panic").expect("every process starts"));
    }

    applied.sort_unstable();
    assert_eq!(applied, [1, 2]);
    assert_eq!(accounts(&place.open().await).await, 1);
}

async fn bytes_have_a_type_on_both(place: TestDb) {
    #[derive(hashbuzz_db::FromQueryResult)]
    struct Row {
        bytes: Vec<u8>,
    }
    let db = place.open().await;
    let table = Migration { version: 1, name: "keys", sql: "CREATE TABLE k (bytes {bytes});" };
    migrate(&db, &[table]).await.expect("applied");

    let given = vec![0_u8, 255, 39];
    db.exec("INSERT INTO k (bytes) VALUES ($1)", values![given.clone()]).await.expect("stored");

    let row: Option<Row> = db.one("SELECT bytes FROM k", values![]).await.expect("read");
    assert_eq!(row.expect("one row").bytes, given);
}

/// Requests end after seconds; rewriting a large table does not. (SQLite has no such limit.)
#[tokio::test]
async fn a_migration_on_postgres_may_take_longer_than_a_request() {
    let place = TestDb::postgres().await;
    let db = place.open().await;
    let limit = "SELECT COUNT(*) AS n FROM pg_settings \
                 WHERE name IN ('statement_timeout', 'lock_timeout') AND setting = '0'";
    let sql = "CREATE TABLE limits AS SELECT name FROM pg_settings \
               WHERE name IN ('statement_timeout', 'lock_timeout') AND setting = '0';";
    migrate(&db, &[Migration { version: 1, name: "limits", sql }]).await.expect("applied");

    let free = db.number("SELECT COUNT(*) AS n FROM limits", values![]).await;

    assert_eq!(free.expect("read"), 2, "a migration has no limits");
    assert_eq!(db.number(limit, values![]).await.expect("read"), 0, "everything else has both");
}
