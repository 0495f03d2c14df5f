//! What a working process does beside its events: it says that it lives, and takes back what dead
//! ones held.

use hashbuzz_db::Db;

use crate::lease;

/// How often a process says that it lives.
const HEARTBEAT_MICROS: i64 = 5_000_000;
/// A process that was silent for so long is dead.
const SILENCE_MICROS: i64 = 15_000_000;

#[derive(Default)]
pub(super) struct Upkeep {
    due_at: i64,
}

impl Upkeep {
    pub(super) async fn run(&mut self, db: &Db, instance: &str, now: i64) {
        if now < self.due_at {
            return;
        }
        self.due_at = now + HEARTBEAT_MICROS;
        let done = async {
            lease::heartbeat(db, instance, now).await?;
            lease::rescue(db, now, now - SILENCE_MICROS).await
        };
        match done.await {
            Ok(0) => {}
            Ok(rescued) => tracing::warn!(rescued, "took back leases whose worker disappeared"),
            Err(error) => tracing::warn!(%error, "could not say that this process lives"),
        }
    }
}
