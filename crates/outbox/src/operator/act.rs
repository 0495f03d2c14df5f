//! Acts on one event.

use hashbuzz_db::{DbError, FromQueryResult, Sql as _, Tx, values};

use super::EventState;

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It was done.
    Done,
    /// It was so already; nothing was changed.
    Already,
    /// There is no such event, or none any more.
    Missing,
    /// It is finished; nothing was changed.
    Finished,
    /// A worker has it in hand; nothing was changed.
    Leased {
        /// Which one.
        worker: String,
        /// Until when, in microseconds since the epoch.
        until: i64,
    },
    /// Its queue, kind or account is paused; nothing was changed.
    Paused,
    /// An equal event (the same dedupe key) waits and will do its work; nothing was changed.
    EqualWaits,
}

#[derive(FromQueryResult)]
struct Held {
    state: String,
    dedupe: Option<String>,
    lease_owner: Option<String>,
    lease_until: Option<i64>,
}

/// The event, held until the transaction ends; or what to say of one that is not there.
async fn hold(tx: &Tx, id: &str) -> Result<Result<(EventState, Held), Acted>, DbError> {
    let lock = tx.backend().for_update();
    let sql =
        format!("SELECT state, dedupe, lease_owner, lease_until FROM event WHERE id = $1 {lock}");
    let row: Option<Held> = tx.one(&sql, values![id]).await?;
    let Some(row) = row else {
        let finished =
            tx.number("SELECT COUNT(*) AS n FROM event_history WHERE id = $1", values![id]).await?;
        return Ok(Err(if finished == 0 { Acted::Missing } else { Acted::Finished }));
    };
    let state = EventState::read(&row.state)
        .ok_or_else(|| DbError::Corrupt(format!("event state `{}`", row.state)))?;
    Ok(match state {
        EventState::Leased => Err(Acted::Leased {
            worker: row.lease_owner.unwrap_or_default(),
            until: row.lease_until.unwrap_or_default(),
        }),
        state => Ok((state, row)),
    })
}

/// Lets the event run now, with its failures forgotten and its priority kept, whether it waits, gave up or was discarded.
/// Where nothing was changed, let go of the transaction without committing.
///
/// # Errors
/// The database's.
pub async fn retry(tx: &Tx, id: &str, now: i64) -> Result<Acted, DbError> {
    let (state, row) = match hold(tx, id).await? {
        Ok(held) => held,
        Err(acted) => return Ok(acted),
    };
    let (sql, given) = match state {
        EventState::Paused => return Ok(Acted::Paused),
        // It is due and keeps its place; only its failures are forgotten.
        EventState::Ready => (
            "UPDATE event SET attempt = 0, lost = 0 WHERE id = $1 AND state = 'ready'",
            values![id],
        ),
        _ => (
            "UPDATE event SET state = 'deferred', rank = $2 + rank - due_at, due_at = $2, \
             attempt = 0, lost = 0, waits_for = NULL, published_at = NULL \
             WHERE id = $1 AND state IN ('deferred', 'dead', 'discarded')",
            values![id, now],
        ),
    };
    if let Some(dedupe) = &row.dedupe
        && equal_waits(tx, id, dedupe).await?
    {
        return Ok(Acted::EqualWaits);
    }
    match tx.exec(sql, given).await {
        Ok(_) => Ok(Acted::Done),
        // Enqueued since the look above.
        Err(error) if error.is_unique_violation() => Ok(Acted::EqualWaits),
        Err(error) => Err(error),
    }
}

async fn equal_waits(tx: &Tx, id: &str, dedupe: &str) -> Result<bool, DbError> {
    let equal = tx
        .number(
            "SELECT COUNT(*) AS n FROM event WHERE dedupe = $1 AND id <> $2 \
             AND state IN ('ready', 'deferred', 'paused')",
            values![dedupe, id],
        )
        .await?;
    Ok(equal > 0)
}

/// Sets the event aside for good, unless a worker has it in hand. `why` is shown with it.
/// What waited for it (a campaign) is not told here.
///
/// # Errors
/// The database's.
pub async fn discard(tx: &Tx, id: &str, why: &str, now: i64) -> Result<Acted, DbError> {
    match hold(tx, id).await? {
        Err(acted) => return Ok(acted),
        Ok((EventState::Discarded, _)) => return Ok(Acted::Already),
        Ok(_) => {}
    }
    tx.exec(
        "UPDATE event SET state = 'discarded', rank = $2 + rank - due_at, due_at = $2, \
         waits_for = $3 WHERE id = $1",
        values![id, now, why],
    )
    .await?;
    Ok(Acted::Done)
}
