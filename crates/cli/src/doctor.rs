//! `hashbuzz doctor`: what is wrong, and what to do about it.

use std::process::ExitCode;

use anyhow::Context as _;
use hashbuzz_app::App;
use hashbuzz_app::audit::verify;
use hashbuzz_app::ops::check_books;
use hashbuzz_db::Db;
use hashbuzz_domain::{Amount, Asset};
use hashbuzz_outbox::operator::table_health;
use hashbuzz_outbox::{dead_letters, effect};
use hashbuzz_outbox_bullmq::examine;

use crate::agreement::Agreement;
use crate::dispatch::Dispatch;
use crate::settings::Settings;
use crate::{dispatch, wiring};

/// The only value of `maxmemory-policy` with which Redis keeps what it was given.
const KEEPS: &str = "noeviction";

/// Looks at everything, changes nothing. Fails when something needs a person.
///
/// # Errors
/// Settings that cannot be right; a database or ledger that cannot be reached.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let db = Db::open(&settings.database_url).await.context("database_url")?;
    println!("database  ok");
    table(&db).await?;
    let mut well = clocks_agree(&db).await?;
    well &= redis(&settings).await?;
    let app = wiring::app(&settings, db.clone()).await?;
    println!("ledger    ok: escrow {}", app.ledger.escrow().contract);
    well &= can_pay(&app).await?;
    let report = check_books(&app).await?;
    let hbar = |units| Amount::new(units, Asset::Hbar);
    println!(
        "books     {} campaigns; the contract holds {}, campaigns are owed {}",
        report.campaigns,
        hbar(report.held),
        hbar(report.owed)
    );
    if report.held < report.owed {
        well = false;
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

/// Whether the operator's account has enough to pay fees from.
async fn can_pay(app: &App) -> anyhow::Result<bool> {
    let left = app.ledger.operator_balance().await?;
    let shown = Amount::new(left, Asset::Hbar);
    let well = left >= app.settings.low_balance;
    if well {
        println!("operator  ok: {shown} to pay fees from");
    } else {
        let least = Amount::new(app.settings.low_balance, Asset::Hbar);
        println!("operator  WRONG: {shown} to pay fees from, less than {least}: top it up");
    }
    Ok(well)
}

/// Whether processes on this machine may work beside those on others.
async fn clocks_agree(db: &Db) -> anyhow::Result<bool> {
    let Some(found) = Agreement::of(db).await? else { return Ok(true) };
    let well = !found.is_too_poor();
    let word = match (well, found.is_poor()) {
        (false, _) => "WRONG, no process starts: ",
        (true, true) => "WARNING: ",
        (true, false) => "ok: ",
    };
    println!("clock     {word}{found}");
    Ok(well)
}

/// Whether Redis is as it should be, where there is one. Without it events wait that go through it;
/// what it counts otherwise, the database counts.
async fn redis(settings: &Settings) -> anyhow::Result<bool> {
    let Some(redis) = dispatch::redis(settings)? else { return Ok(true) };
    let dispatches = settings.dispatch == Dispatch::BullMq;
    let facts = match examine(&redis).await {
        Ok(facts) => facts,
        Err(error) if !dispatches => {
            println!(
                "redis     WARNING: {error}; the database keeps the network's windows meanwhile"
            );
            return Ok(true);
        }
        Err(error) => {
            println!("redis     WRONG: events wait; {error}");
            return Ok(false);
        }
    };
    let version = if facts.version.is_empty() { "of unknown version" } else { &facts.version };
    println!("redis     ok: {version} at {}", redis.place());
    if !dispatches {
        return Ok(true);
    }
    if facts.eviction.is_empty() {
        println!("redis     does not tell its maxmemory-policy; it has to be {KEEPS}");
    } else if facts.eviction != KEEPS {
        println!(
            "redis     WARNING: maxmemory-policy is {}, so jobs vanish when its memory is full and \
             come half a minute late; set it to {KEEPS}",
            facts.eviction
        );
    }
    Ok(true)
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
