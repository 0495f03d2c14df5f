//! A process that works on no events and is there all the same: a relay, an API alone. Operators see
//! it among the others.

use std::sync::Arc;
use std::time::Duration;

use hashbuzz_db::{Db, DbError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Clock;
use crate::lease::{self, Instance};

/// How often it says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Says that a process lives which works on no events.
pub struct Presence {
    db: Db,
    clock: Arc<dyn Clock>,
    instance: Instance,
}

impl Presence {
    /// A process that calls itself `role`.
    pub fn new(db: Db, clock: Arc<dyn Clock>, role: &str) -> Self {
        let none = || "[]".to_owned();
        let id = Uuid::now_v7().to_string();
        let instance = Instance { id, role: role.to_owned(), kinds: none(), queues: none() };
        Self { db, clock, instance }
    }

    /// Says it for the first time.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self) -> Result<(), DbError> {
        lease::heartbeat(&self.db, &self.instance, self.clock.now()).await
    }

    /// Says it again and again until `stop`, and then farewell. Errors are logged and tried again.
    pub async fn keep(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.begin().await {
                tracing::warn!(%error, "could not say that this process lives");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.clock.sleep(HEARTBEAT) => {}
            }
        }
        if let Err(error) = lease::farewell(&self.db, &self.instance.id).await {
            tracing::warn!(%error, "could not say farewell");
        }
    }
}
