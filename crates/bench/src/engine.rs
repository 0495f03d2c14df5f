//! The product's engine as the cells use it, in one place: they measure it, and know nothing of it.

use std::sync::Arc;

use anyhow::Context as _;
use hashbuzz_db::{Db, DbError};
use hashbuzz_outbox::{Broker, Due, Engine, EngineSettings, Registry, Relay, SystemClock, Wake};
use hashbuzz_outbox_bullmq::{BullMq, RedisSettings};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::messages::{Bench, Chain, Counted, Noop};
use crate::settings::Setup;

pub(crate) use hashbuzz_outbox::enqueue_many as enqueue;

/// The engine's tables, in the order of the product's migrations.
pub(crate) const SCHEMAS: [(&str, &str); 3] = [
    ("outbox", hashbuzz_outbox::SCHEMA),
    ("engine", hashbuzz_outbox::SCHEMA_ENGINE),
    ("operator", hashbuzz_outbox::SCHEMA_OPERATOR),
];

/// Due at `at`, in the lane of nobody in particular.
pub(crate) const fn due(at: i64) -> Due {
    Due { at, account: None }
}

/// Opens connections as a process of the product does.
pub(crate) async fn open(url: &str, setup: &Setup) -> Result<Db, DbError> {
    Db::open_with(url, setup.connections).await
}

/// Whether other processes wake this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// As the product does it: by `NOTIFY` on a connection of its own.
    Others,
    /// Polling alone.
    Nobody,
}

/// An engine at work in this process.
pub(crate) struct Working {
    stop: CancellationToken,
    tasks: JoinSet<Result<(), DbError>>,
    broker: Option<Arc<BullMq>>,
    /// Whoever commits events rings it.
    pub(crate) wake: Wake,
}

impl Working {
    /// Starts one; `prefix` keeps its jobs in Redis apart from those of other cells.
    pub(crate) fn start(
        bench: Bench,
        setup: &Setup,
        prefix: &str,
        hears: Hears,
    ) -> anyhow::Result<Self> {
        let (stop, wake, clock) =
            (CancellationToken::new(), Wake::default(), Arc::new(SystemClock));
        let registry = Registry::default().with::<Noop>().with::<Chain>().with::<Counted>();
        let settings =
            EngineSettings { concurrency: setup.concurrency, ..EngineSettings::default() };
        let db = bench.db.clone();
        let bench = bench.with_wake(wake.clone());
        let mut engine =
            Engine::new(db.clone(), clock.clone(), registry, bench, wake.clone(), settings);
        let mut tasks = JoinSet::new();
        let broker = setup.redis.as_deref().map(|url| broker(url, prefix)).transpose()?;
        if let Some(broker) = &broker {
            let offered: Arc<dyn Broker> = broker.clone();
            engine = engine.through(Arc::clone(&offered));
            let relay = Relay::new(db.clone(), clock.clone(), offered, wake.clone());
            let stopped = stop.clone();
            tasks.spawn(async move {
                relay.run(stopped).await;
                Ok(())
            });
        }
        if hears == Hears::Others {
            let (bell, stopped, db) = (wake.clone(), stop.clone(), db);
            tasks.spawn(async move {
                bell.carry(&db, clock.as_ref(), &stopped).await;
                Ok(())
            });
        }
        let stopped = stop.clone();
        tasks.spawn(async move { engine.run(stopped).await });
        Ok(Self { stop, tasks, broker, wake })
    }

    /// Lets the turns in hand end.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        if let Some(broker) = &self.broker {
            broker.close().await;
        }
        Ok(())
    }

    /// Waits until something ends by itself, which happens only when it cannot start.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        match self.tasks.join_next().await {
            Some(ended) => Ok(ended??),
            None => Ok(()),
        }
    }
}

fn broker(url: &str, prefix: &str) -> anyhow::Result<Arc<BullMq>> {
    let settings = RedisSettings::new(url.to_owned().into())
        .and_then(|settings| settings.prefix(prefix))
        .context("the Redis of this run")?;
    Ok(Arc::new(BullMq::new(settings)))
}
