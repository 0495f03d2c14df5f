//! One turn of one event: the right to finish it, once.

use std::sync::Arc;

use hashbuzz_db::{Db, DbError, Sql as _, Tx, values};

use crate::Clock;
use crate::lease::Leased;

/// Time that must be left of a lease before another system is asked: longer than any request's
/// time limit (20 s) with room for recording.
const ASKING_MICROS: i64 = 30_000_000;

/// The right to finish one event.
pub struct Turn {
    pub(crate) leased: Leased,
    pub(crate) clock: Arc<dyn Clock>,
    #[cfg(feature = "testing")]
    pub(crate) breaker: crate::breaker::Breaker,
}

/// Proof that an event was finished together with its result. Only [`Turn::commit`] makes one.
#[derive(Debug)]
pub struct Finished(());

/// Why a turn could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// Somebody else holds the event now; nothing was changed.
    #[error("the lease was lost; nothing was changed")]
    LeaseLost,
    /// The database's.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Turn {
    /// The event's id.
    pub fn event(&self) -> &str {
        &self.leased.id
    }

    /// The fence of this claim.
    pub const fn fence(&self) -> i64 {
        self.leased.fence
    }

    /// How often this event failed before.
    pub const fn failures(&self) -> i64 {
        self.leased.attempt
    }

    /// Now, by the engine's clock.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Begins a transaction that fails with [`TurnError::LeaseLost`] unless the lease still holds,
    /// long enough to ask another system and record its answer.
    ///
    /// # Errors
    /// [`TurnError::LeaseLost`]; the database's.
    pub async fn begin(&self, db: &Db) -> Result<Tx, TurnError> {
        let tx = db.begin().await?;
        let lock = tx.backend().for_update();
        let held = tx
            .number(
                &format!(
                    "SELECT lease_until AS n FROM event \
                     WHERE id = $1 AND fence = $2 AND state = 'leased' {lock}"
                ),
                values![self.leased.id.clone(), self.leased.fence],
            )
            .await?;
        if held < self.now() + ASKING_MICROS { Err(TurnError::LeaseLost) } else { Ok(tx) }
    }

    /// Finishes the event and commits `tx`, together.
    ///
    /// # Errors
    /// [`TurnError::LeaseLost`], with `tx` rolled back; the database's.
    pub async fn commit(self, tx: Tx) -> Result<Finished, TurnError> {
        #[cfg(feature = "testing")]
        if self.breaker.strikes() {
            return Err(TurnError::LeaseLost);
        }
        let moved = tx
            .exec(
                "INSERT INTO event_history \
                 (id, kind, key, payload, attempt, outcome, last_error, created_at, finished_at) \
                 SELECT id, kind, key, payload, attempt, 'done', last_error, created_at, $3 \
                 FROM event WHERE id = $1 AND fence = $2 AND state = 'leased'",
                values![self.leased.id.clone(), self.leased.fence, self.now()],
            )
            .await?;
        let removed = tx
            .exec(
                "DELETE FROM event WHERE id = $1 AND fence = $2 AND state = 'leased'",
                values![self.leased.id.clone(), self.leased.fence],
            )
            .await?;
        if moved != 1 || removed != 1 {
            return Err(TurnError::LeaseLost);
        }
        tx.commit().await?;
        Ok(Finished(()))
    }
}
