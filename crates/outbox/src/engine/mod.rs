//! The engine: gets due events, hands them to their handlers, and records how each turn ended.
//!
//! One fetcher a process claims in batches and hands out to at most `concurrency` turns. It wakes
//! when a commit says so, when a turn ends, when a deferred event is due, and every `poll` anyway:
//! wake-ups are a courtesy, polling is the promise.

mod abandoned;
mod ended;
mod fetch;
mod presence;
mod registry;
mod run;
mod upkeep;
mod watchdog;

use std::sync::Arc;
use std::time::Duration;

use hashbuzz_db::{Db, DbError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use presence::Presence;
pub use registry::Registry;
pub use watchdog::{Pulse, Watchdog};

use crate::claim::Claimer;
use crate::lease::{self, Instance};
use crate::{Broker, Clock, Queue, Wake};
use abandoned::Abandoned;
use fetch::{Consumer, Fetcher, Source};

/// How an engine works.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Turns at a time.
    pub concurrency: usize,
    /// How often to look for work when nobody says that there is some.
    pub poll: Duration,
    /// How long turns in hand may go on when the process is asked to stop. Those that take longer
    /// are given back, at no cost to their events.
    pub drain: Duration,
    /// The queues that this process serves.
    pub queues: Vec<Queue>,
    /// What the process calls itself to operators: `serve`, `work`.
    pub role: String,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            poll: Duration::from_millis(250),
            drain: Duration::from_secs(8),
            queues: Queue::ALL.to_vec(),
            role: "serve".to_owned(),
        }
    }
}

/// Works through events for a context `C`.
pub struct Engine<C> {
    db: Db,
    clock: Arc<dyn Clock>,
    registry: Arc<Registry<C>>,
    context: C,
    wake: Wake,
    instance: String,
    settings: EngineSettings,
    broker: Option<Arc<dyn Broker>>,
    watchdog: Watchdog,
    abandoned: Arc<Abandoned>,
    #[cfg(feature = "testing")]
    breaker: crate::breaker::Breaker,
}

impl<C: Clone + Send + Sync + 'static> Engine<C> {
    /// An engine that is not running yet. Whoever commits events rings `wake`.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        registry: Registry<C>,
        context: C,
        wake: Wake,
        settings: EngineSettings,
    ) -> Self {
        Self {
            db,
            clock,
            registry: Arc::new(registry),
            context,
            wake,
            instance: Uuid::now_v7().to_string(),
            settings,
            broker: None,
            watchdog: Watchdog::default(),
            abandoned: Arc::default(),
            #[cfg(feature = "testing")]
            breaker: crate::breaker::Breaker::default(),
        }
    }

    /// Takes work from `broker` instead of claiming it from the database; a
    /// [`Relay`](crate::Relay) puts it there.
    #[must_use]
    pub fn through(mut self, broker: Arc<dyn Broker>) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Tells `watchdog` how its loops fare.
    #[must_use]
    pub fn watched_by(mut self, watchdog: Watchdog) -> Self {
        self.watchdog = watchdog;
        self
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

    /// Prepares for work: takes back what a dead process held, and says that this one lives.
    ///
    /// # Errors
    /// The database's.
    pub async fn prepare(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        if lease::alone(self.db.backend()) {
            lease::release_all(&self.db, now).await?;
        }
        lease::heartbeat(&self.db, &self.described(), now).await
    }

    /// Works until `stop`. Then nothing new is begun, turns in hand may end until
    /// [`EngineSettings::drain`] has passed, and the rest is given back.
    ///
    /// # Errors
    /// The database's, only at the start: later ones are logged and tried again.
    pub async fn run(&self, stop: CancellationToken) -> Result<(), DbError> {
        self.prepare().await?;
        run::Run::of(self).work(stop).await;
        Ok(())
    }

    /// Claims what is due and works through it, once; says how many turns that were.
    /// For tests, which move the clock themselves.
    ///
    /// # Errors
    /// The database's.
    pub async fn run_once(&self) -> Result<usize, DbError> {
        lease::heartbeat(&self.db, &self.described(), self.clock.now()).await?;
        upkeep::carry_out_pauses(&self.db).await?;
        run::Run::of(self).once().await
    }

    fn source(&self) -> Source {
        let claimer = Claimer {
            db: self.db.clone(),
            owner: self.instance.clone(),
            queues: self.settings.queues.clone(),
        };
        let (clock, abandoned) = (Arc::clone(&self.clock), Arc::clone(&self.abandoned));
        match &self.broker {
            Some(broker) => {
                Source::Broker(Consumer::new(claimer, clock, Arc::clone(broker), abandoned))
            }
            None => Source::Database(Box::new(Fetcher::new(claimer, clock, abandoned))),
        }
    }

    fn described(&self) -> Instance {
        let kinds: Vec<&str> = self.registry.kinds().collect();
        let queues: Vec<&str> = self.settings.queues.iter().map(|queue| queue.as_str()).collect();
        Instance {
            id: self.instance.clone(),
            role: self.settings.role.clone(),
            kinds: serde_json::to_string(&kinds).unwrap_or_default(),
            queues: serde_json::to_string(&queues).unwrap_or_default(),
        }
    }
}
