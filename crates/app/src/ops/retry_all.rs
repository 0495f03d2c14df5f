//! Retrying all that match: batch by batch, each with its record in the audit log.

use hashbuzz_db::DbError;
use hashbuzz_outbox::operator::{Batch, Matching, retry_batch};

use crate::App;
use crate::audit::audit;

/// An equal event that is enqueued in the moment of a batch makes it fail; so often in a row is no
/// chance any more.
const TRIES: u32 = 3;

/// Who asked for it, and what they asked for.
pub(super) struct Asked<'a> {
    pub(super) actor: &'a str,
    pub(super) act: &'static str,
    pub(super) subject: &'a str,
    /// Events at most.
    pub(super) limit: usize,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retried {
    pub(super) retried: u64,
    pub(super) skipped: u64,
}

/// Retries what matches, newest first, up to the limit. What was done before an error is done, and
/// in the audit log.
pub(super) async fn retry_all(
    app: &App,
    what: &Matching,
    asked: Asked<'_>,
) -> Result<Retried, DbError> {
    let (mut all, mut after) = (Retried::default(), None);
    loop {
        let done = usize::try_from(all.retried + all.skipped).unwrap_or(usize::MAX);
        let room = asked.limit.saturating_sub(done);
        if room == 0 {
            break;
        }
        let batch = one_batch(app, what, &asked, after.as_deref(), room).await?;
        all.retried += batch.retried;
        all.skipped += batch.skipped;
        after = batch.next;
        if after.is_none() {
            break;
        }
    }
    app.wake();
    Ok(all)
}

async fn one_batch(
    app: &App,
    what: &Matching,
    asked: &Asked<'_>,
    after: Option<&str>,
    room: usize,
) -> Result<Batch, DbError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let now = app.clock.now();
        let tx = app.db.begin().await?;
        let batch = match retry_batch(&tx, what, after, room, now).await {
            Ok(batch) => batch,
            Err(error) if error.is_unique_violation() && tries < TRIES => continue,
            Err(error) => return Err(error),
        };
        if batch.retried > 0 {
            let detail = format!("{} retried, {} left as they are", batch.retried, batch.skipped);
            audit(&tx, now, asked.actor, asked.act, asked.subject, &detail).await?;
            tx.commit().await?;
        }
        return Ok(batch);
    }
}
