//! `hashbuzz doctor`: what is wrong, and what to do about it.

use std::process::ExitCode;

use anyhow::Context as _;
use hashbuzz_app::audit::verify;
use hashbuzz_app::ops::check_books;
use hashbuzz_db::Db;
use hashbuzz_domain::{Amount, Asset};
use hashbuzz_outbox::operator::table_health;
use hashbuzz_outbox::{dead_letters, effect};

use crate::settings::Settings;
use crate::wiring;

/// Looks at everything, changes nothing. Fails when something needs a person.
///
/// # Errors
/// Settings that cannot be right; a database or ledger that cannot be reached.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let db = Db::open(&settings.database_url).await.context("database_url")?;
    println!("database  ok");
    table(&db).await?;
    let app = wiring::app(&settings, db.clone()).await?;
    println!("ledger    ok: escrow {}", app.ledger.escrow().contract);
    let report = check_books(&app).await?;
    let hbar = |units| Amount::new(units, Asset::Hbar);
    println!(
        "books     {} campaigns; the contract holds {}, campaigns are owed {}",
        report.campaigns,
        hbar(report.held),
        hbar(report.owed)
    );
    let mut well = report.held >= report.owed;
    if !well {
        println!("books     WRONG: the contract holds less than campaigns are owed");
    }
    for mismatch in &report.mismatches {
        well = false;
        println!("books     WRONG in {}: {}", mismatch.campaign, mismatch.what);
    }
    well &= log_is_intact(&db).await?;
    for event in dead_letters(&db, 20).await? {
        well = false;
        let why = event.last_error.unwrap_or_default();
        println!("events    dead: {} {} ({why})", event.kind, event.key.unwrap_or_default());
    }
    for effect in effect::open_effects(&db, 20).await? {
        well &= effect.state != effect::State::NeedsPerson;
        println!(
            "effects   {}: {} {} #{}",
            effect.state.as_str(),
            effect.key,
            effect.step,
            effect.sequence
        );
    }
    println!("{}", if well { "all is well" } else { "something needs a person" });
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Dead rows of the event table, and what keeps them: PostgreSQL's only.
async fn table(db: &Db) -> anyhow::Result<()> {
    let Some(seen) = table_health(db).await? else { return Ok(()) };
    let vacuumed = match seen.vacuumed_ago {
        Some(seconds) => format!("{seconds} s ago"),
        None => "never".to_owned(),
    };
    println!(
        "table     event: {} rows, {} dead, last autovacuum {vacuumed}; the oldest transaction is \
         {} s old (docs/runbooks/outbox-grows.md)",
        seen.live, seen.dead, seen.oldest_transaction
    );
    Ok(())
}

/// Whether the audit log is as it was written.
async fn log_is_intact(db: &Db) -> anyhow::Result<bool> {
    let found = verify(db).await?;
    match &found.broken {
        None => println!("audit     {} entries, last hash {}", found.entries, found.last_hash),
        Some(broken) => {
            println!("audit     WRONG at entry {}: {}", broken.sequence, broken.what);
        }
    }
    Ok(found.broken.is_none())
}
