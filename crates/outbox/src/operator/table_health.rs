//! What PostgreSQL says about the event table: rows come and go there by the thousand, and a
//! transaction that stays open keeps the dead ones.

use hashbuzz_db::{Backend, DbError, FromQueryResult, Sql, values};

/// How the event table is.
#[derive(Clone, Debug, FromQueryResult)]
pub struct TableHealth {
    /// Rows, about.
    pub live: i64,
    /// Versions of rows that nobody needs any more and that were not swept yet, about.
    pub dead: i64,
    /// Seconds since autovacuum was last there, if it ever was.
    pub vacuumed_ago: Option<i64>,
    /// The age of the oldest open transaction of this database, in seconds.
    pub oldest_transaction: i64,
}

/// How the event table is; nothing on SQLite, which sweeps as it goes.
///
/// # Errors
/// The database's.
pub async fn table_health(db: &impl Sql) -> Result<Option<TableHealth>, DbError> {
    if db.backend() == Backend::Sqlite {
        return Ok(None);
    }
    db.one(
        "SELECT t.n_live_tup AS live, t.n_dead_tup AS dead, \
         CAST(EXTRACT(EPOCH FROM clock_timestamp() - t.last_autovacuum) AS BIGINT) AS vacuumed_ago, \
         COALESCE((SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - MIN(a.xact_start)) AS BIGINT) \
           FROM pg_stat_activity a WHERE a.datname = current_database() \
           AND a.pid <> pg_backend_pid()), 0) AS oldest_transaction \
         FROM pg_stat_user_tables t WHERE t.relname = 'event' AND t.schemaname = ANY (current_schemas(FALSE))",
        values![],
    )
    .await
}
