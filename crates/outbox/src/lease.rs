//! Giving leases back: when a process dies, when it stops, when it only seemed to live.

use hashbuzz_db::{Backend, Db, DbError, Sql, Tx, Value, values};

use crate::claim::json;

/// The event `$1` under the fence `$2`. `IS TRUE` keeps PostgreSQL from looking for it in the index
/// of what is leased, in which what is over remains until it is swept.
pub(crate) const HELD: &str = "id = $1 AND (fence = $2 AND state = 'leased') IS TRUE";

/// Turns of one event that are kept for people to read.
pub(crate) const ATTEMPTS_KEPT: i64 = 50;

/// Why leases go back, and what that costs their events.
#[derive(Clone, Copy)]
enum Why {
    /// Their worker disappeared. An event that kills its worker must not do so for ever, so it is
    /// counted; a turn that ends in order, however it ends, starts the count anew.
    Lost,
    /// Their worker stops in order: costs nothing.
    Stopping,
    /// Their worker lives and does not work on them: the database did not answer it.
    Unheard,
}

/// Gives every lease back, whoever holds it. Only for a process that knows itself alone (SQLite,
/// under its file lock). Returns how many there were.
///
/// # Errors
/// The database's.
pub async fn release_all(db: &Db, now: i64) -> Result<u64, DbError> {
    let tx = db.begin().await?;
    let released = give_back(&tx, now, Why::Lost, "true", values![]).await?;
    tx.commit().await?;
    Ok(released)
}

/// What dead processes left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rescued {
    /// Leases that were given back.
    pub(crate) leases: u64,
    /// Processes that are gone.
    pub(crate) processes: u64,
}

/// Leases that ended and those of processes that are silent. `$5` is now, `$6` since when they are
/// silent.
const LOST: &str = "(lease_until < $5 OR lease_owner NOT IN \
                     (SELECT id FROM instance WHERE seen_at >= $6))";

/// Whether a process is silent since `silent_since`.
pub(crate) async fn anybody_silent(db: &Db, silent_since: i64) -> Result<bool, DbError> {
    let silent = "SELECT COUNT(*) AS n FROM instance WHERE seen_at < $1";
    Ok(db.number(silent, values![silent_since]).await? > 0)
}

/// Whether there is a lease that ended, or one whose owner is silent or nobody knows. Reads all that
/// is leased.
pub(crate) async fn anything_lost(db: &Db, now: i64, silent_since: i64) -> Result<bool, DbError> {
    let lost = LOST.replace("$5", "$1").replace("$6", "$2");
    let sql = format!("SELECT COUNT(*) AS n FROM event WHERE state = 'leased' AND {lost}");
    Ok(db.number(&sql, values![now, silent_since]).await? > 0)
}

/// Returns expired leases and those of processes that are silent since `silent_since`, and forgets
/// those processes.
///
/// One of them may have taken a job from the broker and died before it claimed the event, or marked
/// an event and died before it published it: nothing in the database tells which. So whatever is
/// published and unclaimed is published anew, under other numbers; of two jobs for one event the
/// second finds nothing to do.
pub(crate) async fn rescue(db: &Db, now: i64, silent_since: i64) -> Result<Rescued, DbError> {
    let tx = db.begin().await?;
    let leases = give_back(&tx, now, Why::Lost, LOST, values![now, silent_since]).await?;
    let gone = "DELETE FROM instance WHERE seen_at < $1";
    let processes = tx.exec(gone, values![silent_since]).await?;
    if processes > 0 {
        let anew = "UPDATE event SET published_at = NULL \
                    WHERE state IN ('ready', 'deferred') AND published_at IS NOT NULL";
        tx.exec(anew, values![]).await?;
    }
    tx.commit().await?;
    Ok(Rescued { leases, processes })
}

/// Gives back what `owner` holds, at no cost to the events.
pub(crate) async fn release(db: &Db, now: i64, owner: &str) -> Result<u64, DbError> {
    let tx = db.begin().await?;
    let released = give_back(&tx, now, Why::Stopping, "lease_owner = $5", values![owner]).await?;
    tx.commit().await?;
    Ok(released)
}

/// Means everything that was claimed at that time.
pub(crate) fn mark_of_claim(claimed_at: i64) -> String {
    claimed_at.to_string()
}

/// Means one claim of one event.
pub(crate) fn mark_of_turn(event: &str, fence: i64) -> String {
    format!("{event}/{fence}")
}

/// Gives back those leases of `owner` that `marks` mean, and has `jobs`, events that were published,
/// published again. Says how many events that were.
pub(crate) async fn abandon(
    db: &Db,
    now: i64,
    owner: &str,
    marks: &[String],
    jobs: &[String],
) -> Result<u64, DbError> {
    let tx = db.begin().await?;
    let texts = tx.backend().texts_of("$6");
    let which = format!(
        "lease_owner = $5 AND (CAST(leased_at AS TEXT) IN ({texts}) \
         OR id || '/' || CAST(fence AS TEXT) IN ({texts}))"
    );
    let given = values![owner, json(marks)?];
    let mut events = give_back(&tx, now, Why::Unheard, &which, given).await?;
    if !jobs.is_empty() {
        events += unpublish(&tx, jobs).await?;
    }
    tx.commit().await?;
    Ok(events)
}

/// Has `events` published again that were published and not claimed.
pub(crate) async fn unpublish(db: &impl Sql, events: &[String]) -> Result<u64, DbError> {
    let texts = db.backend().texts_of("$1");
    let sql = format!(
        "UPDATE event SET published_at = NULL WHERE id IN ({texts}) \
         AND state IN ('ready', 'deferred')"
    );
    db.exec(&sql, values![json(events)?]).await
}

/// Gives back the leases that `which` says. `given` are its parameters, from `$5` on.
///
/// Where an equal event (same dedupe key) waits or was lost too, the one given back goes on without
/// its key: its work may be half done, so it must be looked at again, and two may not wait under
/// one key.
async fn give_back(
    tx: &Tx,
    now: i64,
    why: Why,
    which: &str,
    given: Vec<Value>,
) -> Result<u64, DbError> {
    let (outcome, detail, cost) = match why {
        Why::Lost => ("lost", "its worker disappeared", 1_i64),
        Why::Stopping => ("given_back", "its worker was stopped", 0),
        Why::Unheard => ("given_back", "the database did not answer its worker", 0),
    };
    let mut values = values![now, outcome, detail, cost];
    values.extend(given);
    // All four are named in both statements, so that they have the same parameters.
    tx.exec(
        &format!(
            "INSERT INTO event_attempt (event, fence, worker, started_at, ended_at, outcome, detail) \
             SELECT id, fence, lease_owner, leased_at, CAST($1 AS BIGINT), CAST($2 AS TEXT), \
             CAST($3 AS TEXT) FROM event \
             WHERE state = 'leased' AND CAST($4 AS BIGINT) >= 0 AND {which} \
             ON CONFLICT DO NOTHING"
        ),
        values.clone(),
    )
    .await?;
    tx.exec(
        &format!(
            "UPDATE event SET state = 'ready', lost = lost + CAST($4 AS BIGINT), \
             lease_owner = NULL, lease_until = NULL, leased_at = NULL, published_at = NULL, \
             waits_for = CASE WHEN CAST($1 AS BIGINT) >= 0 AND CAST($2 AS TEXT) <> '' \
               THEN CAST($3 AS TEXT) END, \
             dedupe = CASE WHEN EXISTS (SELECT 1 FROM event equal \
               WHERE equal.dedupe = event.dedupe AND equal.id <> event.id \
               AND equal.state IN ('ready', 'deferred', 'paused', 'leased')) \
               THEN NULL ELSE dedupe END \
             WHERE state = 'leased' AND {which}"
        ),
        values,
    )
    .await
}

/// What a process says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) role: String,
    /// JSON lists of names.
    pub(crate) kinds: String,
    pub(crate) queues: String,
}

/// Says that `instance` is alive.
pub(crate) async fn heartbeat(db: &Db, instance: &Instance, now: i64) -> Result<(), DbError> {
    db.write(
        "INSERT INTO instance (id, started_at, seen_at, kinds, queues, role) \
         VALUES ($1, $2, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at",
        values![
            instance.id.clone(),
            now,
            instance.kinds.clone(),
            instance.queues.clone(),
            instance.role.clone()
        ],
    )
    .await
    .map(drop)
}

/// Says that `instance` is gone.
pub(crate) async fn farewell(db: &Db, instance: &str) -> Result<(), DbError> {
    db.write("DELETE FROM instance WHERE id = $1", values![instance]).await.map(drop)
}

/// Whether a process that is alive says that it handles `kind`.
pub(crate) async fn somebody_knows(
    db: &Db,
    kind: &str,
    silent_since: i64,
) -> Result<bool, DbError> {
    let one = db.backend().texts_of("instance.kinds");
    let sql = format!("SELECT COUNT(*) AS n FROM instance WHERE seen_at >= $1 AND $2 IN ({one})");
    Ok(db.number(&sql, values![silent_since, kind]).await? > 0)
}

/// Whether this database is served by one process at a time.
pub(crate) const fn alone(backend: Backend) -> bool {
    matches!(backend, Backend::Sqlite)
}
