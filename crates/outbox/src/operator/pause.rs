//! Stopping a queue, a kind or an account, and letting it go on.
//!
//! A pause is a row. Claims look at the rows, so a pause holds within a second, and events that are
//! in hand end as they would. Deleting the row lets everything that waited go on.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, values};

/// What a pause is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A queue.
    Queue,
    /// A kind of event.
    Kind,
    /// An account: its events in all queues.
    Account,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Queue, Self::Kind, Self::Account];

    /// The stable name, as stored and shown; also the column of an event that it is about.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Kind => "kind",
            Self::Account => "account",
        }
    }

    /// The scope with this name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// One pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// What it is about.
    pub scope: Scope,
    /// Which one.
    pub name: String,
    /// Why.
    pub why: String,
    /// Since when, in microseconds since the epoch.
    pub since: i64,
}

#[derive(FromQueryResult)]
struct Row {
    scope: String,
    name: String,
    why: String,
    since: i64,
}

impl TryFrom<Row> for Pause {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let scope = Scope::read(&row.scope)
            .ok_or_else(|| DbError::Corrupt(format!("pause of `{}`", row.scope)))?;
        Ok(Self { scope, name: row.name, why: row.why, since: row.since })
    }
}

/// Pauses that are read at a time; nobody can keep more in mind.
const MOST: i64 = 1_000;

/// Stops `name`. Pausing again changes the reason and not since when. Says whether it is new.
///
/// # Errors
/// The database's.
pub async fn pause(
    tx: &Tx,
    scope: Scope,
    name: &str,
    why: &str,
    now: i64,
) -> Result<bool, DbError> {
    let new = tx
        .exec(
            "INSERT INTO event_pause (scope, name, why, since) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (scope, name) DO NOTHING",
            values![scope.as_str(), name, why, now],
        )
        .await?;
    if new == 0 {
        tx.exec(
            "UPDATE event_pause SET why = $3 WHERE scope = $1 AND name = $2",
            values![scope.as_str(), name, why],
        )
        .await?;
    }
    Ok(new == 1)
}

/// Lets `name` go on. Says whether it was paused.
///
/// # Errors
/// The database's.
pub async fn resume(tx: &Tx, scope: Scope, name: &str) -> Result<bool, DbError> {
    let removed = tx
        .exec(
            "DELETE FROM event_pause WHERE scope = $1 AND name = $2",
            values![scope.as_str(), name],
        )
        .await?;
    Ok(removed == 1)
}

/// All pauses, oldest first.
///
/// # Errors
/// The database's.
pub async fn pauses(db: &impl Sql) -> Result<Vec<Pause>, DbError> {
    let rows: Vec<Row> = db
        .all(
            "SELECT scope, name, why, since FROM event_pause ORDER BY since, scope, name LIMIT $1",
            values![MOST],
        )
        .await?;
    rows.into_iter().map(Pause::try_from).collect()
}

/// The pauses that hold an event of this queue, kind and account.
pub(super) async fn holding(
    db: &impl Sql,
    queue: &str,
    kind: &str,
    account: &str,
) -> Result<Vec<Pause>, DbError> {
    let rows: Vec<Row> = db
        .all(
            "SELECT scope, name, why, since FROM event_pause \
             WHERE (scope = 'queue' AND name = $1) OR (scope = 'kind' AND name = $2) \
             OR (scope = 'account' AND name = $3) ORDER BY since, scope LIMIT 3",
            values![queue, kind, account],
        )
        .await?;
    rows.into_iter().map(Pause::try_from).collect()
}
