//! Where a cell works: a database of its own, with the engine's tables and ours.
//!
//! Dead tuples, statistics and bloat of one cell would be measured in the next one otherwise.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use hashbuzz_db::{Db, FromQueryResult, Migration, Sql as _, Tx, migrate, values};
use hashbuzz_outbox::{Clock as _, SystemClock};
use serde::Serialize;

use crate::engine::{self, Hears, Working};
use crate::messages::Bench;
use crate::settings::{Setup, Store};

/// Where databases are made.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Any database of the server; empty for SQLite.
    pub(crate) url: String,
    /// A folder on the same disk; SQLite's files go there.
    pub(crate) folder: PathBuf,
    pub(crate) store: Store,
    pub(crate) setup: Setup,
}

impl Server {
    /// Makes an empty database with every table.
    pub(crate) async fn database(&self, name: &str) -> anyhow::Result<Place> {
        let name = format!("bench_{name}_{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
        let url = match self.store {
            Store::Sqlite => format!("sqlite:{}", self.folder.join(&name).display()),
            Store::Postgres => {
                self.command(&format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
                let (place, _) = self.url.rsplit_once('/').context("an address ends in a name")?;
                format!("{place}/{name}")
            }
        };
        let db = engine::open(&url, &self.setup).await?;
        migrate(&db, &migrations()).await?;
        let shared = match self.store {
            Store::Sqlite => Some(db),
            Store::Postgres => {
                db.close().await?;
                None
            }
        };
        Ok(Place { server: self.clone(), name, url, shared })
    }

    async fn command(&self, sql: &str) -> anyhow::Result<()> {
        let db = Db::open(&self.url).await?;
        let outcome = db.exec(sql, values![]).await;
        db.close().await?;
        outcome?;
        Ok(())
    }
}

/// The engine's tables as the product makes them, and what the cells write.
fn migrations() -> Vec<Migration> {
    let mut sql = engine::SCHEMAS.to_vec();
    sql.push(("bench", TABLES));
    (1..).zip(sql).map(|(version, (name, sql))| Migration { version, name, sql }).collect()
}

/// `bench_state` is what a transactional handler changes, `bench_fact` what was enqueued (written
/// by the enqueuing transaction), `bench_done` what was handled (written by the finishing one).
const TABLES: &str = "
CREATE TABLE bench_state (key TEXT PRIMARY KEY, n BIGINT NOT NULL);
CREATE TABLE bench_fact (id BIGINT PRIMARY KEY, at BIGINT NOT NULL);
CREATE TABLE bench_done (id BIGINT PRIMARY KEY, times BIGINT NOT NULL, at BIGINT NOT NULL, \
  worker TEXT NOT NULL);
";

/// A database for one cell.
pub(crate) struct Place {
    server: Server,
    name: String,
    pub(crate) url: String,
    /// SQLite has one writer a process: everybody in it shares its turn.
    shared: Option<Db>,
}

impl Place {
    /// Connections of one's own, where the database has several.
    pub(crate) async fn open(&self) -> anyhow::Result<Db> {
        match &self.shared {
            Some(db) => Ok(db.clone()),
            None => Ok(engine::open(&self.url, &self.server.setup).await?),
        }
    }

    /// An engine in this process that works here.
    pub(crate) fn work(&self, bench: Bench, hears: Hears) -> anyhow::Result<Working> {
        Working::start(bench, &self.server.setup, &self.name, hears)
    }

    /// The database's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where processes may write down what happens to them.
    pub(crate) fn log(&self) -> PathBuf {
        self.server.folder.join(format!("{}.log", self.name))
    }

    /// Keys in Redis that are this cell's own.
    pub(crate) fn prefix(&self) -> &str {
        &self.name
    }

    /// What its engines are set to.
    pub(crate) const fn setup(&self) -> &Setup {
        &self.server.setup
    }

    /// Holds a snapshot open; PostgreSQL only.
    pub(crate) async fn snapshot(&self) -> anyhow::Result<Snapshot> {
        let db = Db::open(&self.url).await?;
        let tx = db.begin().await?;
        tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", values![]).await?;
        tx.exec("SET LOCAL idle_in_transaction_session_timeout = 0", values![]).await?;
        tx.number("SELECT COUNT(*) AS n FROM bench_state", values![]).await?;
        Ok(Snapshot { db, tx })
    }

    /// The numbers of the events that recorded that they were handled.
    pub(crate) async fn done(&self, db: &Db) -> anyhow::Result<Vec<i64>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: i64,
        }
        let rows: Vec<Row> = db.all("SELECT id FROM bench_done", values![]).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Closes what [`Place::open`] gave.
    pub(crate) async fn close(&self, db: Db) -> anyhow::Result<()> {
        if self.shared.is_none() {
            db.close().await?;
        }
        Ok(())
    }

    /// Removes the database.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        match self.shared {
            None => self.server.command(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await,
            Some(db) => {
                db.close().await?;
                std::fs::remove_file(self.server.folder.join(&self.name))?;
                Ok(())
            }
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.shared.is_none()
    }

    /// What the server counted so far. Complete once every other connection is closed: a server
    /// process tells its figures at most once a second, and when it ends.
    pub(crate) async fn counted(&self) -> anyhow::Result<Option<Counted>> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let db = Db::open(&self.url).await?;
        let number = async |sql: &str| db.number(sql, values![]).await;
        let counted = Counted {
            wal: number("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint AS n").await?,
            // Newer servers count them elsewhere.
            syncs: number("SELECT wal_sync AS n FROM pg_stat_wal").await.ok(),
            commits: number(
                "SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()",
            )
            .await?,
        };
        db.close().await?;
        Ok(Some(counted))
    }

    /// Fails unless nothing is due and nothing gave up; deferred events of a later day may wait.
    pub(crate) async fn nothing_due(&self, db: &Db) -> anyhow::Result<()> {
        let next = hashbuzz_outbox::next_due(db).await?;
        let due = next.is_some_and(|next| next <= SystemClock.now());
        ensure!(!due, "due events were left in {}", self.name);
        self.nobody_gave_up(db).await
    }

    /// Fails unless nothing waits and nothing gave up.
    pub(crate) async fn nothing_left(&self, db: &Db) -> anyhow::Result<()> {
        let waits = hashbuzz_outbox::waiting(db, None, 1).await?;
        ensure!(waits.is_empty(), "events were left in {}: {waits:?}", self.name);
        self.nobody_gave_up(db).await
    }

    async fn nobody_gave_up(&self, db: &Db) -> anyhow::Result<()> {
        let dead = hashbuzz_outbox::dead_letters(db, 1).await?;
        ensure!(dead.is_empty(), "dead letters in {}: {dead:?}", self.name);
        Ok(())
    }
}

/// The server's own figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    wal: i64,
    syncs: Option<i64>,
    commits: i64,
}

/// What a job costs the server.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) wal_bytes: u64,
    pub(crate) commits: f64,
    pub(crate) wal_syncs: Option<f64>,
}

impl Counted {
    /// The cost of each of `jobs` since `before`.
    pub(crate) fn since(&self, before: &Self, jobs: u64) -> Cost {
        let grown = |now: i64, then: i64| u64::try_from(now - then).unwrap_or(0);
        Cost {
            wal_bytes: grown(self.wal, before.wal) / jobs.max(1),
            commits: crate::figures::ratio(grown(self.commits, before.commits), jobs),
            wal_syncs: self
                .syncs
                .zip(before.syncs)
                .map(|(now, then)| crate::figures::ratio(grown(now, then), jobs)),
        }
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes of WAL, {} commits", self.wal_bytes, self.commits)
    }
}

/// A snapshot that somebody holds open.
pub(crate) struct Snapshot {
    /// Other connections of whoever holds it.
    pub(crate) db: Db,
    tx: Tx,
}

impl Snapshot {
    pub(crate) async fn release(self) -> anyhow::Result<()> {
        // It has to be there still: a server that ended it would have made the measuring easy.
        self.tx.number("SELECT COUNT(*) AS n FROM bench_state", values![]).await?;
        self.tx.commit().await?;
        Ok(self.db.close().await?)
    }
}

/// Dead versions of rows in the engine's hot table, by the server's estimate.
pub(crate) async fn dead_tuples(db: &Db) -> anyhow::Result<u64> {
    let sql = "SELECT n_dead_tup AS n FROM pg_stat_user_tables WHERE relname = $1";
    Ok(u64::try_from(db.number(sql, values!["event"]).await?).unwrap_or(0))
}

/// Bytes of the engine's hot table with its indexes.
pub(crate) async fn table_bytes(db: &Db) -> anyhow::Result<u64> {
    let sql = "SELECT pg_total_relation_size(relid) AS n FROM pg_stat_user_tables \
               WHERE relname = $1";
    Ok(u64::try_from(db.number(sql, values!["event"]).await?).unwrap_or(0))
}
