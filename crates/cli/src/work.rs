//! `hashbuzz work`: workers without an API, as many processes on as many machines as are needed.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use hashbuzz_outbox::Queue;

use crate::loops::{Loops, Means};
use crate::settings::Settings;
use crate::{dispatch, wiring};

#[derive(Args)]
pub(crate) struct WorkArgs {
    /// Serve these queues only, separated by commas: social, ledger, closing, housekeeping.
    #[arg(long, value_delimiter = ',', value_parser = queue)]
    queues: Vec<Queue>,
}

/// Works until the process is asked to end.
///
/// # Errors
/// Settings that cannot be right, a database, network or ledger that cannot be reached.
pub(crate) async fn run(args: WorkArgs, settings: Settings) -> anyhow::Result<ExitCode> {
    if dispatch::is_sqlite(&settings) {
        bail!(
            "`hashbuzz work` needs PostgreSQL: an SQLite file is served by one process, and \
             `hashbuzz serve` does all that there is to do"
        );
    }
    let named = |queue: &Queue| args.queues.is_empty() || args.queues.contains(queue);
    let queues: Vec<Queue> = Queue::ALL.into_iter().filter(named).collect();
    let broker = dispatch::broker(&settings, &queues)?;
    let app = wiring::app(&settings, wiring::database(&settings).await?).await?;
    let mut loops = Loops::new(Means::of(&app), wiring::hurried(broker));
    loops.work(&app, "work", &queues, settings.workers).await?;
    let names: Vec<&str> = queues.iter().map(|queue| queue.as_str()).collect();
    println!("{}", serde_json::json!({ "ready": "work", "queues": names }));
    tracing::info!(?names, "working");
    loops.until_asked_to_end().await?;
    Ok(ExitCode::SUCCESS)
}

fn queue(name: &str) -> Result<Queue, String> {
    Queue::named(name).ok_or_else(|| {
        let known: Vec<&str> = Queue::ALL.iter().map(|queue| queue.as_str()).collect();
        format!("there is no such queue; there are {}", known.join(", "))
    })
}
