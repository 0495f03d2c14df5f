//! Claiming and giving back: leases with fences.
//!
//! The fence grows with every claim, and every later write names it. A worker whose lease was
//! taken from it (it slept, its machine stalled) therefore changes nothing, however late it wakes.

use std::collections::HashSet;

use hashbuzz_db::{Backend, Db, DbError, FromQueryResult, Sql as _, values};

/// How long a claim holds: longer than the time limit of any single request to another system.
pub(crate) const LEASE_MICROS: i64 = 60_000_000;

/// An event in somebody's hands.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Leased {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) payload: String,
    pub(crate) attempt: i64,
    pub(crate) fence: i64,
}

#[derive(FromQueryResult)]
struct Candidate {
    id: String,
    key: Option<String>,
}

/// Claims up to `limit` due events for `owner`, at most one of each key.
///
/// Candidates are locked first (others skip them), then claimed. Two processes can still see one
/// key as free at the same moment; the unique index lets one of them through, and the other tries
/// again at its next poll.
pub(crate) async fn claim(
    db: &Db,
    owner: &str,
    now: i64,
    limit: usize,
) -> Result<Vec<Leased>, DbError> {
    let tx = db.begin().await?;
    let lock = tx.backend().skip_locked();
    let window = i64::try_from(limit.saturating_mul(8)).unwrap_or(i64::MAX);
    let candidates: Vec<Candidate> = tx
        .all(
            &format!(
                "SELECT id, key FROM event e WHERE state = 'ready' AND due_at <= $1 \
                 AND (key IS NULL OR NOT EXISTS (SELECT 1 FROM event held \
                      WHERE held.state = 'leased' AND held.key = e.key)) \
                 ORDER BY rank, id LIMIT $2 {lock}"
            ),
            values![now, window],
        )
        .await?;
    let mut keys = HashSet::new();
    let ids: Vec<String> = candidates
        .into_iter()
        .filter(|row| row.key.as_ref().is_none_or(|key| keys.insert(key.clone())))
        .map(|row| row.id)
        .take(limit)
        .collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (0..ids.len()).map(|i| format!("${}", i + 3)).collect();
    let mut given = values![owner, now + LEASE_MICROS];
    given.extend(ids.into_iter().map(hashbuzz_db::Value::from));
    let leased = tx
        .all(
            &format!(
                "UPDATE event SET state = 'leased', lease_owner = $1, lease_until = $2, \
                 fence = fence + 1, waits_for = NULL WHERE state = 'ready' AND id IN ({}) \
                 RETURNING id, kind, payload, attempt, fence",
                places.join(", ")
            ),
            given,
        )
        .await;
    match leased {
        Ok(leased) => {
            tx.commit().await?;
            Ok(leased)
        }
        Err(error) if error.is_unique_violation() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Gives every lease back, whoever holds it. Only for a process that knows itself alone (SQLite,
/// under its file lock). Returns how many there were.
///
/// # Errors
/// The database's.
pub async fn release_all(db: &Db) -> Result<u64, DbError> {
    let tx = db.begin().await?;
    let released = tx.exec(&give_back("1 = 1"), values![]).await?;
    tx.commit().await?;
    Ok(released)
}

/// Returns expired leases and those of processes that are silent since `silent_since`.
pub(crate) async fn rescue(db: &Db, now: i64, silent_since: i64) -> Result<u64, DbError> {
    let tx = db.begin().await?;
    let rescued = tx
        .exec(
            &give_back(
                "(lease_until < $1 OR lease_owner NOT IN \
                 (SELECT id FROM instance WHERE seen_at >= $2))",
            ),
            values![now, silent_since],
        )
        .await?;
    tx.exec("DELETE FROM instance WHERE seen_at < $1", values![silent_since]).await?;
    tx.commit().await?;
    Ok(rescued)
}

/// A lost lease costs an attempt: an event that kills its worker must not do so for ever.
///
/// Where an equal event (same dedupe key) waits or was lost too, this one goes on without its key:
/// its work may be half done, so it must be looked at again, and two may not wait under one key.
fn give_back(which: &str) -> String {
    format!(
        "UPDATE event SET state = 'ready', attempt = attempt + 1, lease_owner = NULL, \
         lease_until = NULL, last_error = 'its worker disappeared', \
         dedupe = CASE WHEN EXISTS (SELECT 1 FROM event equal WHERE equal.dedupe = event.dedupe \
           AND equal.id <> event.id AND equal.state IN ('ready', 'leased')) \
           THEN NULL ELSE dedupe END \
         WHERE state = 'leased' AND {which}"
    )
}

/// Says that `instance` is alive.
pub(crate) async fn heartbeat(db: &Db, instance: &str, now: i64) -> Result<(), DbError> {
    let tx = db.begin().await?;
    tx.exec(
        "INSERT INTO instance (id, started_at, seen_at) VALUES ($1, $2, $2) \
         ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at",
        values![instance, now],
    )
    .await?;
    tx.commit().await
}

/// Whether this database is served by one process at a time.
pub(crate) const fn alone(backend: Backend) -> bool {
    matches!(backend, Backend::Sqlite)
}
