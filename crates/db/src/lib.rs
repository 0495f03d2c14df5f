//! Connections, transactions and migrations on SQLite and PostgreSQL, from one code base.
//!
//! SQL is written once, with `$1` parameters, which both databases read. Where they differ
//! ([`Backend::skip_locked`], the type for bytes in a migration) the difference has a name here
//! and nowhere else. Every write transaction goes through [`Db::begin`]: on SQLite it takes the
//! one writer's turn in this process and then `BEGIN IMMEDIATE`, because a deferred transaction
//! that upgrades fails with "database is locked" however long it waits (99 of 160 in a trial).

mod error;
mod limit;
mod migrate;
mod notify;
mod open;
mod sql;
#[cfg(feature = "testing")]
pub mod testing;

use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

pub use error::DbError;
pub use migrate::{Migration, migrate};
pub use notify::Listener;
pub use sea_orm::{FromQueryResult, Value};
pub use sql::Sql;

/// Connections at a time where nobody says otherwise: enough for the turns of one process.
pub const DEFAULT_CONNECTIONS: u32 = 12;

/// Which database answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file, one writer, one server process.
    Sqlite,
    /// PostgreSQL 15 or newer.
    Postgres,
}

impl Backend {
    /// The clause that lets several claimers pass each other. SQLite has one writer and needs none.
    pub const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// The clause that makes a read in a transaction hold its row until the end.
    pub const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE",
        }
    }

    /// A query with one row for each text in the JSON array `list`, such as `$1`. One parameter
    /// for any number of texts: the statement stays the same, and with it its plan.
    pub fn texts_of(self, list: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT value FROM json_each({list})"),
            Self::Postgres => {
                format!("SELECT jsonb_array_elements_text(CAST({list} AS JSONB))")
            }
        }
    }
}

/// A database. Cheap to clone; reads go straight to it, writes through [`Db::begin`].
#[derive(Clone)]
pub struct Db {
    pool: DatabaseConnection,
    backend: Backend,
    turn: Option<Arc<Mutex<()>>>,
}

impl Db {
    /// Opens `sqlite:PATH` (created when missing) or `postgres://…`.
    ///
    /// # Errors
    /// [`DbError::Url`] for any other scheme; [`DbError::Query`] when it cannot be reached.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        Self::open_with(url, DEFAULT_CONNECTIONS).await
    }

    /// As [`Db::open`], with at most `connections` at a time.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_with(url: &str, connections: u32) -> Result<Self, DbError> {
        let (pool, backend) = open::open(url, connections.max(2)).await?;
        let turn = (backend == Backend::Sqlite).then(|| Arc::new(Mutex::new(())));
        Ok(Self { pool, backend, turn })
    }

    /// Which database this is.
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// Begins a write transaction. Dropping it without [`Tx::commit`] rolls back.
    ///
    /// # Errors
    /// [`DbError::Slow`] and [`DbError::Query`] when neither the writer's turn nor a connection is
    /// free in time.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        limit::within("a transaction to begin", async {
            let turn = match &self.turn {
                Some(turn) => Some(Arc::clone(turn).lock_owned().await),
                None => None,
            };
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            };
            let inner = self.pool.begin_with_options(options).await?;
            Ok(Tx { inner, backend: self.backend, _turn: turn })
        })
        .await
    }

    /// Runs one statement as a transaction of its own, and says how many rows it changed.
    ///
    /// # Errors
    /// As [`Db::begin`]; the database's.
    pub async fn write(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        if self.backend == Backend::Postgres {
            // It commits by itself: one trip to the server instead of three.
            return self.exec(sql, values).await;
        }
        let tx = self.begin().await?;
        let changed = tx.exec(sql, values).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// As [`Db::write`], for a statement that returns rows.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_all<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DbError> {
        if self.backend == Backend::Postgres {
            return self.all(sql, values).await;
        }
        let tx = self.begin().await?;
        let rows = tx.all(sql, values).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Closes all connections. What is committed stays.
    ///
    /// # Errors
    /// [`DbError::Query`] when a connection cannot be closed cleanly.
    pub async fn close(self) -> Result<(), DbError> {
        Ok(self.pool.close().await?)
    }
}

/// A write transaction.
pub struct Tx {
    inner: DatabaseTransaction,
    backend: Backend,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Tx {
    /// Which database this is.
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// Makes everything done in it permanent, or nothing.
    ///
    /// # Errors
    /// [`DbError::Query`]; whether it was committed is then for the next read to tell.
    pub async fn commit(self) -> Result<(), DbError> {
        hashbuzz_crash::point!("db.commit.before");
        limit::within("a commit", async { Ok(self.inner.commit().await?) }).await?;
        // What is committed and nobody knows of it: the moment that a retry has to survive.
        hashbuzz_crash::point!("db.commit.after");
        Ok(())
    }
}

/// The values of a statement, in the order of `$1`, `$2`, …
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}
