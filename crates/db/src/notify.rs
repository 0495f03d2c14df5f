//! Waking other processes. PostgreSQL's `NOTIFY` does it, on a connection and in a moment of its own:
//! inside the transaction that stores the work it would make all commits wait for each other (it
//! cut throughput to a third in our measurement). SQLite has one process, which needs no waking.

use sea_orm::sqlx::postgres::PgListener;

use crate::{Backend, Db, DbError, Sql as _, values};

/// Hears what other processes say on one channel.
pub struct Listener(PgListener);

impl Db {
    /// Says something happened to whoever listens to `channel` in any process.
    ///
    /// # Errors
    /// The database's.
    pub async fn notify(&self, channel: &str) -> Result<(), DbError> {
        if self.backend() == Backend::Postgres {
            self.exec("SELECT pg_notify($1, '')", values![channel]).await?;
        }
        Ok(())
    }

    /// Listens to `channel`, on a connection of its own; none where there is nobody to hear.
    ///
    /// # Errors
    /// [`DbError::Query`] when no connection can be had.
    pub async fn listen(&self, channel: &str) -> Result<Option<Listener>, DbError> {
        if self.backend() != Backend::Postgres {
            return Ok(None);
        }
        let options = self.pool.get_postgres_connection_pool().connect_options();
        // A pool of its own: a listener holds its connection for as long as it lives.
        let pool = sea_orm::sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with((*options).clone());
        let mut listener = PgListener::connect_with(&pool).await.map_err(driver)?;
        listener.listen(channel).await.map_err(driver)?;
        Ok(Some(Listener(listener)))
    }
}

impl Listener {
    /// Returns when something was said; connects anew by itself.
    ///
    /// # Errors
    /// [`DbError::Query`] when the connection is lost and cannot be made anew.
    pub async fn heard(&mut self) -> Result<(), DbError> {
        self.0.recv().await.map(drop).map_err(driver)
    }
}

fn driver(error: sea_orm::sqlx::Error) -> DbError {
    sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())).into()
}
