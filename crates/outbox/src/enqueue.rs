//! The way in: an event is stored by the transaction that makes the fact it tells of.

use hashbuzz_db::{Backend, DbError, Sql as _, values};
use serde::Serialize;
use uuid::Uuid;

use crate::{CallerTx, Message};

/// The largest event, in bytes of JSON: ids and facts, not documents.
pub const LARGEST_EVENT: usize = 64 * 1024;

/// When an event is due, and whose turn it takes.
#[derive(Clone, Debug)]
pub struct Due {
    /// Microseconds since the epoch; a later one makes the event a scheduled job.
    pub at: i64,
    /// The account whose turn it takes, where accounts take turns.
    pub account: Option<String>,
}

/// Enqueues `message`, due now.
///
/// # Errors
/// [`DbError::TooLarge`] over [`LARGEST_EVENT`]; the database's.
pub async fn enqueue<M: Message>(tx: &CallerTx, now: i64, message: &M) -> Result<(), DbError> {
    enqueue_at(tx, now, message, Due { at: now, account: None }).await
}

/// Enqueues `message`, due at `due.at`. Nothing happens when one with the same dedupe key waits.
///
/// # Errors
/// As [`enqueue`].
pub async fn enqueue_at<M: Message>(
    tx: &CallerTx,
    now: i64,
    message: &M,
    due: Due,
) -> Result<(), DbError> {
    enqueue_many(tx, now, std::slice::from_ref(message), due).await
}

/// What differs between the events of one call.
#[derive(Serialize)]
struct Row {
    id: String,
    key: Option<String>,
    dedupe: Option<String>,
    payload: String,
}

/// Enqueues all `messages`, due at `due.at`, by one statement. Of those with one dedupe key one is
/// kept, and none where one waits already.
///
/// # Errors
/// As [`enqueue`]; none of them is stored then.
pub async fn enqueue_many<M: Message>(
    tx: &CallerTx,
    now: i64,
    messages: &[M],
    due: Due,
) -> Result<(), DbError> {
    let rows: Vec<Row> = messages.iter().map(row).collect::<Result<_, _>>()?;
    let account = due.account.unwrap_or_default();
    let lane = format!("{}/{account}", M::QUEUE.as_str());
    let state = if due.at > now { "deferred" } else { "ready" };
    let rank = due.at.saturating_add(M::PRIORITY.offset());
    tx.exec(
        insert(tx.backend()),
        values![json(&rows)?, M::KIND, M::QUEUE.as_str(), account, lane, due.at, rank, state, now],
    )
    .await?;
    Ok(())
}

fn row<M: Message>(message: &M) -> Result<Row, DbError> {
    let payload = json(message)?;
    if payload.len() > LARGEST_EVENT {
        return Err(DbError::TooLarge {
            what: format!("an event of kind {}", M::KIND),
            bytes: payload.len(),
            limit: LARGEST_EVENT,
        });
    }
    Ok(Row {
        id: Uuid::now_v7().to_string(),
        key: message.key(),
        dedupe: message.dedupe(),
        payload,
    })
}

fn json(value: &impl Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(format!("as JSON: {error}")))
}

const fn insert(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => {
            "INSERT INTO event (id, kind, queue, account, lane, due_at, rank, state, created_at, \
             key, dedupe, payload) SELECT value ->> 'id', $2, $3, $4, $5, $6, $7, $8, $9, \
             value ->> 'key', value ->> 'dedupe', value ->> 'payload' FROM json_each($1) \
             WHERE true ON CONFLICT DO NOTHING"
        }
        Backend::Postgres => {
            "INSERT INTO event (id, kind, queue, account, lane, due_at, rank, state, created_at, \
             key, dedupe, payload) SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, key, dedupe, payload \
             FROM jsonb_to_recordset(CAST($1 AS JSONB)) \
             AS given(id TEXT, key TEXT, dedupe TEXT, payload TEXT) ON CONFLICT DO NOTHING"
        }
    }
}
