//! The product's engine as the cells use it, in one place: they measure it, and know nothing of it.

use std::sync::Arc;

use hashbuzz_db::{Db, DbError};
use hashbuzz_outbox::{
    CallerTx, Due, Engine, EngineSettings, Finished, Message, Registry, SystemClock, Turn,
    TurnError, enqueue_at,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::messages::{Bench, Chain, Counted, Noop};

/// The engine's tables, in the order of the product's migrations.
pub(crate) const SCHEMAS: [(&str, &str); 2] =
    [("outbox", hashbuzz_outbox::SCHEMA), ("engine", hashbuzz_outbox::SCHEMA_ENGINE)];

/// Turns at a time.
pub(crate) const CONCURRENCY: usize = 32;

/// Opens connections as a process of the product does.
pub(crate) async fn open(url: &str) -> Result<Db, DbError> {
    Db::open(url).await
}

/// Stores messages in the caller's transaction.
pub(crate) async fn enqueue<M: Message>(
    tx: &CallerTx,
    now: i64,
    messages: &[M],
    due: Due,
) -> Result<(), DbError> {
    for message in messages {
        enqueue_at(tx, now, message, due.clone()).await?;
    }
    Ok(())
}

/// Finishes an event on which nothing else hangs.
pub(crate) async fn finish(turn: Turn, db: &Db) -> Result<Finished, TurnError> {
    turn.commit(db.begin().await?).await
}

/// An engine at work in this process.
pub(crate) struct Working {
    stop: CancellationToken,
    task: JoinHandle<Result<(), DbError>>,
    /// Whoever commits events tells it.
    pub(crate) wake: Arc<Notify>,
}

impl Working {
    /// Starts one with `concurrency` turns at a time.
    pub(crate) fn start(bench: Bench, concurrency: usize) -> Self {
        let (stop, wake) = (CancellationToken::new(), Arc::new(Notify::new()));
        let registry =
            Registry::default().with::<Noop>().with::<Chain>().with::<Counted>();
        let engine = Engine::new(
            bench.db.clone(),
            Arc::new(SystemClock),
            registry,
            bench.with_wake(Arc::clone(&wake)),
            Arc::clone(&wake),
            EngineSettings { concurrency, ..EngineSettings::default() },
        );
        let stopped = stop.clone();
        let task = tokio::spawn(async move { engine.run(stopped).await });
        Self { stop, task, wake }
    }

    /// Lets the turns in hand end.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stop.cancel();
        Ok(self.task.await??)
    }

    /// Waits until the engine ends by itself, which it does only when it cannot start.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        Ok((&mut self.task).await??)
    }
}
