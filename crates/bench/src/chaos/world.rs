//! Working processes under a steady load, and the counting afterwards.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use hashbuzz_db::{Db, DbError, Sql as _, values};
use hashbuzz_outbox::{Clock as _, SystemClock, Wake};
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine;
use crate::figures::ratio;
use crate::messages::Counted;
use crate::place::{Place, Server};
use crate::worker::Worker;

const WORKERS: usize = 2;
/// Enqueued by one transaction, and how often: a tenth of what two cores can do.
const TOGETHER: i64 = 20;
const PAUSE: Duration = Duration::from_millis(50);
/// Of each turn, so that there is always something in work.
const TURN_MILLIS: u32 = 20;
/// Work before any trouble.
const BEFORE: Duration = Duration::from_secs(3);
/// More than anybody should need to recover: what takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(180);
const SOON: f64 = 5.0;
/// The same as [`PATIENCE`].
const LAST: f64 = 180.0;
const LOOK: Duration = Duration::from_millis(50);

/// Processes at work in a database.
pub(super) struct World {
    pub(super) place: Place,
    db: Db,
    workers: Vec<Worker>,
    stop: CancellationToken,
    producing: JoinHandle<anyhow::Result<u64>>,
}

/// How the work went on after the trouble.
#[derive(Debug, Default, Serialize)]
pub(super) struct Recovery {
    /// Until everything enqueued before its end was done; nothing when that did not happen in time.
    pub(super) seconds: Option<f64>,
    /// Until the first of that was done: whether everything stood still, or a few events waited
    /// for their leases to run out.
    pub(super) first_seconds: Option<f64>,
    /// Enqueued and not done when the trouble ended.
    pub(super) open_at_the_end: i64,
    /// Of those, still not done 5 s later, where it took so long.
    pub(super) open_after_5_seconds: Option<i64>,
}

/// What was counted in the end.
pub(super) struct Count {
    pub(super) enqueued: i64,
    pub(super) doubled: i64,
    pub(super) lost: i64,
    pub(super) stuck: i64,
}

impl World {
    pub(super) async fn start(server: &Server) -> anyhow::Result<Self> {
        let place = server.database("chaos").await?;
        let db = place.open().await?;
        let mut workers = Vec::new();
        for _ in 0..WORKERS {
            workers.push(Worker::start(&place, false).await?);
        }
        let stop = CancellationToken::new();
        let producing = tokio::spawn(produce(place.open().await?, stop.clone()));
        Ok(Self { place, db, workers, stop, producing })
    }

    /// Returns once work has been done for a while.
    pub(super) async fn works(&self) -> anyhow::Result<()> {
        SystemClock.sleep(BEFORE).await;
        let done = self.number("SELECT COUNT(*) AS n FROM bench_done").await?;
        ensure!(done > 0, "nothing worked even before the trouble");
        Ok(())
    }

    /// Ends one of the workers, in turns, without a word, and starts another in its place.
    pub(super) async fn kill_a_worker(&mut self, turn: u64) -> anyhow::Result<()> {
        let place = usize::try_from(turn)? % self.workers.len();
        self.workers[place].kill().await?;
        self.workers[place] = Worker::start(&self.place, false).await?;
        Ok(())
    }

    /// Looks on from now until everything that is enqueued by now is done.
    pub(super) async fn recovers(&self) -> anyhow::Result<Recovery> {
        let began = SystemClock.now();
        let seconds = || ratio(u64::try_from(SystemClock.now() - began).unwrap_or(0), 1_000_000);
        let last = self.number("SELECT MAX(id) AS n FROM bench_fact").await?;
        let open = format!(
            "SELECT COUNT(*) AS n FROM bench_fact WHERE id <= {last} \
             AND id NOT IN (SELECT id FROM bench_done)"
        );
        let first = self.number(&open).await?;
        let mut recovery = Recovery { open_at_the_end: first, ..Recovery::default() };
        loop {
            let left = self.number(&open).await?;
            if left < first || left == 0 {
                recovery.first_seconds.get_or_insert_with(seconds);
            }
            if seconds() >= SOON {
                recovery.open_after_5_seconds.get_or_insert(left);
            }
            if left == 0 {
                recovery.seconds = Some(seconds());
                return Ok(recovery);
            }
            if seconds() > LAST {
                return Ok(recovery);
            }
            SystemClock.sleep(LOOK).await;
        }
    }

    /// Ends the load and waits for the last events; says how many transactions were refused.
    pub(super) async fn produces_no_more(&mut self) -> anyhow::Result<u64> {
        self.stop.cancel();
        let refused = (&mut self.producing).await??;
        let open = "SELECT COUNT(*) AS n FROM bench_fact \
                    WHERE id NOT IN (SELECT id FROM bench_done)";
        self.becomes_zero(open).await?;
        Ok(refused)
    }

    pub(super) async fn count(&self) -> anyhow::Result<Count> {
        let limit = 100_000;
        let waiting = hashbuzz_outbox::waiting(&self.db, None, limit).await?;
        let dead = hashbuzz_outbox::dead_letters(&self.db, limit).await?;
        let stuck = i64::try_from(waiting.len() + dead.len())?;
        let missing = self
            .number(
                "SELECT COUNT(*) AS n FROM bench_fact \
                 WHERE id NOT IN (SELECT id FROM bench_done)",
            )
            .await?;
        let repeated = "SELECT CAST(SUM(times - 1) AS BIGINT) AS n FROM bench_done";
        Ok(Count {
            enqueued: self.number("SELECT COUNT(*) AS n FROM bench_fact").await?,
            doubled: self.number(repeated).await?,
            // What waits or gave up is stuck and not lost; exact where nothing is stuck, and where
            // something is, the run is not clean anyway.
            lost: (missing - stuck).max(0),
            stuck,
        })
    }

    /// Ends everything. A worker that is not there any more needed help.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        for worker in self.workers {
            worker.end().await.context("a worker did not survive the trouble")?;
        }
        self.place.close(self.db).await?;
        self.place.remove().await
    }

    /// Whether the number that `sql` selects becomes 0 in time.
    async fn becomes_zero(&self, sql: &str) -> anyhow::Result<bool> {
        let waiting = async {
            while self.number(sql).await? > 0 {
                SystemClock.sleep(LOOK).await;
            }
            anyhow::Ok(())
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(outcome) => outcome.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// Asks until there is an answer: this process's connections were broken with the others.
    async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        let asking = async {
            loop {
                match self.db.number(sql, values![]).await {
                    Ok(number) => return number,
                    Err(_) => SystemClock.sleep(LOOK).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.context("the database does not answer")
    }
}

/// Enqueues events and writes down which, in the same transactions, until `stop`. A transaction
/// that fails is never repeated: whether it was committed is for the database to know, and its
/// numbers are not used again.
async fn produce(db: Db, stop: CancellationToken) -> anyhow::Result<u64> {
    let (wake, hush) = (Wake::default(), stop.clone());
    let (bell, told) = (wake.clone(), db.clone());
    let carrying = tokio::spawn(async move { bell.carry(&told, &SystemClock, &hush).await });
    let (mut next, mut refused) = (1, 0);
    while !stop.is_cancelled() {
        match batch(&db, next).await {
            Ok(()) => wake.ring(),
            Err(_) => refused += 1,
        }
        next += TOGETHER;
        SystemClock.sleep(PAUSE).await;
    }
    carrying.await?;
    db.close().await?;
    Ok(refused)
}

async fn batch(db: &Db, first: i64) -> Result<(), DbError> {
    let ids: Vec<String> = (first..first + TOGETHER).map(|id| id.to_string()).collect();
    let events: Vec<Counted> = (first..first + TOGETHER)
        .map(|id| Counted { id, millis: TURN_MILLIS, account: 0 })
        .collect();
    let now = SystemClock.now();
    let tx = db.begin().await?;
    let list = tx.backend().texts_of("$1");
    let sql = format!(
        "INSERT INTO bench_fact (id, at) \
         SELECT CAST(number AS BIGINT), $2 FROM ({list}) AS given (number)"
    );
    tx.exec(&sql, values![format!("[\"{}\"]", ids.join("\",\"")), now]).await?;
    engine::enqueue(&tx, now, &events, engine::due(now)).await?;
    tx.commit().await
}
