//! A database, perhaps a Redis, processes that work, and a log of every turn they had.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, DbError, Migration, Sql as _, Tx, migrate, values};
use hashbuzz_outbox::{
    Broker, Clock, Due, Engine, EngineSettings, Failure, Handle, Message, Queue, Registry, Relay,
    Retry, SystemClock, Turn, Verdict, Waiting, Wake, enqueue_many,
};
use hashbuzz_outbox_bullmq::BullMq;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use hashbuzz_outbox_bullmq::testing::Server;

/// How long anything may take that should happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const MIGRATIONS: [Migration; 4] = [
    Migration { version: 1, name: "outbox", sql: hashbuzz_outbox::SCHEMA },
    Migration { version: 2, name: "engine", sql: hashbuzz_outbox::SCHEMA_ENGINE },
    Migration { version: 3, name: "operator", sql: hashbuzz_outbox::SCHEMA_OPERATOR },
    Migration { version: 4, name: "facts", sql: "CREATE TABLE fact (name TEXT PRIMARY KEY);" },
];

/// What a handler does with a job.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Plan {
    #[default]
    Done,
    /// Takes this long first, in milliseconds.
    Slow(u64),
    /// Fails so often first.
    Fail(i64),
    /// Waits once, for this long in milliseconds.
    Later(u64),
    Never,
    /// Panics the first time.
    Panic,
}

/// One kind of event for each queue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Job<const QUEUE: usize> {
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    pub(crate) plan: Plan,
}

/// The one that most tests need.
pub(crate) type Social = Job<0>;

const KINDS: [&str; 4] =
    ["TEST_SOCIAL.v1", "TEST_LEDGER.v1", "TEST_CLOSING.v1", "TEST_HOUSEKEEPING.v1"];

impl<const QUEUE: usize> Job<QUEUE> {
    pub(crate) fn new(name: impl Into<String>, plan: Plan) -> Self {
        Self { name: name.into(), key: None, plan }
    }
}

impl<const QUEUE: usize> Message for Job<QUEUE> {
    const KIND: &'static str = KINDS[QUEUE];
    const QUEUE: Queue = Queue::ALL[QUEUE];
    const RETRY: Retry =
        Retry { first: Duration::from_millis(200), cap: Duration::from_millis(400), attempts: 4 };

    fn key(&self) -> Option<String> {
        self.key.clone()
    }
}

#[async_trait]
impl<const QUEUE: usize> Handle<Context> for Job<QUEUE> {
    async fn handle(&self, cx: &Context, turn: Turn) -> Result<Verdict, Failure> {
        let turns = cx.log.begin(&self.name, self.key.as_deref());
        let until_recorded = Ends { log: &cx.log, key: self.key.as_deref() };
        match self.plan {
            Plan::Done => {}
            Plan::Slow(millis) => SystemClock.sleep(Duration::from_millis(millis)).await,
            Plan::Fail(times) if turn.failures() < times => {
                return Err(Failure("as it was told".into()));
            }
            Plan::Fail(_) => {}
            Plan::Later(millis) if turns == 1 => {
                let until = turn.now() + i64::try_from(millis).expect("short") * 1_000;
                return Ok(Verdict::Later { until, why: "as it was told".into() });
            }
            Plan::Later(_) => {}
            Plan::Never => return Ok(Verdict::Never { why: "as it was told".into() }),
            Plan::Panic => assert!(turn.failures() > 0, "as it was told"),
        }
        let tx = turn.begin(&cx.db).await?;
        tx.exec("INSERT INTO fact (name) VALUES ($1)", values![self.name.clone()]).await?;
        // The commit lets the next one of the key begin, perhaps before this one hears of it.
        drop(until_recorded);
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, cx: &Context, _tx: &Tx, _why: &str) -> Result<(), DbError> {
        cx.log.lock().given_up.push(self.name.clone());
        Ok(())
    }
}

#[derive(Clone)]
pub(crate) struct Context {
    db: Db,
    log: Log,
}

/// Every turn of every process of a test.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Entries>>);

#[derive(Default)]
pub(crate) struct Entries {
    /// The jobs of turns, in the order in which they began.
    pub(crate) turns: Vec<String>,
    pub(crate) given_up: Vec<String>,
    /// Turns of each key at this moment.
    at_once: BTreeMap<String, usize>,
    /// The most that there ever were.
    pub(crate) most_at_once: usize,
}

impl Log {
    pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().expect("nobody panics with the log in hand")
    }

    /// How many turns of `name` there were, this one included.
    fn begin(&self, name: &str, key: Option<&str>) -> usize {
        let mut log = self.lock();
        log.turns.push(name.to_owned());
        if let Some(key) = key {
            let now = log.at_once.entry(key.to_owned()).or_default();
            *now += 1;
            log.most_at_once = (*now).max(log.most_at_once);
        }
        log.turns.iter().filter(|turn| *turn == name).count()
    }

    /// Turns of each job.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in &self.lock().turns {
            *counts.entry(name.clone()).or_default() += 1;
        }
        counts
    }
}

/// A turn of a key, which ends however its handler does.
struct Ends<'a> {
    log: &'a Log,
    key: Option<&'a str>,
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let mut log = self.log.lock();
        if let Some(now) = self.key.and_then(|key| log.at_once.get_mut(key)) {
            *now -= 1;
        }
    }
}

pub(crate) struct Rig {
    place: TestDb,
    pub(crate) db: Db,
    /// There when events are dispatched through BullMQ.
    pub(crate) redis: Option<Server>,
    pub(crate) log: Log,
    wake: Wake,
}

impl Rig {
    pub(crate) async fn embedded(place: TestDb) -> Self {
        Self::of(place, None).await
    }

    pub(crate) async fn bullmq() -> Self {
        let (place, redis) = tokio::join!(TestDb::postgres(), Server::start());
        Self::of(place, Some(redis)).await
    }

    async fn of(place: TestDb, redis: Option<Server>) -> Self {
        let db = place.open().await;
        migrate(&db, &MIGRATIONS).await.expect("the schema");
        Self { place, db, redis, log: Log::default(), wake: Wake::default() }
    }

    /// A process that works until it is stopped or dies, at work already: with SQLite, where a
    /// process knows itself alone, one that begins takes over what another holds.
    pub(crate) async fn work(&self) -> Process {
        let broker = self.redis.as_ref().map(|redis| BullMq::new(redis.settings()));
        let before = self.count("instance").await;
        let broker = broker.map(|broker| Arc::new(broker) as Arc<dyn Broker>);
        let process = self.work_through(broker).await;
        self.until("it works", async || self.count("instance").await > before).await;
        process
    }

    /// A process that serves some queues, at work soon.
    pub(crate) async fn work_on(&self, queues: &[Queue]) -> Process {
        let serving = |redis: &Server| BullMq::new(redis.settings().queues(queues));
        let broker = self.redis.as_ref().map(|redis| Arc::new(serving(redis)) as Arc<dyn Broker>);
        self.work_of(queues, broker).await
    }

    pub(crate) async fn work_through(&self, broker: Option<Arc<dyn Broker>>) -> Process {
        self.work_of(&Queue::ALL, broker).await
    }

    async fn work_of(&self, queues: &[Queue], broker: Option<Arc<dyn Broker>>) -> Process {
        let registry =
            Registry::default().with::<Job<0>>().with::<Job<1>>().with::<Job<2>>().with::<Job<3>>();
        let db = self.place.open().await;
        let context = Context { db: db.clone(), log: self.log.clone() };
        let (poll, queues) = (Duration::from_millis(100), queues.to_vec());
        let settings = EngineSettings { poll, queues, ..Default::default() };
        let clock = Arc::new(SystemClock);
        let mut engine = Engine::new(db, clock, registry, context, self.wake.clone(), settings);
        if let Some(broker) = &broker {
            engine = engine.through(Arc::clone(broker));
        }
        Process::start(broker, async move |stop| engine.run(stop).await.expect("it starts"))
    }

    /// A process that relays, where there is something to relay to.
    pub(crate) async fn relay(&self) -> Option<Process> {
        let broker = BullMq::new(self.redis.as_ref()?.settings());
        Some(self.relay_through(Arc::new(broker)).await)
    }

    pub(crate) async fn relay_through(&self, broker: Arc<dyn Broker>) -> Process {
        let db = self.place.open().await;
        let clock = Arc::new(SystemClock);
        let relay = Relay::new(db, clock, Arc::clone(&broker), self.wake.clone());
        Process::start(Some(broker), async move |stop| relay.run(stop).await)
    }

    pub(crate) async fn enqueue<const QUEUE: usize>(&self, jobs: &[Job<QUEUE>]) {
        self.enqueue_at(jobs, SystemClock.now()).await;
    }

    pub(crate) async fn enqueue_at<const QUEUE: usize>(&self, jobs: &[Job<QUEUE>], at: i64) {
        self.enqueue_due(jobs, Due { at, account: None }).await;
    }

    /// In the lane of `account`.
    pub(crate) async fn enqueue_for<const QUEUE: usize>(&self, account: &str, jobs: &[Job<QUEUE>]) {
        self.enqueue_due(jobs, Due { at: SystemClock.now(), account: Some(account.into()) }).await;
    }

    async fn enqueue_due<const QUEUE: usize>(&self, jobs: &[Job<QUEUE>], due: Due) {
        let tx = self.db.begin().await.expect("begun");
        enqueue_many(&tx, SystemClock.now(), jobs, due).await.expect("enqueued");
        tx.commit().await.expect("committed");
        self.wake.ring();
    }

    /// A process that has said long ago that it lived, and nothing since.
    pub(crate) async fn has_lived_once(&self) {
        let sql = "INSERT INTO instance (id, started_at, seen_at) VALUES ('doomed', 1, 1)";
        self.db.write(sql, values![]).await.expect("it has said that it lived");
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        self.db.number(&sql, values![]).await.expect("counted")
    }

    pub(crate) async fn dead(&self) -> Vec<Waiting> {
        hashbuzz_outbox::dead_letters(&self.db, 100).await.expect("read")
    }

    pub(crate) async fn waiting(&self) -> Vec<Waiting> {
        hashbuzz_outbox::waiting(&self.db, None, 100).await.expect("read")
    }

    /// Waits until `count` jobs are done.
    pub(crate) async fn done(&self, count: i64) {
        self.until("jobs are done", async || self.count("fact").await >= count).await;
        assert_eq!(self.count("fact").await, count);
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let look = async {
            while !is_so().await {
                SystemClock.sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, look).await.is_err() {
            let facts = self.count("fact").await;
            panic!("not so: {what}; {facts} facts, and these wait: {:#?}", self.waiting().await);
        }
    }

    /// Nothing is left to do, and no job had more than one turn.
    pub(crate) async fn each_once(&self) {
        let twice: Vec<_> = self.log.counts().into_iter().filter(|(_, turns)| *turns > 1).collect();
        assert!(twice.is_empty(), "more than one turn: {twice:?}");
        self.until("nothing waits", async || self.count("event").await == 0).await;
    }
}

/// Something that runs as a process of its own would.
pub(crate) struct Process {
    stop: CancellationToken,
    task: JoinHandle<()>,
    broker: Option<Arc<dyn Broker>>,
}

impl Process {
    fn start<F>(broker: Option<Arc<dyn Broker>>, run: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(stop.clone()));
        Self { stop, task, broker }
    }

    /// Ends in order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("it stops").expect("no panic");
        if let Some(broker) = &self.broker {
            broker.close().await;
        }
    }

    /// Dies without a word to the database.
    pub(crate) async fn die(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
