//! What a process does beside answering, until it is asked to end: it works on events, relays them,
//! says that it lives, and wakes the other processes.
//!
//! One place ends all of it, in order and in time: first whoever works, so that what is in hand ends
//! or goes back, and last the broker, which hears until then which jobs are over.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hashbuzz_app::{App, events};
use hashbuzz_db::Db;
use hashbuzz_outbox::{
    Broker, Clock, Engine, EngineSettings, Presence, Queue, Relay, Wake, Watchdog,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::agreement;
use crate::settings::Workers;

/// From the request to end until the process has ended, whatever hangs. What did not end by then is
/// found out by the other processes, as after a crash.
const LONGEST_END: Duration = Duration::from_millis(9_500);
/// Of that, for the broker.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long turns in hand may go on where a broker has to be told afterwards.
const DRAIN_BEFORE_FAREWELL: Duration = Duration::from_secs(5);

/// What loops need.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wake: Wake,
    pub(crate) watchdog: Watchdog,
}

impl Means {
    /// Those of the system.
    pub(crate) fn of(app: &App) -> Self {
        Self {
            db: app.db.clone(),
            clock: Arc::clone(&app.clock),
            wake: app.wake.clone(),
            watchdog: app.watchdog.clone(),
        }
    }
}

/// The loops of this process. Those that were begun go on until [`Loops::stop`].
pub(crate) struct Loops {
    means: Means,
    broker: Option<Arc<dyn Broker>>,
    stop: CancellationToken,
    running: JoinSet<anyhow::Result<()>>,
}

impl Loops {
    /// None yet but those of every process: one wakes the others and is woken by them, one compares
    /// the clocks.
    pub(crate) fn new(means: Means, broker: Option<Arc<dyn Broker>>) -> Self {
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn({
            let (stop, means) = (stop.clone(), means.clone());
            async move {
                means.wake.carry(&means.db, means.clock.as_ref(), &stop).await;
                Ok(())
            }
        });
        running.spawn({
            let (stop, means) = (stop.clone(), means.clone());
            async move {
                agreement::watch(means, stop).await;
                Ok(())
            }
        });
        Self { means, broker, stop, running }
    }

    /// Works on events of `queues`, from the database or as the broker hands them out.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn work(
        &mut self,
        app: &App,
        role: &str,
        queues: &[Queue],
        workers: Workers,
    ) -> anyhow::Result<()> {
        let default = EngineSettings::default();
        let settings = EngineSettings {
            concurrency: usize::from(workers.concurrency),
            drain: self.broker.as_ref().map_or(default.drain, |_| DRAIN_BEFORE_FAREWELL),
            queues: queues.to_vec(),
            role: role.to_owned(),
            ..default
        };
        let Means { db, clock, wake, watchdog } = self.means.clone();
        let engine = Engine::new(db, clock, events::registry(), app.clone(), wake, settings);
        let mut engine = engine.watched_by(watchdog);
        if let Some(broker) = &self.broker {
            engine = engine.through(Arc::clone(broker));
        }
        engine.prepare().await?;
        let stop = self.stop.clone();
        self.running.spawn(async move { Ok(engine.run(stop).await?) });
        Ok(())
    }

    /// Offers due events to the broker, where there is one.
    pub(crate) fn relay(&mut self) {
        let Some(broker) = self.broker.clone() else { return };
        let Means { db, clock, wake, watchdog } = self.means.clone();
        let relay = Relay::new(db, clock, broker, wake).watched_by(watchdog);
        let stop = self.stop.clone();
        self.running.spawn(async move {
            relay.run(stop).await;
            Ok(())
        });
    }

    /// Lets operators see a process that works on no events.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn show(&mut self, role: &str) -> anyhow::Result<()> {
        let presence = Presence::new(self.means.db.clone(), Arc::clone(&self.means.clock), role);
        presence.begin().await?;
        let stop = self.stop.clone();
        self.running.spawn(async move {
            presence.keep(stop).await;
            Ok(())
        });
        Ok(())
    }

    /// Whatever else goes on until it is asked to end.
    pub(crate) fn also<F>(&mut self, act: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.running.spawn(act(self.stop.clone()));
    }

    /// Goes on until the process is asked to end, and ends then.
    ///
    /// # Errors
    /// What ended one of the loops before anybody asked.
    pub(crate) async fn until_asked_to_end(mut self) -> anyhow::Result<()> {
        tokio::select! {
            asked = asked_to_end() => asked?,
            ended = self.running.join_next() => {
                self.stop().await?;
                ended.context("there is always one")??.context("a loop has ended by itself")?;
                bail!("a loop has ended by itself");
            }
        }
        tracing::info!("stopping");
        self.stop().await
    }

    /// Begins nothing more, lets what is in hand end or go back, and closes the broker.
    ///
    /// # Errors
    /// What ended one of the loops before.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        let farewell = self.broker.as_ref().map_or(Duration::ZERO, |_| FAREWELL);
        let deadline = Instant::now() + LONGEST_END.saturating_sub(farewell);
        let ends = async {
            while let Some(ended) = self.running.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        };
        let ended = timeout_at(deadline, ends).await;
        if let Some(broker) = &self.broker
            && timeout(FAREWELL, broker.close()).await.is_err()
        {
            tracing::warn!("the broker does not answer; what it still has comes again");
        }
        match ended {
            Ok(ended) => ended,
            Err(_) => {
                tracing::warn!("not everything has ended in time; what was left goes back");
                Ok(())
            }
        }
    }
}

/// Returns when somebody asks the process to end: Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
