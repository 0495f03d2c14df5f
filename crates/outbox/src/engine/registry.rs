//! Which handler serves which kind, and what becomes of a turn that did not finish its event.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use async_trait::async_trait;
use hashbuzz_db::{Db, DbError, Sql as _, Tx, values};
use rand::Rng as _;

use super::micros;
use crate::event::{Handle, Message, Retry, Verdict};
use crate::lease::Leased;
use crate::{Clock, Failure, Turn};

/// The kinds that a program handles.
pub struct Registry<C> {
    handlers: BTreeMap<&'static str, Box<dyn Erased<C>>>,
}

#[async_trait]
trait Erased<C>: Send + Sync {
    fn retry(&self) -> Retry;
    async fn handle(&self, cx: &C, turn: Turn) -> Result<Verdict, Failure>;
    async fn gave_up(&self, cx: &C, tx: &Tx, payload: &str, why: &str) -> Result<(), DbError>;
}

struct Of<M>(PhantomData<fn() -> M>);

#[async_trait]
impl<C: Send + Sync, M: Handle<C>> Erased<C> for Of<M> {
    fn retry(&self) -> Retry {
        M::RETRY
    }

    async fn handle(&self, cx: &C, turn: Turn) -> Result<Verdict, Failure> {
        match serde_json::from_str::<M>(&turn.leased.payload) {
            Ok(message) => message.handle(cx, turn).await,
            Err(error) => {
                Ok(Verdict::Never { why: format!("the payload cannot be read: {error}") })
            }
        }
    }

    async fn gave_up(&self, cx: &C, tx: &Tx, payload: &str, why: &str) -> Result<(), DbError> {
        match serde_json::from_str::<M>(payload) {
            Ok(message) => message.gave_up(cx, tx, why).await,
            Err(_) => Ok(()),
        }
    }
}

impl<C: Send + Sync + 'static> Default for Registry<C> {
    fn default() -> Self {
        Self { handlers: BTreeMap::new() }
    }
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// Adds the handler of `M`. Two handlers of one kind are a mistake in the program.
    ///
    /// # Panics
    /// When the kind already has one.
    #[must_use]
    pub fn with<M: Handle<C>>(mut self) -> Self {
        let before = self.handlers.insert(M::KIND, Box::new(Of::<M>(PhantomData)));
        assert!(before.is_none(), "two handlers for {}", <M as Message>::KIND);
        self
    }

    /// The kinds, in alphabetical order.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.handlers.keys().copied()
    }

    /// After how many failures an event of `kind` gives up.
    pub fn attempts(&self, kind: &str) -> Option<u32> {
        self.handlers.get(kind).map(|handler| handler.retry().attempts)
    }

    /// Tells whoever waits for an event that it will not be handled, in the transaction that makes
    /// it so: a dead letter, or set aside by a person.
    ///
    /// # Errors
    /// The database's.
    pub async fn gave_up(
        &self,
        cx: &C,
        tx: &Tx,
        kind: &str,
        payload: &str,
        why: &str,
    ) -> Result<(), DbError> {
        match self.handlers.get(kind) {
            Some(handler) => handler.gave_up(cx, tx, payload, why).await,
            None => Ok(()),
        }
    }

    /// How often and how patiently events of `kind` are tried.
    pub(super) fn retry(&self, kind: &str) -> Retry {
        self.handlers.get(kind).map_or(Retry::OUTSIDE, |handler| handler.retry())
    }

    pub(super) async fn handle(&self, cx: &C, turn: Turn) -> Result<Verdict, Failure> {
        match self.handlers.get(turn.leased.kind.as_str()) {
            // A failure that was recorded ends here by itself; only lost leases come this far.
            Some(handler) if turn.failures() >= i64::from(handler.retry().attempts) => {
                Ok(Verdict::Never {
                    why: format!(
                        "its worker disappeared, and {} attempts are spent",
                        turn.failures()
                    ),
                })
            }
            Some(handler) => handler.handle(cx, turn).await,
            None => Ok(Verdict::Never {
                why: format!("this version of the program does not know `{}`", turn.leased.kind),
            }),
        }
    }
}

/// A turn that has ended, to be recorded unless its handler did so itself.
pub(super) struct Ended<'a> {
    pub(super) db: &'a Db,
    pub(super) clock: &'a dyn Clock,
    pub(super) leased: &'a Leased,
}

impl Ended<'_> {
    pub(super) async fn record<C: Send + Sync + 'static>(
        &self,
        registry: &Registry<C>,
        cx: &C,
        outcome: Result<Verdict, Failure>,
    ) -> Result<(), DbError> {
        match outcome {
            Ok(Verdict::Done(_)) => Ok(()),
            Ok(Verdict::Later { until, why }) => self.later(until, &why).await,
            Ok(Verdict::Never { why }) => self.dead(registry, cx, &why, 0).await,
            Err(Failure(why)) => {
                let retry = registry.retry(&self.leased.kind);
                let failures = self.leased.attempt + 1;
                tracing::warn!(
                    event = self.leased.id,
                    kind = self.leased.kind,
                    failures,
                    why,
                    "an attempt failed"
                );
                if failures >= i64::from(retry.attempts) {
                    self.dead(registry, cx, &why, 1).await
                } else {
                    self.again(failures, self.clock.now() + backoff(retry, failures), &why).await
                }
            }
        }
    }

    async fn later(&self, until: i64, why: &str) -> Result<(), DbError> {
        self.back(
            "UPDATE event SET state = 'ready', due_at = $3, waits_for = $4, lease_owner = NULL, \
             lease_until = NULL WHERE id = $1 AND fence = $2 AND state = 'leased'",
            values![self.leased.id.clone(), self.leased.fence, until, why],
        )
        .await
    }

    async fn again(&self, failures: i64, due_at: i64, why: &str) -> Result<(), DbError> {
        self.back(
            "UPDATE event SET state = 'ready', due_at = $3, attempt = $4, last_error = $5, \
             lease_owner = NULL, lease_until = NULL \
             WHERE id = $1 AND fence = $2 AND state = 'leased'",
            values![self.leased.id.clone(), self.leased.fence, due_at, failures, why],
        )
        .await
    }

    async fn back(&self, sql: &str, given: Vec<hashbuzz_db::Value>) -> Result<(), DbError> {
        let tx = self.db.begin().await?;
        match tx.exec(sql, given).await {
            Ok(_) => tx.commit().await,
            // An equal event (same dedupe key) was enqueued meanwhile and will do this one's work.
            Err(error) if error.is_unique_violation() => {
                drop(tx);
                self.superseded().await
            }
            Err(error) => Err(error),
        }
    }

    async fn superseded(&self) -> Result<(), DbError> {
        let tx = self.db.begin().await?;
        tx.exec(
            "UPDATE event SET state = 'discarded', lease_owner = NULL, lease_until = NULL, \
             last_error = 'an equal event waits' \
             WHERE id = $1 AND fence = $2 AND state = 'leased'",
            values![self.leased.id.clone(), self.leased.fence],
        )
        .await?;
        tx.commit().await
    }

    async fn dead<C: Send + Sync + 'static>(
        &self,
        registry: &Registry<C>,
        cx: &C,
        why: &str,
        failures: i64,
    ) -> Result<(), DbError> {
        let tx = self.db.begin().await?;
        let changed = tx
            .exec(
                "UPDATE event SET state = 'dead', attempt = attempt + $4, last_error = $3, \
                 lease_owner = NULL, lease_until = NULL \
                 WHERE id = $1 AND fence = $2 AND state = 'leased'",
                values![self.leased.id.clone(), self.leased.fence, why, failures],
            )
            .await?;
        if changed == 1 {
            let Leased { kind, payload, .. } = self.leased;
            registry.gave_up(cx, &tx, kind, payload, why).await?;
        }
        tx.commit().await?;
        tracing::error!(event = self.leased.id, kind = self.leased.kind, why, "a dead letter");
        Ok(())
    }
}

/// Full jitter: anywhere between a tenth of the wait and the wait, so that many that failed
/// together do not come back together.
fn backoff(retry: Retry, failures: i64) -> i64 {
    let doublings = u32::try_from(failures.clamp(1, 32) - 1).unwrap_or(0);
    let longest = micros(retry.first).saturating_mul(1_i64 << doublings).min(micros(retry.cap));
    rand::rng().random_range(longest / 10..=longest)
}
