//! `hashbuzz migrate`.

use std::process::ExitCode;

use anyhow::Context as _;
use hashbuzz_app::MIGRATIONS;
use hashbuzz_db::{Db, migrate};

use crate::settings::Settings;

/// Brings the database to this program's schema.
///
/// # Errors
/// A database that cannot be reached, is newer, or was changed by hand.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let db = Db::open(&settings.database_url).await.context("database_url")?;
    let applied = migrate(&db, MIGRATIONS).await?;
    if applied.is_empty() {
        println!("the database has this program's schema; nothing to do");
    }
    for version in applied {
        println!("applied migration {version}");
    }
    Ok(ExitCode::SUCCESS)
}
