//! The engine at full rate on no-op events: what most cells are built from.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use hashbuzz_db::Db;
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::{Hears, Working};
use crate::load::{Load, Producers};
use crate::messages::{Bench, PATIENCE};
use crate::meter::{Meter, Sustained, ticks};
use crate::place::{Cost, Place, dead_tuples};

/// What one run at full rate gave.
#[derive(Debug, Serialize)]
pub(crate) struct Hot {
    /// Nothing where handlers enqueue.
    pub(crate) enqueue: Option<Load>,
    #[serde(flatten)]
    pub(crate) sustained: Sustained,
    /// WAL, commits and syncs of each event, enqueuing included; PostgreSQL only.
    pub(crate) per_job: Option<Cost>,
    pub(crate) dead_tuples: Option<DeadTuples>,
    /// Handled more often than enqueued.
    pub(crate) repeated: u64,
}

/// Dead versions of rows in the hot table.
#[derive(Debug, Default, Serialize)]
pub(crate) struct DeadTuples {
    pub(crate) most: u64,
    pub(crate) last: u64,
    /// Second and number, at most some sixty of them.
    pub(crate) over_time: Vec<(u64, u64)>,
}

/// An engine and its producers at work.
pub(super) struct Running {
    db: Db,
    producing: Db,
    pub(super) meter: Arc<Meter>,
    working: Working,
    producers: Producers,
}

impl Running {
    pub(super) async fn start(place: &Place, load: Load) -> anyhow::Result<Self> {
        let (db, producing) = (place.open().await?, place.open().await?);
        let meter = Arc::new(Meter::default());
        let working = place.work(Bench::new(db.clone(), Arc::clone(&meter)), Hears::Others)?;
        let producers = Producers::start(load, &producing, &working.wake, &meter);
        Ok(Self { db, producing, meter, working, producers })
    }

    /// Waits until what is measured over `seconds` can begin.
    pub(super) async fn warm_up(&self, seconds: u64) {
        SystemClock.sleep(warm_up(seconds)).await;
    }

    /// Lets everything end, and looks whether it did. Says how many events were handled, and how
    /// many of them a second time.
    pub(super) async fn end(self, place: &Place) -> anyhow::Result<(u64, u64)> {
        let enqueued = self.producers.end().await?;
        let drained = self.meter.reaches(enqueued, PATIENCE).await;
        self.working.end().await?;
        let handled = self.meter.count();
        ensure!(drained, "{handled} of {enqueued} events were handled");
        place.nothing_due(&self.producing).await?;
        place.close(self.db).await?;
        place.close(self.producing).await?;
        Ok((handled, handled - enqueued))
    }
}

/// Warms up, then looks on for `seconds`, then lets everything end.
pub(crate) async fn run(place: &Place, load: Load, seconds: u64) -> anyhow::Result<Hot> {
    let before = place.counted().await?;
    let running = Running::start(place, load).await?;
    running.warm_up(seconds).await;
    let watched = Watched::start_on(place, seconds).await?;
    let sustained = running.meter.watch(seconds).await;
    let dead_tuples = Watched::end_of(watched).await?;
    let (handled, repeated) = running.end(place).await?;
    let after = place.counted().await?;
    let per_job = before.zip(after).map(|(before, after)| after.since(&before, handled));
    Ok(Hot { enqueue: Some(load), sustained, per_job, dead_tuples, repeated })
}

/// Before anything is measured: connections, plans and caches.
pub(crate) fn warm_up(seconds: u64) -> Duration {
    Duration::from_secs((seconds / 5).clamp(1, 10))
}

/// Somebody who looks at the dead tuples now and then.
pub(crate) struct Watched {
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<DeadTuples>>,
}

impl Watched {
    pub(crate) async fn start(place: &Place, seconds: u64) -> anyhow::Result<Self> {
        let db = Db::open(&place.url).await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(watch(db, seconds.div_ceil(60).max(1), stop.clone()));
        Ok(Self { stop, task })
    }

    /// As [`Watched::start`], where the database has dead tuples.
    pub(crate) async fn start_on(place: &Place, seconds: u64) -> anyhow::Result<Option<Self>> {
        if place.is_postgres() { Ok(Some(Self::start(place, seconds).await?)) } else { Ok(None) }
    }

    /// Ends what [`Watched::start_on`] gave.
    pub(crate) async fn end_of(watched: Option<Self>) -> anyhow::Result<Option<DeadTuples>> {
        match watched {
            Some(watched) => Ok(Some(watched.end().await?)),
            None => Ok(None),
        }
    }

    pub(crate) async fn end(self) -> anyhow::Result<DeadTuples> {
        self.stop.cancel();
        self.task.await?
    }
}

async fn watch(db: Db, step: u64, stop: CancellationToken) -> anyhow::Result<DeadTuples> {
    let (mut seen, mut second) = (DeadTuples::default(), 0);
    let mut tick = ticks(Duration::from_secs(step));
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tick.tick() => {}
        }
        let dead = dead_tuples(&db).await?;
        seen.most = seen.most.max(dead);
        seen.last = dead;
        seen.over_time.push((second, dead));
        second += step;
    }
    db.close().await?;
    Ok(seen)
}
