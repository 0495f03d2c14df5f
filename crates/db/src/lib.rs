//! Connections, transactions and migrations on SQLite and PostgreSQL, from one code base.
//!
//! SQL is written once, with `$1` parameters, which both databases read. Where they differ
//! ([`Backend::skip_locked`], the type for bytes in a migration) the difference has a name here
//! and nowhere else. Every write transaction goes through [`Db::begin`]: on SQLite it takes the
//! one writer's turn in this process and then `BEGIN IMMEDIATE`, because a deferred transaction
//! that upgrades fails with "database is locked" however long it waits (99 of 160 in a trial).

mod error;
mod migrate;
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
pub use sea_orm::{FromQueryResult, Value};
pub use sql::Sql;

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
        let (pool, backend) = open::open(url).await?;
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
    /// [`DbError::Query`] when no connection is free in time.
    pub async fn begin(&self) -> Result<Tx, DbError> {
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
        self.inner.commit().await?;
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
