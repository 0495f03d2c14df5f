//! `hashbuzz vault …`: changing the key that seals accesses.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::lock::Served;
use crate::settings::Settings;
use crate::wiring;

#[derive(Args)]
pub(crate) struct VaultArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Seal every access with `vault_key` that one of `vault_old_keys` has sealed. With SQLite,
    /// stop the server first.
    Reseal,
}

/// Seals anew.
///
/// # Errors
/// Settings that cannot be right; a value that no key opens.
pub(crate) async fn run(args: VaultArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    match args.act {
        Act::Reseal => {
            let _alone = Served::take(&settings.database_url)?;
            let db = wiring::database(settings).await?;
            let vault = wiring::vault(settings)?;
            let resealed = hashbuzz_app::account::reseal(&db, &vault).await?;
            println!("{resealed} accesses were sealed anew; `vault_old_keys` are not needed now");
            Ok(ExitCode::SUCCESS)
        }
    }
}
