//! What becomes of a turn that did not finish its event.

use hashbuzz_db::{Db, DbError, Sql as _, Tx, Value, values};
use rand::Rng as _;

use super::Registry;
use crate::claim::Leased;
use crate::clock::micros;
use crate::event::{Retry, Verdict};
use crate::lease::{self, ATTEMPTS_KEPT, HELD};
use crate::{Clock, Failure, finish};

/// An event that only a newer program knows waits for it so long between two looks.
const FOR_A_NEWER_ONE: i64 = 2_000_000;
/// Letters of an error that are kept.
const WORDS: usize = 4_000;

/// A turn that has ended, to be recorded unless its handler did so itself.
pub(super) struct Ended<'a> {
    pub(super) db: &'a Db,
    pub(super) clock: &'a dyn Clock,
    pub(super) leased: &'a Leased,
    pub(super) finisher: &'a finish::Finisher,
}

impl Ended<'_> {
    pub(super) async fn record<C: Send + Sync + 'static>(
        &self,
        registry: &Registry<C>,
        cx: &C,
        outcome: Result<Verdict, Failure>,
    ) -> Result<(), DbError> {
        match outcome {
            Ok(Verdict::Done(finished)) => {
                if let Some(finish) = finished.0 {
                    self.finisher.take(finish).await;
                }
                Ok(())
            }
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
                    self.again(retry, failures, &why).await
                }
            }
        }
    }

    /// An event that this program does not know: for a newer one, if there is one, else for nobody.
    pub(super) async fn unknown<C: Send + Sync + 'static>(
        &self,
        registry: &Registry<C>,
        cx: &C,
        silent_since: i64,
    ) -> Result<(), DbError> {
        let kind = &self.leased.kind;
        if lease::somebody_knows(self.db, kind, silent_since).await? {
            let until = self.clock.now() + FOR_A_NEWER_ONE;
            self.later(until, "a worker that knows its kind").await
        } else {
            let why = format!(
                "no worker knows the kind `{kind}`: start the version of the program that does, \
                 and retry it"
            );
            self.dead(registry, cx, &why, 0).await
        }
    }

    async fn later(&self, until: i64, why: &str) -> Result<(), DbError> {
        self.back("later", why, "waits_for = $4", values![why], until, self.leased.attempt).await
    }

    async fn again(&self, retry: Retry, failures: i64, why: &str) -> Result<(), DbError> {
        let until = self.clock.now() + backoff(retry, failures);
        let waits = format!("the next try, after failure {failures} of {}", retry.attempts);
        let why = shortened(why);
        let set = "waits_for = $4, last_error = $5";
        self.back("failed", &why, set, values![waits, why.clone()], until, failures).await
    }

    /// Gives the event back until `until`, with `set` besides.
    async fn back(
        &self,
        outcome: &str,
        detail: &str,
        set: &str,
        given: Vec<Value>,
        until: i64,
        failures: i64,
    ) -> Result<(), DbError> {
        let tx = self.db.begin().await?;
        if !self.note(&tx, outcome, detail).await? {
            return Ok(());
        }
        let mut values = values![self.leased.id.clone(), self.leased.fence, until];
        values.extend(given);
        let sql = format!(
            "UPDATE event SET state = 'deferred', rank = $3 + rank - due_at, due_at = $3, \
             attempt = {failures}, lost = 0, lease_owner = NULL, lease_until = NULL, \
             leased_at = NULL, published_at = NULL, {set} WHERE {HELD}"
        );
        match tx.exec(&sql, values).await {
            Ok(_) => tx.commit().await,
            // An equal event (same dedupe key) was enqueued meanwhile and will do this one's work.
            Err(error) if error.is_unique_violation() => {
                drop(tx);
                self.superseded().await
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the turn down for people; false when the lease was lost.
    async fn note(&self, tx: &Tx, outcome: &str, detail: &str) -> Result<bool, DbError> {
        let (id, fence) = (self.leased.id.clone(), self.leased.fence);
        let noted = tx
            .exec(
                &format!(
                    "INSERT INTO event_attempt \
                     (event, fence, worker, started_at, ended_at, outcome, detail) \
                     SELECT id, fence, lease_owner, leased_at, $3, $4, $5 FROM event \
                     WHERE {HELD} ON CONFLICT DO NOTHING"
                ),
                values![id.clone(), fence, self.clock.now(), outcome, shortened(detail)],
            )
            .await?;
        if fence > ATTEMPTS_KEPT {
            tx.exec(
                "DELETE FROM event_attempt WHERE event = $1 AND fence <= $2",
                values![id, fence - ATTEMPTS_KEPT],
            )
            .await?;
        }
        Ok(noted == 1)
    }

    async fn superseded(&self) -> Result<(), DbError> {
        self.db
            .write(
                &format!(
                    "UPDATE event SET state = 'discarded', lease_owner = NULL, lease_until = NULL, \
                     last_error = 'an equal event waits' WHERE {HELD}"
                ),
                values![self.leased.id.clone(), self.leased.fence],
            )
            .await
            .map(drop)
    }

    async fn dead<C: Send + Sync + 'static>(
        &self,
        registry: &Registry<C>,
        cx: &C,
        why: &str,
        failures: i64,
    ) -> Result<(), DbError> {
        let tx = self.db.begin().await?;
        if !self.note(&tx, "dead", why).await? {
            return Ok(());
        }
        tx.exec(
            &format!(
                "UPDATE event SET state = 'dead', attempt = attempt + $4, last_error = $3, \
                 lease_owner = NULL, lease_until = NULL, leased_at = NULL, waits_for = NULL \
                 WHERE {HELD}"
            ),
            values![self.leased.id.clone(), self.leased.fence, shortened(why), failures],
        )
        .await?;
        let Leased { kind, payload, .. } = self.leased;
        registry.gave_up(cx, &tx, kind, payload, why).await?;
        tx.commit().await?;
        tracing::error!(event = self.leased.id, kind = self.leased.kind, why, "a dead letter");
        Ok(())
    }
}

/// Errors are told by other systems, at whatever length they like.
fn shortened(words: &str) -> String {
    words.chars().take(WORDS).collect()
}

/// Full jitter: anywhere between a tenth of the wait and the wait, so that many that failed
/// together do not come back together.
fn backoff(retry: Retry, failures: i64) -> i64 {
    let doublings = u32::try_from(failures.clamp(1, 32) - 1).unwrap_or(0);
    let longest = micros(retry.first).saturating_mul(1_i64 << doublings).min(micros(retry.cap));
    rand::rng().random_range(longest / 10..=longest)
}
