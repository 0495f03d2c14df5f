//! What a working process does beside its events: it says that it lives, takes back what dead ones
//! held, and puts aside what an operator paused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hashbuzz_db::{Db, DbError, Sql as _, values};

use super::Watchdog;
use super::abandoned::Abandoned;
use crate::claim::LEASE_MICROS;
use crate::clock::micros;
use crate::lease::{self, Instance, Rescued};
use crate::{Clock, Wake};

/// How often a process says that it lives.
const HEARTBEAT_MICROS: i64 = 5_000_000;
/// A process that was silent for so long is dead.
pub(super) const SILENCE_MICROS: i64 = 15_000_000;
/// How often somebody looks for what dead processes held: with the silence above, it goes on within
/// 18 seconds.
const RESCUE_MICROS: i64 = 2_000_000;
/// Processes that are silent are found in a short list. Leases that ended though their process lives
/// (it did not hear that it has them) are found among all leases, and that takes long while a
/// snapshot is held open on PostgreSQL and what is over cannot be cleared away. So it takes a
/// twentieth of the time at most, but is not put off for longer than a lease lasts.
const LEASES_SHARE: u32 = 20;
/// How often pauses are carried out.
const TICK: Duration = Duration::from_secs(1);
/// Events put aside, or taken up again, by one statement.
const BATCH: i64 = 1_000;

pub(super) struct Upkeep {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) instance: Instance,
    pub(super) watchdog: Watchdog,
    pub(super) wake: Wake,
    pub(super) abandoned: Arc<Abandoned>,
}

impl Upkeep {
    /// Until it is aborted.
    pub(super) async fn run(self) {
        let (mut heartbeat_at, mut rescue_at, mut leases_at) = (i64::MIN, i64::MIN, i64::MIN);
        loop {
            let now = self.clock.now();
            if now >= heartbeat_at {
                match lease::heartbeat(&self.db, &self.instance, now).await {
                    Ok(()) => {
                        heartbeat_at = now + HEARTBEAT_MICROS;
                        self.watchdog.beat("upkeep", now);
                    }
                    Err(error) => tracing::warn!(%error, "could not say that this process lives"),
                }
            }
            // Not before this one lives by its own word: its leases would be taken for lost.
            if heartbeat_at > now && now >= rescue_at {
                match self.rescue(now, &mut leases_at).await {
                    Ok(()) => rescue_at = now + RESCUE_MICROS,
                    Err(error) => tracing::warn!(%error, "could not look for dead processes"),
                }
            }
            match self.abandoned.give_back(&self.db, now, &self.instance.id).await {
                Ok(0) => {}
                Ok(events) => {
                    tracing::warn!(
                        events,
                        "gave back what this process did not hear that it holds"
                    );
                    self.abandoned.went_back();
                    self.wake.ring();
                }
                Err(error) => tracing::warn!(%error, "could not give events back"),
            }
            if let Err(error) = carry_out_pauses(&self.db).await {
                tracing::warn!(%error, "could not carry out pauses");
            }
            self.clock.sleep(TICK).await;
        }
    }

    /// `leases_at` is when all leases are looked at again.
    async fn rescue(&self, now: i64, leases_at: &mut i64) -> Result<(), DbError> {
        let silent_since = now - SILENCE_MICROS;
        let mut lost = lease::anybody_silent(&self.db, silent_since).await?;
        if !lost && now >= *leases_at {
            let began = Instant::now();
            let found = lease::anything_lost(&self.db, now, silent_since).await;
            // Also when it failed: it may have taken longer than a statement may.
            *leases_at = now + micros(began.elapsed() * LEASES_SHARE).min(LEASE_MICROS);
            lost = found?;
        }
        if !lost {
            return Ok(());
        }
        let Rescued { leases, processes } = lease::rescue(&self.db, now, silent_since).await?;
        if leases > 0 || processes > 0 {
            tracing::warn!(leases, processes, "processes disappeared; took back what they held");
            self.abandoned.went_back();
            self.wake.ring();
        }
        Ok(())
    }
}

/// Claims leave out what is paused; here it also leaves the index that claims read, so that a
/// hundred thousand paused events slow nobody. And what is not paused any more comes back.
pub(super) async fn carry_out_pauses(db: &Db) -> Result<(), DbError> {
    let anything = "SELECT (SELECT COUNT(*) FROM event_pause) \
         + CASE WHEN EXISTS (SELECT 1 FROM event WHERE state = 'paused') THEN 1 ELSE 0 END AS n";
    if db.number(anything, values![]).await? == 0 {
        return Ok(());
    }
    let lock = db.backend().skip_locked();
    let paused = "EXISTS (SELECT 1 FROM event_pause p \
         WHERE (p.scope = 'queue' AND p.name = event.queue) \
         OR (p.scope = 'kind' AND p.name = event.kind) \
         OR (p.scope = 'account' AND p.name = event.account))";
    let aside = format!(
        "UPDATE event SET state = 'paused', published_at = NULL WHERE id IN (SELECT id FROM event \
         WHERE state IN ('ready', 'deferred') AND {paused} LIMIT {BATCH} {lock})"
    );
    // Deferred whatever their time: those that are due are ready a moment later.
    let back = format!(
        "UPDATE event SET state = 'deferred' WHERE id IN (SELECT id FROM event \
         WHERE state = 'paused' AND NOT {paused} LIMIT {BATCH} {lock})"
    );
    let batch = u64::try_from(BATCH).unwrap_or(u64::MAX);
    for sql in [aside, back] {
        while db.write(&sql, values![]).await? >= batch {}
    }
    Ok(())
}
