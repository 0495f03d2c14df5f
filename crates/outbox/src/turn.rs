//! One turn of one event: the right to finish it, once.

use std::sync::Arc;

use hashbuzz_db::{Db, DbError, Sql as _, Tx, values};

use crate::Clock;
use crate::claim::Leased;
use crate::finish::{self, Finish};
use crate::lease::HELD;

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

/// Proof that an event was finished together with its result, or had none to store. Only
/// [`Turn::commit`] and [`Turn::finish`] make one.
#[derive(Debug)]
pub struct Finished(pub(crate) Option<Finish>);

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

    /// How often in a row its worker disappeared with it.
    pub const fn lost(&self) -> i64 {
        self.leased.lost
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
                &format!("SELECT lease_until AS n FROM event WHERE {HELD} {lock}"),
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
        let finish = self.record();
        if finish::in_transaction(&tx, &finish).await? != 1 {
            return Err(TurnError::LeaseLost);
        }
        tx.commit().await?;
        Ok(Finished(None))
    }

    /// Finishes the event without anything to store. It is recorded a moment later together with
    /// others; if the process dies in between, the event is handled once more.
    pub fn finish(self) -> Finished {
        Finished(Some(self.record()))
    }

    fn record(&self) -> Finish {
        Finish { id: self.leased.id.clone(), fence: self.leased.fence, at: self.now() }
    }
}
