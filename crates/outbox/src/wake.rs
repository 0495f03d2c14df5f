//! Saying that events were committed. A courtesy, never a promise: whoever waits also looks by
//! itself, a little later.

use std::sync::Arc;
use std::time::Duration;

use hashbuzz_db::Db;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Clock;

/// Where processes that share a PostgreSQL database wake each other.
const CHANNEL: &str = "hashbuzz_events";
/// Wake-ups for other processes are sent at most this often, however many there are.
const COALESCE: Duration = Duration::from_millis(20);
/// Between two tries to hear the others again.
const RECONNECT: Duration = Duration::from_secs(2);

/// A bell that any number of loops hear. Cheap to clone. Ringing never waits, and rings that come
/// while somebody is busy are heard as one.
#[derive(Clone, Debug)]
pub struct Wake(Arc<Bells>);

#[derive(Debug)]
struct Bells {
    /// Rung here or by another process: whoever works listens.
    any: watch::Sender<u64>,
    /// Rung here: what other processes have to be told.
    own: watch::Sender<u64>,
}

/// One loop's ear.
#[derive(Debug)]
pub struct Ear(watch::Receiver<u64>);

impl Default for Wake {
    fn default() -> Self {
        let (any, own) = (watch::Sender::new(0), watch::Sender::new(0));
        Self(Arc::new(Bells { any, own }))
    }
}

impl Wake {
    /// Says that events were committed.
    pub fn ring(&self) {
        self.0.any.send_modify(|rung| *rung = rung.wrapping_add(1));
        self.0.own.send_modify(|rung| *rung = rung.wrapping_add(1));
    }

    /// An ear that hears what is rung from now on.
    pub fn ear(&self) -> Ear {
        Ear(self.0.any.subscribe())
    }

    /// Carries rings between the processes of one database until `stop`. Without it everything
    /// works, one poll later.
    pub async fn carry(&self, db: &Db, clock: &dyn Clock, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.tell(db, clock) => {}
            () = self.hear(db, clock) => {}
        }
    }

    async fn tell(&self, db: &Db, clock: &dyn Clock) {
        let mut own = self.0.own.subscribe();
        while own.changed().await.is_ok() {
            if let Err(error) = db.notify(CHANNEL).await {
                tracing::debug!(%error, "other processes were not woken");
            }
            clock.sleep(COALESCE).await;
        }
    }

    async fn hear(&self, db: &Db, clock: &dyn Clock) {
        loop {
            match db.listen(CHANNEL).await {
                Ok(None) => return std::future::pending().await,
                Ok(Some(mut listener)) => {
                    while listener.heard().await.is_ok() {
                        self.0.any.send_modify(|rung| *rung = rung.wrapping_add(1));
                    }
                }
                Err(error) => tracing::debug!(%error, "cannot hear other processes"),
            }
            clock.sleep(RECONNECT).await;
        }
    }
}

impl Ear {
    /// Returns when something was rung since the last time.
    pub async fn heard(&mut self) {
        // The bell may be gone at the very end of a program: then nothing will be rung any more.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
