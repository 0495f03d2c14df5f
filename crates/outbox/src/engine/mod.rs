//! The engine: claims due events, hands them to their handlers, and records how each turn ended.
//!
//! One fetcher claims in batches and hands out to at most `concurrency` turns. It wakes when a
//! commit says so, when a turn ends, and every `poll` anyway: wake-ups are a courtesy, polling is
//! the promise.

mod registry;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use hashbuzz_db::{Db, DbError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use registry::Registry;

use crate::lease::{self, Leased};
use crate::{Clock, Failure, Turn};

/// How an engine works.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// Turns at a time.
    pub concurrency: usize,
    /// How often to look for work when nobody says that there is some.
    pub poll: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { concurrency: 16, poll: Duration::from_millis(250) }
    }
}

/// Works through events for a context `C`.
pub struct Engine<C> {
    db: Db,
    clock: Arc<dyn Clock>,
    registry: Arc<Registry<C>>,
    context: C,
    wake: Arc<Notify>,
    instance: String,
    settings: EngineSettings,
    #[cfg(feature = "testing")]
    breaker: crate::breaker::Breaker,
}

impl<C: Clone + Send + Sync + 'static> Engine<C> {
    /// An engine that is not running yet. Whoever commits events tells `wake`.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        registry: Registry<C>,
        context: C,
        wake: Arc<Notify>,
        settings: EngineSettings,
    ) -> Self {
        let instance = Uuid::now_v7().to_string();
        Self {
            db,
            clock,
            registry: Arc::new(registry),
            context,
            wake,
            instance,
            settings,
            #[cfg(feature = "testing")]
            breaker: crate::breaker::Breaker::default(),
        }
    }

    /// The turn that is about to be finished after `passing` others were finds its lease lost: it
    /// has asked, and nothing is recorded. Once.
    #[cfg(feature = "testing")]
    pub fn lose_lease_after(&self, passing: usize) {
        self.breaker.set(passing);
    }

    /// Whether that has happened, or was never asked for.
    #[cfg(feature = "testing")]
    pub fn has_lost_lease(&self) -> bool {
        self.breaker.is_spent()
    }

    /// Prepares for work: says that this process lives and takes back what a dead one held.
    ///
    /// # Errors
    /// The database's.
    pub async fn prepare(&self) -> Result<(), DbError> {
        lease::heartbeat(&self.db, &self.instance, self.clock.now()).await?;
        if lease::alone(self.db.backend()) {
            lease::release_all(&self.db).await?;
        }
        Ok(())
    }

    /// Works until `stop`, then lets the turns in hand end.
    ///
    /// # Errors
    /// The database's, only at the start: later ones are logged and tried again.
    pub async fn run(&self, stop: CancellationToken) -> Result<(), DbError> {
        self.prepare().await?;
        let mut turns = JoinSet::new();
        let mut upkeep = upkeep::Upkeep::default();
        while !stop.is_cancelled() {
            upkeep.run(&self.db, &self.instance, self.clock.now()).await;
            while turns.try_join_next().is_some() {}
            let free = self.settings.concurrency.saturating_sub(turns.len());
            let claimed = self.claim(free).await;
            let got_work = !claimed.is_empty();
            for leased in claimed {
                turns.spawn(self.turn(leased));
            }
            if got_work && turns.len() < self.settings.concurrency {
                continue;
            }
            let next_poll = self.clock.now() + micros(self.settings.poll);
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = self.clock.sleep_until(next_poll) => {}
                Some(_) = turns.join_next(), if !turns.is_empty() => {}
            }
        }
        while turns.join_next().await.is_some() {}
        Ok(())
    }

    /// Claims what is due and works through it, once; says how many turns that were.
    /// For tests, which move the clock themselves.
    ///
    /// # Errors
    /// The database's.
    pub async fn run_once(&self) -> Result<usize, DbError> {
        lease::heartbeat(&self.db, &self.instance, self.clock.now()).await?;
        let claimed =
            lease::claim(&self.db, &self.instance, self.clock.now(), self.settings.concurrency)
                .await?;
        let count = claimed.len();
        let mut turns = JoinSet::new();
        for leased in claimed {
            turns.spawn(self.turn(leased));
        }
        while turns.join_next().await.is_some() {}
        Ok(count)
    }

    async fn claim(&self, free: usize) -> Vec<Leased> {
        if free == 0 {
            return Vec::new();
        }
        match lease::claim(&self.db, &self.instance, self.clock.now(), free).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "could not claim events");
                Vec::new()
            }
        }
    }

    /// One turn, as a task of its own: a handler that panics is an attempt, not the end of the
    /// process.
    fn turn(&self, leased: Leased) -> impl Future<Output = ()> + Send + use<C> {
        let (db, clock) = (self.db.clone(), Arc::clone(&self.clock));
        let (registry, context) = (Arc::clone(&self.registry), self.context.clone());
        let wake = Arc::clone(&self.wake);
        #[cfg(feature = "testing")]
        let breaker = self.breaker.clone();
        async move {
            let worker = {
                let turn = Turn {
                    leased: leased.clone(),
                    clock: Arc::clone(&clock),
                    #[cfg(feature = "testing")]
                    breaker,
                };
                let (registry, context) = (Arc::clone(&registry), context.clone());
                tokio::spawn(async move { registry.handle(&context, turn).await })
            };
            let outcome = match worker.await {
                Ok(outcome) => outcome,
                Err(error) => Err(Failure(format!("the handler panicked: {error}"))),
            };
            let ended = registry::Ended { db: &db, clock: clock.as_ref(), leased: &leased };
            if let Err(error) = ended.record(&registry, &context, outcome).await {
                tracing::warn!(event = leased.id, kind = leased.kind, %error, "could not record a turn");
            }
            wake.notify_one();
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
