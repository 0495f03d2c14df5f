//! Deleting by age what is finished, in batches that hold no lock for long.
//!
//! What is finished is grouped by its key, because how long it is kept depends on what it was about:
//! whoever knows the keys decides. Effects are never deleted.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, Value, values};

/// Rows of one table that one call deletes at most; it touches two tables.
const BATCH: usize = 500;

/// A key with finished events.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct FinishedKey {
    /// The key: the campaign.
    pub key: String,
    /// When its last event was finished, in microseconds since the epoch.
    pub last: i64,
}

/// Keys with finished events, in order, after the key `after`.
///
/// # Errors
/// The database's.
pub async fn finished_keys(
    db: &impl Sql,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<FinishedKey>, DbError> {
    db.all(
        "SELECT key, MAX(finished_at) AS last FROM event_history \
         WHERE key > $1 GROUP BY key ORDER BY key LIMIT $2",
        values![after.unwrap_or_default(), limit],
    )
    .await
}

/// What is to be deleted.
#[derive(Clone, Copy, Debug)]
pub enum Expired<'a> {
    /// Finished events of this key.
    OfKey(&'a str),
    /// Finished events without a key.
    WithoutKey,
    /// Events that were set aside.
    Discarded,
}

/// What one batch deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Events.
    pub events: u64,
    /// Records of their turns.
    pub attempts: u64,
    /// Whether there may be more.
    pub more: bool,
}

#[derive(FromQueryResult)]
struct Id {
    id: String,
}

/// Deletes events, and the records of their turns, that were finished (or set aside) before
/// `before`: at most 500 of each.
///
/// # Errors
/// The database's.
pub async fn delete_expired(tx: &Tx, what: Expired<'_>, before: i64) -> Result<Deleted, DbError> {
    let (table, condition, key) = match what {
        Expired::OfKey(key) => ("event_history", "finished_at < $1 AND key = $2", Some(key)),
        Expired::WithoutKey => ("event_history", "finished_at < $1 AND key IS NULL", None),
        // `due_at` of a discarded event is when it was discarded.
        Expired::Discarded => ("event", "due_at < $1 AND state = 'discarded'", None),
    };
    let mut given = values![before];
    given.extend(key.map(Value::from));
    let lock = tx.backend().skip_locked();
    let sql = format!("SELECT id FROM {table} WHERE {condition} LIMIT {BATCH} {lock}");
    let ids: Vec<Id> = tx.all(&sql, given).await?;
    if ids.is_empty() {
        return Ok(Deleted::default());
    }
    let full = ids.len() == BATCH;
    let places: Vec<String> = (1..=ids.len()).map(|i| format!("${i}")).collect();
    let places = places.join(", ");
    let ids: Vec<Value> = ids.into_iter().map(|row| Value::from(row.id)).collect();
    let attempts = tx
        .exec(
            &format!(
                "DELETE FROM event_attempt WHERE (event, fence) IN (SELECT event, fence \
                 FROM event_attempt WHERE event IN ({places}) LIMIT {BATCH})"
            ),
            ids.clone(),
        )
        .await?;
    if attempts >= u64::try_from(BATCH).unwrap_or(u64::MAX) {
        // The events go when the last of their turns has gone.
        return Ok(Deleted { events: 0, attempts, more: true });
    }
    let events = tx.exec(&format!("DELETE FROM {table} WHERE id IN ({places})"), ids).await?;
    Ok(Deleted { events, attempts, more: full })
}
