//! The tests' world: one kind of event whose turns are lent to the test, on a clock that stands
//! still. What a handler would do, the test does, step by step and as late as it likes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, DbError, Migration, Sql as _, Tx, migrate, values};
use hashbuzz_outbox::{
    Due, Engine, EngineSettings, Failure, Finished, Handle, ManualClock, Message, Queue, Registry,
    Retry, Turn, TurnError, Verdict, Waiting, Wake,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const SECOND: i64 = 1_000_000;
/// When every test begins.
pub(crate) const BEGIN: i64 = 1_800_000_000 * SECOND;
/// Long enough for a slow machine, short enough to end a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

const MIGRATIONS: [Migration; 3] = [
    Migration { version: 1, name: "outbox", sql: hashbuzz_outbox::SCHEMA },
    Migration { version: 2, name: "engine", sql: hashbuzz_outbox::SCHEMA_ENGINE },
    Migration {
        version: 3,
        name: "facts",
        sql: "CREATE TABLE fact (name TEXT PRIMARY KEY); CREATE TABLE loss (name TEXT, why TEXT);",
    },
];

/// The one kind of event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    pub(crate) dedupe: Option<String>,
    pub(crate) panics: bool,
}

impl Job {
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(crate) fn of(name: &str, key: &str) -> Self {
        Self { key: Some(key.into()), ..Self::named(name) }
    }

    pub(crate) fn like(name: &str, dedupe: &str) -> Self {
        Self { dedupe: Some(dedupe.into()), ..Self::named(name) }
    }
}

impl Message for Job {
    const KIND: &'static str = "test.job.v1";
    const QUEUE: Queue = Queue::Housekeeping;
    const RETRY: Retry =
        Retry { first: Duration::from_secs(10), cap: Duration::from_secs(15), attempts: 3 };

    fn key(&self) -> Option<String> {
        self.key.clone()
    }

    fn dedupe(&self) -> Option<String> {
        self.dedupe.clone()
    }
}

#[derive(Clone)]
pub(crate) struct Context {
    lend: mpsc::UnboundedSender<Lent>,
    cannot_give_up: Arc<AtomicBool>,
    failed_to_give_up: Arc<Notify>,
}

#[async_trait]
impl Handle<Context> for Job {
    async fn handle(&self, cx: &Context, turn: Turn) -> Result<Verdict, Failure> {
        assert!(!self.panics, "as it was told");
        let (answer, verdict) = oneshot::channel();
        let lent = cx.lend.send(Lent { job: self.clone(), turn, answer });
        assert!(lent.is_ok(), "the test waits for turns");
        verdict.await.unwrap_or_else(|_| Err(Failure("the test let go of the turn".into())))
    }

    async fn gave_up(&self, cx: &Context, tx: &Tx, why: &str) -> Result<(), DbError> {
        tx.exec("INSERT INTO loss (name, why) VALUES ($1, $2)", values![self.name.clone(), why])
            .await?;
        if !cx.cannot_give_up.load(Ordering::SeqCst) {
            return Ok(());
        }
        cx.failed_to_give_up.notify_one();
        Err(DbError::Missing("as it was told"))
    }
}

/// A turn in the test's hands.
pub(crate) struct Lent {
    pub(crate) job: Job,
    pub(crate) turn: Turn,
    answer: oneshot::Sender<Result<Verdict, Failure>>,
}

impl Lent {
    /// Ends the turn as a handler would that did not finish it.
    pub(crate) fn end(self, verdict: Result<Verdict, Failure>) {
        self.answer.send(verdict).expect("the engine waits for the handler");
    }

    /// Ends the turn as one that has nothing to store.
    pub(crate) fn done(self) {
        let Self { turn, answer, .. } = self;
        let _ = answer.send(Ok(Verdict::Done(turn.finish())));
    }

    pub(crate) fn fail(self, why: &str) {
        self.end(Err(Failure(why.into())));
    }

    /// Stores the fact that the job is about and finishes the event, together.
    pub(crate) async fn finish(self, db: &Db) -> Result<(), TurnError> {
        let tx = self.turn.begin(db).await?;
        tell(&tx, &self.job.name).await.map_err(TurnError::Db)?;
        let finished: Finished = self.turn.commit(tx).await?;
        // The engine of a worker that is thought dead does not wait any more.
        let _ = self.answer.send(Ok(Verdict::Done(finished)));
        Ok(())
    }
}

pub(crate) async fn tell(tx: &Tx, fact: &str) -> Result<(), DbError> {
    tx.exec("INSERT INTO fact (name) VALUES ($1)", values![fact]).await.map(drop)
}

pub(crate) struct World {
    pub(crate) place: TestDb,
    pub(crate) db: Db,
    pub(crate) clock: Arc<ManualClock>,
    context: Context,
    turns: Mutex<mpsc::UnboundedReceiver<Lent>>,
}

impl World {
    pub(crate) async fn new(place: TestDb) -> Self {
        let db = place.open().await;
        migrate(&db, &MIGRATIONS).await.expect("the schema");
        let (lend, turns) = mpsc::unbounded_channel();
        let context =
            Context { lend, cannot_give_up: Arc::default(), failed_to_give_up: Arc::default() };
        let clock = Arc::new(ManualClock::at(BEGIN));
        Self { place, db, clock, context, turns: Mutex::new(turns) }
    }

    /// A process that works: connections, name and memory of its own.
    pub(crate) async fn process(&self) -> Engine<Context> {
        let poll = Duration::from_secs(1);
        let settings = EngineSettings { concurrency: 8, poll, ..EngineSettings::default() };
        self.process_with(Registry::default().with::<Job>(), settings).await
    }

    /// A program that has no handler at all.
    pub(crate) async fn process_that_knows_nothing(&self) -> Engine<Context> {
        self.process_with(Registry::default(), EngineSettings::default()).await
    }

    pub(crate) async fn process_with(
        &self,
        registry: Registry<Context>,
        settings: EngineSettings,
    ) -> Engine<Context> {
        let (db, clock) = (self.place.open().await, self.clock.clone());
        Engine::new(db, clock, registry, self.context.clone(), Wake::default(), settings)
    }

    pub(crate) async fn enqueue(&self, job: Job) {
        self.enqueue_at(job, self.now()).await;
    }

    pub(crate) async fn enqueue_at(&self, job: Job, at: i64) {
        let tx = self.db.begin().await.expect("begun");
        let due = Due { at, account: None };
        hashbuzz_outbox::enqueue_at(&tx, self.now(), &job, due).await.expect("enqueued");
        tx.commit().await.expect("committed");
    }

    pub(crate) fn now(&self) -> i64 {
        hashbuzz_outbox::Clock::now(self.clock.as_ref())
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The next turn that any process begins.
    pub(crate) async fn turn(&self) -> Lent {
        let next = async { self.turns.lock().await.recv().await };
        tokio::time::timeout(PATIENCE, next)
            .await
            .expect("a turn begins")
            .expect("the world keeps a sender")
    }

    /// The next turn that any process begins, letting time pass until one does: for processes that
    /// look for work when their next poll is due.
    pub(crate) async fn turn_in_time(&self) -> Lent {
        for _ in 0..600 {
            match tokio::time::timeout(Duration::from_millis(50), self.turn()).await {
                Ok(lent) => return lent,
                Err(_) => self.pass(1),
            }
        }
        panic!("no turn began in ten minutes of the tests' time");
    }

    /// Whether no turn waits to be taken.
    pub(crate) async fn is_quiet(&self) -> bool {
        self.turns.lock().await.is_empty()
    }

    /// Lets `gave_up` fail until it has done so once, which the answer waits for.
    pub(crate) fn let_giving_up_fail_once(&self) -> impl Future<Output = ()> + use<> {
        let Context { cannot_give_up, failed_to_give_up, .. } = self.context.clone();
        cannot_give_up.store(true, Ordering::SeqCst);
        async move {
            let failed = tokio::time::timeout(PATIENCE, failed_to_give_up.notified()).await;
            failed.expect("it gives up");
            cannot_give_up.store(false, Ordering::SeqCst);
        }
    }

    pub(crate) async fn waiting(&self) -> Vec<Waiting> {
        hashbuzz_outbox::waiting(&self.db, None, 100).await.expect("read")
    }

    pub(crate) async fn dead(&self) -> Vec<Waiting> {
        hashbuzz_outbox::dead_letters(&self.db, 100).await.expect("read")
    }

    /// Waits until there is a dead letter, and shows it.
    pub(crate) async fn dead_letter(&self) -> Waiting {
        let look = async {
            loop {
                match self.dead().await.as_slice() {
                    [] => tokio::task::yield_now().await,
                    [dead, ..] => return dead.clone(),
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("an event gives up")
    }

    /// Waits until the only unfinished event is not leased any more, and shows it.
    pub(crate) async fn released(&self) -> Waiting {
        let look = async {
            loop {
                match self.waiting().await.as_slice() {
                    [only] if only.state != "leased" => return only.clone(),
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("the event is given back")
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        self.db.number(&sql, values![]).await.expect("counted")
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        #[derive(hashbuzz_db::FromQueryResult)]
        struct Row {
            text: String,
        }
        let row: Option<Row> = self.db.one(sql, values![]).await.expect("read");
        row.expect("one row").text
    }
}

/// One round of a process, in the background.
pub(crate) fn round(engine: Engine<Context>) -> JoinHandle<(Engine<Context>, usize)> {
    tokio::spawn(async move {
        let turns = engine.run_once().await.expect("a round");
        (engine, turns)
    })
}

/// A process that runs until it is stopped or dropped, which is how it dies.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), DbError>>,
}

impl Running {
    pub(crate) fn start(engine: Engine<Context>) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let stop = stop.clone();
            async move { engine.run(stop).await }
        });
        Self { stop, task }
    }

    /// Ends as a program does that is asked to: its turns end first.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.task).await.expect("it stops");
        ended.expect("no panic").expect("no error");
    }

    /// Dies without a word.
    pub(crate) async fn die(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
