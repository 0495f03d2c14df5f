//! One server a SQLite file: held by a lock on a file beside it, which the system lets go when the
//! process ends, however it ends.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use fs4::fs_std::FileExt as _;

/// The right to serve a database. Nothing for PostgreSQL, which takes any number.
pub(crate) struct Served(Option<File>);

impl Served {
    /// Takes the lock of `database_url`.
    ///
    /// # Errors
    /// Somebody else serves it.
    pub(crate) fn take(database_url: &str) -> anyhow::Result<Self> {
        let Some(path) = file_of(database_url) else { return Ok(Self(None)) };
        let path = path.with_extension("lock");
        let file =
            File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        if !file.try_lock_exclusive().context("cannot lock")? {
            bail!(
                "another process serves this SQLite database ({} is locked): stop it, or use \
                 PostgreSQL, which several processes can share",
                path.display()
            );
        }
        Ok(Self(Some(file)))
    }

    /// Whether there is a lock at all.
    pub(crate) const fn is_exclusive(&self) -> bool {
        self.0.is_some()
    }
}

fn file_of(database_url: &str) -> Option<PathBuf> {
    let rest = database_url.strip_prefix("sqlite:")?;
    let path = rest.trim_start_matches("//").split('?').next()?;
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}
