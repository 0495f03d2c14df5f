//! The short lists: what waits, soonest first, and what gave up.

use hashbuzz_db::{DbError, FromQueryResult, Sql, values};

use super::filter::{Conditions, Filter};

/// An event that is not finished.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its key: the campaign.
    pub key: Option<String>,
    /// `ready`, `deferred`, `paused`, `leased` or `dead`.
    pub state: String,
    /// When it is due, in microseconds since the epoch.
    pub due_at: i64,
    /// How often it failed.
    pub attempt: i64,
    /// Why it waits, when it said so.
    pub waits_for: Option<String>,
    /// The last failure.
    pub last_error: Option<String>,
}

const COLUMNS: &str = "id, kind, key, state, due_at, attempt, waits_for, last_error";

/// Unfinished events of `key`, or of all, soonest first.
///
/// # Errors
/// The database's.
pub async fn waiting(
    db: &impl Sql,
    key: Option<&str>,
    limit: i64,
) -> Result<Vec<Waiting>, DbError> {
    let filter = Filter { key: key.map(str::to_owned), ..Filter::default() };
    let mut all = Conditions::of(&filter, db.backend());
    let limit = all.place(limit);
    let sql = format!(
        "SELECT {COLUMNS} FROM event WHERE state IN ('ready', 'deferred', 'paused', 'leased') \
         AND {} ORDER BY due_at, id LIMIT {limit}",
        all.sql()
    );
    db.all(&sql, all.values).await
}

/// Events that gave up, newest first.
///
/// # Errors
/// The database's.
pub async fn dead_letters(db: &impl Sql, limit: i64) -> Result<Vec<Waiting>, DbError> {
    db.all(
        &format!("SELECT {COLUMNS} FROM event WHERE state = 'dead' ORDER BY id DESC LIMIT $1"),
        values![limit],
    )
    .await
}

/// When the next event is due; nothing waits when there is none.
///
/// # Errors
/// The database's.
pub async fn next_due(db: &impl Sql) -> Result<Option<i64>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        n: Option<i64>,
    }
    let sql = "SELECT MIN(due_at) AS n FROM event WHERE state IN ('ready', 'deferred')";
    let row: Option<Row> = db.one(sql, values![]).await?;
    Ok(row.and_then(|row| row.n))
}
