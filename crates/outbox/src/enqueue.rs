//! The way in: an event is stored by the transaction that makes the fact it tells of.

use hashbuzz_db::{DbError, Sql as _, values};
use uuid::Uuid;

use crate::{CallerTx, Message};

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
/// The database's.
pub async fn enqueue<M: Message>(tx: &CallerTx, now: i64, message: &M) -> Result<(), DbError> {
    enqueue_at(tx, now, message, Due { at: now, account: None }).await
}

/// Enqueues `message`, due at `due.at`. Nothing happens when one with the same dedupe key waits.
///
/// # Errors
/// The database's.
pub async fn enqueue_at<M: Message>(
    tx: &CallerTx,
    now: i64,
    message: &M,
    due: Due,
) -> Result<(), DbError> {
    let payload = serde_json::to_string(message)
        .map_err(|error| DbError::Corrupt(format!("{} as JSON: {error}", M::KIND)))?;
    let account = due.account.unwrap_or_default();
    let lane = format!("{}/{account}", M::QUEUE.as_str());
    tx.exec(
        "INSERT INTO event (id, kind, queue, key, account, lane, dedupe, payload, due_at, rank, state, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 'ready', $10) \
         ON CONFLICT DO NOTHING",
        values![
            Uuid::now_v7().to_string(),
            M::KIND,
            M::QUEUE.as_str(),
            message.key(),
            account,
            lane,
            message.dedupe(),
            payload,
            due.at,
            now
        ],
    )
    .await?;
    Ok(())
}
