//! Producers: they keep a number of events waiting, so that the engine is never idle and what
//! waits does not grow. What is measured is then what enqueuing and handling reach together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hashbuzz_db::Db;
use hashbuzz_outbox::{Clock as _, SystemClock, Wake};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine;
use crate::messages::Noop;
use crate::meter::Meter;

/// Waiting at most, and handled at full rate within a fraction of a second.
const DEPTH: u64 = 2_000;
/// How often a producer looks whether there is room.
const PAUSE: Duration = Duration::from_millis(1);

/// How events are enqueued.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Load {
    /// Events of one transaction.
    pub(crate) batch: usize,
    /// Who enqueue at the same time.
    pub(crate) producers: usize,
}

impl Load {
    /// Two who enqueue a hundred a transaction.
    pub(crate) const HUNDREDS: Self = Self { batch: 100, producers: 2 };
    /// Eight who enqueue one a transaction, as requests of an API do.
    pub(crate) const SINGLES: Self = Self { batch: 1, producers: 8 };
}

/// Producers at work.
pub(crate) struct Producers {
    stop: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
    enqueued: Arc<AtomicU64>,
}

impl Producers {
    pub(crate) fn start(load: Load, db: &Db, wake: &Wake, meter: &Arc<Meter>) -> Self {
        let (stop, enqueued) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..load.producers {
            let producer = Producer {
                db: db.clone(),
                wake: wake.clone(),
                meter: Arc::clone(meter),
                enqueued: Arc::clone(&enqueued),
                batch: load.batch,
                before: meter.count(),
            };
            tasks.spawn(producer.run(stop.clone()));
        }
        Self { stop, tasks, enqueued }
    }

    /// Ends them and says how many events they enqueued.
    pub(crate) async fn end(mut self) -> anyhow::Result<u64> {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(self.enqueued.load(Ordering::SeqCst))
    }
}

struct Producer {
    db: Db,
    wake: Wake,
    meter: Arc<Meter>,
    /// By all producers together.
    enqueued: Arc<AtomicU64>,
    batch: usize,
    /// Handled before they began.
    before: u64,
}

impl Producer {
    async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let batch = u64::try_from(self.batch)?;
        while !stop.is_cancelled() {
            let handled = self.meter.count() - self.before;
            if self.enqueued.load(Ordering::SeqCst).saturating_sub(handled) >= DEPTH {
                SystemClock.sleep(PAUSE).await;
                continue;
            }
            let now = SystemClock.now();
            let tx = self.db.begin().await?;
            engine::enqueue(&tx, now, &vec![Noop::at(now); self.batch], engine::due(now)).await?;
            tx.commit().await?;
            self.enqueued.fetch_add(batch, Ordering::SeqCst);
            self.wake.ring();
        }
        Ok(())
    }
}

/// Stores `count` events that `make` makes of their numbers, a thousand a transaction, by four at a
/// time. Those of one transaction are due together, when `due` says for the first of them.
pub(crate) async fn fill<M: hashbuzz_outbox::Message + Clone>(
    db: &Db,
    count: u64,
    account: Option<&str>,
    due: impl Fn(u64) -> i64,
    make: impl Fn(u64) -> M,
) -> anyhow::Result<()> {
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let numbers: Vec<u64> = (0..count).collect();
    for chunk in numbers.chunks(1_000) {
        let messages: Vec<M> = chunk.iter().map(|number| make(*number)).collect();
        let due = hashbuzz_outbox::Due { at: due(chunk[0]), account: account.map(str::to_owned) };
        let db = db.clone();
        while tasks.len() >= 4 {
            tasks.join_next().await.expect("there are four")??;
        }
        tasks.spawn(async move {
            let tx = db.begin().await?;
            engine::enqueue(&tx, SystemClock.now(), &messages, due).await?;
            Ok(tx.commit().await?)
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}
