//! The engine at full rate on no-op events: what most cells are built from.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use hashbuzz_db::Db;
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::Hears;
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

/// Warms up, then looks on for `seconds`, then lets everything end and looks whether it did.
pub(crate) async fn run(place: &Place, load: Load, seconds: u64) -> anyhow::Result<Hot> {
    let before = place.counted().await?;
    let (db, producing) = (place.open().await?, place.open().await?);
    let meter = Arc::new(Meter::default());
    let working = place.work(Bench::new(db.clone(), Arc::clone(&meter)), Hears::Others)?;
    let producers = Producers::start(load, &producing, &working.wake, &meter);
    SystemClock.sleep(warm_up(seconds)).await;
    let watched = if place.is_postgres() { Some(Watched::start(place, seconds).await?) } else { None };
    let sustained = meter.watch(seconds).await;
    let dead = match watched {
        Some(watched) => Some(watched.end().await?),
        None => None,
    };
    let enqueued = producers.end().await?;
    let drained = meter.reaches(enqueued, PATIENCE).await;
    working.end().await?;
    ensure!(drained, "{} of {enqueued} events were handled", meter.count());
    place.nothing_left(&producing).await?;
    place.close(db).await?;
    place.close(producing).await?;
    let after = place.counted().await?;
    let cost = before.zip(after).map(|(before, after)| after.since(&before, meter.count()));
    let repeated = meter.count() - enqueued;
    Ok(Hot { enqueue: Some(load), sustained, per_job: cost, dead_tuples: dead, repeated })
}

/// Before anything is measured: connections, plans and caches.
pub(crate) fn warm_up(seconds: u64) -> Duration {
    Duration::from_secs((seconds / 5).clamp(2, 10))
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
