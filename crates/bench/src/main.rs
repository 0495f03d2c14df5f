//! What the event engine reaches on this machine, and what it survives.
//!
//! A program of its own, so that the product carries none of it. `cargo xtask bench engine` starts
//! it with servers of its own; every task ends with one line of JSON that holds all its figures.

mod cells;
mod chaos;
mod engine;
mod facts;
mod figures;
mod load;
mod machine;
mod messages;
mod meter;
mod place;
mod settings;
mod worker;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use settings::Task;

fn main() -> ExitCode {
    let task = Task::parse();
    // The engine's warnings belong to the figures; slow statements are figures, and what chaos
    // does to the connections of this process is no news.
    let chaos = matches!(task, Task::Chaos(_));
    let quiet = || EnvFilter::new(if chaos { "off" } else { "warn,sqlx=error" });
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| quiet()))
        .init();
    match begin(task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("hashbuzz-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether everything was as it should be.
fn begin(task: Task) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let outcome = match task {
        Task::Engine(args) => runtime.block_on(cells::run(&args)),
        Task::Chaos(args) => runtime.block_on(chaos::run(&args)),
        Task::Worker(args) => runtime.block_on(worker::run(&args)).map(|()| true),
    };
    // Whoever still reads standard input would be waited for.
    runtime.shutdown_background();
    outcome
}
