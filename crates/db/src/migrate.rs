//! Migrations: numbered, run at start, all in one transaction, under a lock.
//!
//! The lock makes several processes that start together wait for the first (`pg_advisory_xact_lock`
//! on PostgreSQL, the write transaction itself on SQLite). A database that is newer than the
//! program is refused: an old program that guesses at new columns would lose what they say.
//! A migration that was applied is never edited: its digest is stored and compared.

use sea_orm::{ConnectionTrait as _, FromQueryResult};

use crate::{Backend, Db, DbError, Sql as _, Tx, values};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3, … without gaps over the whole program.
    pub version: i64,
    /// A name for people.
    pub name: &'static str,
    /// Statements for both databases; `{bytes}` stands for the type of bytes, and what follows
    /// `-- postgres: ` on a line is for PostgreSQL alone.
    pub sql: &'static str,
}

#[derive(FromQueryResult)]
struct Applied {
    version: i64,
    digest: i64,
}

/// Any fixed number: it names our lock among PostgreSQL's advisory locks.
const LOCK: i64 = 0x6861_7368_6275_7A7A;

/// Brings the database to the newest version and says which versions were applied now.
///
/// # Errors
/// [`DbError::Newer`], [`DbError::Changed`], or the failing statement's; nothing was changed then.
pub async fn migrate(db: &Db, migrations: &[Migration]) -> Result<Vec<i64>, DbError> {
    let tx = db.begin().await?;
    if tx.backend() == Backend::Postgres {
        // Rewriting a large table, or waiting for somebody who does, takes longer than a request.
        tx.inner
            .execute_unprepared(&format!(
                "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                 SELECT pg_advisory_xact_lock({LOCK})"
            ))
            .await?;
    }
    tx.exec(
        "CREATE TABLE IF NOT EXISTS schema_migration \
         (version BIGINT PRIMARY KEY, name TEXT NOT NULL, digest BIGINT NOT NULL)",
        values![],
    )
    .await?;
    let applied: Vec<Applied> =
        tx.all("SELECT version, digest FROM schema_migration ORDER BY version", values![]).await?;
    let known = migrations.last().map_or(0, |last| last.version);
    if let Some(newest) = applied.last().filter(|newest| newest.version > known) {
        return Err(DbError::Newer { found: newest.version, known });
    }
    let mut done = Vec::new();
    for migration in migrations {
        match applied.iter().find(|row| row.version == migration.version) {
            Some(row) if row.digest == digest(migration.sql) => {}
            Some(_) => {
                return Err(DbError::Changed { version: migration.version, name: migration.name });
            }
            None => {
                apply(&tx, migration).await?;
                done.push(migration.version);
            }
        }
    }
    tx.commit().await?;
    Ok(done)
}

async fn apply(tx: &Tx, migration: &Migration) -> Result<(), DbError> {
    let sql = match tx.backend() {
        Backend::Sqlite => migration.sql.replace("{bytes}", "BLOB"),
        Backend::Postgres => migration.sql.replace("{bytes}", "BYTEA").replace("-- postgres: ", ""),
    };
    tx.inner.execute_unprepared(&sql).await?;
    tx.exec(
        "INSERT INTO schema_migration (version, name, digest) VALUES ($1, $2, $3)",
        values![migration.version, migration.name, digest(migration.sql)],
    )
    .await?;
    Ok(())
}

/// FNV-1a, 64 bits: tells an edited migration from an unedited one; nothing secret hangs on it.
fn digest(sql: &str) -> i64 {
    let hash = sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    i64::from_ne_bytes(hash.to_ne_bytes())
}
