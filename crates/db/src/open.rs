//! Opening a database, with the settings that the promises rest on.

use std::str::FromStr as _;
use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::{DatabaseConnection, DbErr, SqlxPostgresConnector, SqlxSqliteConnector};

use crate::{Backend, DbError};

/// No call may wait longer for a lock or a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that was used so recently is used again without asking whether it still works. It
/// was asked when it was given back; asking each time would cost every transaction one trip more.
const FRESH: Duration = Duration::from_secs(1);

pub(crate) async fn open(
    url: &str,
    connections: u32,
) -> Result<(DatabaseConnection, Backend), DbError> {
    if url.starts_with("sqlite:") {
        Ok((sqlite(url, connections).await?, Backend::Sqlite))
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok((postgres(url, connections).await?, Backend::Postgres))
    } else {
        Err(DbError::Url(redact(url)))
    }
}

/// WAL lets readers pass the writer; `synchronous=FULL` because what we called committed must
/// survive a power cut: it is money.
async fn sqlite(url: &str, connections: u32) -> Result<DatabaseConnection, DbError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| DbError::Url(redact(url)))?
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE);
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(|error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())))?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Our tables hold a few live rows among many dead ones, or were empty when they were last analysed, so
/// estimates are off by orders of magnitude in both directions. Every statement of ours finds its rows
/// through an index, in that index's order; what the planner might prefer for a while is switched off:
///
/// - JIT: claims took 25 ms, of which 23 were compilation, until autovacuum had come by.
/// - Bitmap scans lose the order of the index: where few rows were expected, a claim read and sorted
///   everything that waits to find its first fifty.
/// - Sequential scans: right for a table that was empty a minute ago, and kept for one that is not.
/// - Plans for each execution: from the first analysis on, finishing an event was planned anew each
///   time, for longer than it took (0.12 and 0.06 ms).
async fn postgres(url: &str, connections: u32) -> Result<DatabaseConnection, DbError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| DbError::Url(redact(url)))?
        .application_name("hashbuzz")
        .options([
            ("statement_timeout", "10s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("jit", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_seqscan", "off"),
            ("plan_cache_mode", "force_generic_plan"),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, seen| {
            Box::pin(async move {
                if seen.idle_for >= FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(|error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())))?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// An address without what may be a password in it.
fn redact(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.to_owned(),
    }
}
