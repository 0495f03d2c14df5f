//! Database errors.

use sea_orm::{DbErr, SqlErr};

/// What went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address is not one that this program understands.
    #[error("`{0}` is not a database address: use sqlite:PATH or postgres://USER@HOST/NAME")]
    Url(String),
    /// The database was written by a newer program.
    #[error(
        "the database has schema version {found}, this program knows up to {known}: \
         start the program that wrote it, or a newer one"
    )]
    Newer {
        /// Version found.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// A migration that was applied reads differently now.
    #[error("migration {version} ({name}) was changed after it was applied to this database")]
    Changed {
        /// Its number.
        version: i64,
        /// Its name.
        name: &'static str,
    },
    /// A row that should exist does not.
    #[error("{0}")]
    Missing(&'static str),
    /// A stored value that this program cannot read.
    #[error("a stored value makes no sense: {0}")]
    Corrupt(String),
    /// The database did not answer in time; whether it did what was asked is not known.
    #[error("the database did not answer: {what} took more than {seconds} s")]
    Slow {
        /// What was asked.
        what: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// Something is too large to be stored.
    #[error("{what} has {bytes} bytes, and {limit} is the most")]
    TooLarge {
        /// What it is.
        what: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Anything the driver reports.
    #[error(transparent)]
    Query(#[from] DbErr),
}

impl DbError {
    /// Whether a unique constraint refused the statement.
    pub fn is_unique_violation(&self) -> bool {
        match self {
            Self::Query(error) => {
                matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
            }
            _ => false,
        }
    }
}
