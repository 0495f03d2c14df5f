//! Finished events leave the hot table for history, one in its handler's transaction or many at
//! once where no result hangs on it.

use std::time::{Duration, Instant};

use hashbuzz_db::{Backend, Db, DbError, Sql as _, Tx, values};
use serde::Serialize;
use tokio::sync::{Notify, mpsc};

use crate::Clock;
use crate::claim::json;
use crate::clock::{LONGEST_GATHERING, rest};
use crate::lease::HELD;

/// Recorded by one statement at most.
const BATCH: usize = 500;
/// Waiting to be recorded at most; whoever finishes more waits.
const WAITING: usize = 4 * BATCH;
/// A database that is away comes back, or the leases run out first.
const TRIES: usize = 30;
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// An event that its handler has finished.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finish {
    pub(crate) id: String,
    pub(crate) fence: i64,
    pub(crate) at: i64,
}

const HISTORY: &str = "INSERT INTO event_history (id, kind, queue, account, key, payload, trace, \
     attempt, outcome, last_error, worker, leased_at, created_at, finished_at)";
const FROM: &str = "id, kind, queue, account, key, payload, trace, attempt, 'done', last_error, \
     lease_owner, leased_at, created_at";

/// Finishes one event in the caller's transaction. Says how many that were: none when the lease was
/// lost.
pub(crate) async fn in_transaction(tx: &Tx, finish: &Finish) -> Result<u64, DbError> {
    match tx.backend() {
        Backend::Postgres => {
            let sql = format!(
                "WITH gone AS (DELETE FROM event WHERE {HELD} RETURNING *) \
                 {HISTORY} SELECT {FROM}, CAST($3 AS BIGINT) FROM gone"
            );
            tx.exec(&sql, values![finish.id.clone(), finish.fence, finish.at]).await
        }
        Backend::Sqlite => {
            let sql = format!("{HISTORY} SELECT {FROM}, $3 FROM event WHERE {HELD}");
            tx.exec(&sql, values![finish.id.clone(), finish.fence, finish.at]).await?;
            let sql = format!("DELETE FROM event WHERE {HELD}");
            tx.exec(&sql, values![finish.id.clone(), finish.fence]).await
        }
    }
}

/// Finishes many events, all at the time of the last. Those whose lease was lost are left alone.
async fn many(db: &Db, finished: &[Finish]) -> Result<u64, DbError> {
    let list = json(finished)?;
    let at = finished.iter().map(|finish| finish.at).max().unwrap_or_default();
    match db.backend() {
        // Each row is found by its key, in the order of the keys, and its fence is looked up in a
        // hash. `IS TRUE` keeps the planner from making a join of it (with a batch on one side and few
        // rows expected on the other it would compare each with each), and from reading the whole
        // index of what is leased, which is long while a snapshot is held open.
        Backend::Postgres => {
            let sql = format!(
                "WITH given AS MATERIALIZED (SELECT id, fence \
                   FROM jsonb_to_recordset(CAST($1 AS JSONB)) AS f(id TEXT, fence BIGINT)), \
                 gone AS (DELETE FROM event WHERE id = ANY(ARRAY(SELECT id FROM given)) \
                   AND ((id, fence) IN (SELECT id, fence FROM given) AND state = 'leased') \
                     IS TRUE RETURNING *) \
                 {HISTORY} SELECT {FROM}, CAST($2 AS BIGINT) FROM gone"
            );
            db.write(&sql, values![list, at]).await
        }
        Backend::Sqlite => {
            let tx = db.begin().await?;
            let sql = format!(
                "{HISTORY} SELECT {FROM}, $2 FROM event JOIN (SELECT value ->> 'id' AS given, \
                 value ->> 'fence' AS given_fence FROM json_each($1)) \
                 ON id = given AND fence = given_fence WHERE state = 'leased'"
            );
            tx.exec(&sql, values![list.clone(), at]).await?;
            // In history by now is only what was held under the fence that was named.
            let done = tx
                .exec(
                    "DELETE FROM event WHERE state = 'leased' \
                     AND id IN (SELECT value ->> 'id' FROM json_each($1)) \
                     AND id IN (SELECT id FROM event_history)",
                    values![list],
                )
                .await?;
            tx.commit().await?;
            Ok(done)
        }
    }
}

/// Where finished events go to be recorded together.
#[derive(Clone)]
pub(crate) struct Finisher(mpsc::Sender<Finish>);

impl Finisher {
    /// A finisher, and the end that its loop reads.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Finish>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    pub(crate) async fn take(&self, finish: Finish) {
        // Without a reader the process is about to end, and the event is handled once more.
        let _ = self.0.send(finish).await;
    }
}

/// Records what comes until nobody can send any more. While one batch is written the next one
/// gathers, and for as long again: a single event is recorded at once, many are recorded together,
/// and where the database is slow it is asked for less.
pub(crate) async fn record_all(
    db: &Db,
    clock: &dyn Clock,
    mut finished: mpsc::Receiver<Finish>,
    recorded: &Notify,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while finished.recv_many(&mut batch, BATCH).await > 0 {
        let (began, mut tries) = (Instant::now(), 0);
        while let Err(error) = many(db, &batch).await {
            tries += 1;
            tracing::warn!(%error, events = batch.len(), tries, "could not record finished events");
            if tries == TRIES {
                // Their leases run out, and they are handled once more.
                break;
            }
            clock.sleep(BETWEEN_TRIES).await;
        }
        batch.clear();
        recorded.notify_one();
        if finished.len() < BATCH {
            rest(began.elapsed().min(LONGEST_GATHERING)).await;
        }
    }
}
