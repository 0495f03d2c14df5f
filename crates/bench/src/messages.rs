//! The kinds of events that the cells enqueue, and what their handlers do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_db::{Db, DbError, Sql as _, Tx, values};
use hashbuzz_outbox::{
    Clock as _, Failure, Handle, Message, Queue, SystemClock, Turn, Verdict, Wake,
};
use serde::{Deserialize, Serialize};

use crate::engine;
use crate::meter::Meter;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) db: Db,
    pub(crate) meter: Arc<Meter>,
    /// Chains end at their next link.
    pub(crate) ending: Arc<AtomicBool>,
    /// Who works, for the record.
    pub(crate) worker: Arc<str>,
    /// Says on standard output which events it begins.
    pub(crate) tells: bool,
    wake: Wake,
}

impl Bench {
    pub(crate) fn new(db: Db, meter: Arc<Meter>) -> Self {
        let worker = format!("{}", std::process::id()).into();
        let (ending, wake) = (Arc::default(), Wake::default());
        Self { db, meter, ending, worker, tells: false, wake }
    }

    pub(crate) fn with_wake(self, wake: Wake) -> Self {
        Self { wake, ..self }
    }
}

/// Waits, as a handler does that asks another system.
async fn ask(millis: u32) {
    if millis > 0 {
        SystemClock.sleep(Duration::from_millis(millis.into())).await;
    }
}

/// An event whose handler does nothing, or waits a while.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Noop {
    /// From when on its handling is late, in microseconds since the epoch.
    pub(crate) at: i64,
    /// Whose it is, where the meter counts by account.
    pub(crate) account: u16,
    /// How long the handler waits.
    pub(crate) millis: u32,
}

impl Noop {
    pub(crate) const fn at(at: i64) -> Self {
        Self { at, account: 0, millis: 0 }
    }
}

impl Message for Noop {
    const KIND: &'static str = "bench.noop.v1";
    const QUEUE: Queue = Queue::Social;
}

#[async_trait]
impl Handle<Bench> for Noop {
    async fn handle(&self, cx: &Bench, turn: Turn) -> Result<Verdict, Failure> {
        cx.meter.handled(turn.now() - self.at, self.account);
        ask(self.millis).await;
        Ok(Verdict::Done(turn.finish()))
    }

    async fn gave_up(&self, _: &Bench, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

/// A link of a chain: changes its row and enqueues the next link, in the transaction that finishes
/// it. Only one link of a chain is ever there, as with the steps of a campaign.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) key: String,
    pub(crate) at: i64,
}

impl Message for Chain {
    const KIND: &'static str = "bench.chain.v1";
    const QUEUE: Queue = Queue::Ledger;

    fn key(&self) -> Option<String> {
        Some(self.key.clone())
    }
}

#[async_trait]
impl Handle<Bench> for Chain {
    async fn handle(&self, cx: &Bench, turn: Turn) -> Result<Verdict, Failure> {
        let now = turn.now();
        // Nothing is asked of anybody, so the fence in `commit` is all the protection it needs.
        let tx = cx.db.begin().await?;
        tx.exec("UPDATE bench_state SET n = n + 1 WHERE key = $1", values![self.key.clone()])
            .await?;
        if !cx.ending.load(Ordering::Relaxed) {
            let next = [Self { key: self.key.clone(), at: now }];
            engine::enqueue(&tx, now, &next, engine::due(now)).await?;
        }
        let finished = turn.commit(tx).await?;
        cx.meter.handled(now - self.at, 0);
        cx.wake.ring();
        Ok(Verdict::Done(finished))
    }

    async fn gave_up(&self, _: &Bench, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

/// An event whose handling is counted in the database, by the transaction that finishes it: every
/// second handling that changes something shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) id: i64,
    /// How long the handler waits before it records.
    pub(crate) millis: u32,
    pub(crate) account: u16,
}

impl Message for Counted {
    const KIND: &'static str = "bench.counted.v1";
    const QUEUE: Queue = Queue::Closing;
}

#[async_trait]
impl Handle<Bench> for Counted {
    async fn handle(&self, cx: &Bench, turn: Turn) -> Result<Verdict, Failure> {
        if cx.tells {
            println!("begun {}", self.id);
        }
        ask(self.millis).await;
        let tx = turn.begin(&cx.db).await?;
        tx.exec(
            "INSERT INTO bench_done (id, times, at, worker) VALUES ($1, 1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET times = bench_done.times + 1",
            values![self.id, turn.now(), cx.worker.to_string()],
        )
        .await?;
        tx.exec(
            "UPDATE bench_state SET n = n + 1 WHERE key = $1",
            values![account_key(self.account)],
        )
        .await?;
        let finished = turn.commit(tx).await?;
        cx.meter.handled(0, self.account);
        Ok(Verdict::Done(finished))
    }

    async fn gave_up(&self, _: &Bench, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

/// The row of `bench_state` that counts an account's events.
pub(crate) fn account_key(account: u16) -> String {
    format!("account-{account}")
}

/// How long a cell waits for what should happen in a moment.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
