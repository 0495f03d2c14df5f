//! Chaos: builds the program that breaks things, starts servers for it, and starts each again
//! whenever it was broken.

use std::convert::Infallible;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use crate::bench::{Dispatch, build, durable_postgres};
use crate::test::{PrivateRedis, interrupted};

/// What is broken, and for how long.
#[derive(Debug, Args)]
pub(crate) struct ChaosArgs {
    /// How long each kind of trouble lasts.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Scenarios with this in their name; can be given again.
    #[arg(long)]
    only: Vec<String>,
    /// How events reach workers; `bullmq` needs `redis-server` and adds its troubles.
    #[arg(long, value_enum, default_value_t = Dispatch::Embedded)]
    dispatch: Dispatch,
    /// Nothing of what happens but the last line.
    #[arg(long)]
    json: bool,
    /// Passed on, such as `--concurrency 64`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

pub(crate) fn run(root: &Path, args: &ChaosArgs) -> anyhow::Result<()> {
    // One thread: the servers are told to end when the thread that started them does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = chaos(root, args) => outcome,
            name = interrupted() => bail!("stopped by {}", name?),
        }
    })
}

async fn chaos(root: &Path, args: &ChaosArgs) -> anyhow::Result<()> {
    let program = build(root).await?;
    let mut postgres = durable_postgres().await?;
    let mut redis = match args.dispatch {
        Dispatch::Embedded => None,
        Dispatch::Bullmq => Some(PrivateRedis::start().await.context("the private Redis")?),
    };
    let mut command = tokio::process::Command::new(program);
    command.arg("chaos").kill_on_drop(true).args(["--postgres", postgres.url()]);
    command.arg("--folder").arg(postgres.folder());
    command.args(["--seconds", &args.seconds.to_string()]);
    if let Some(server) = &redis {
        command.args(["--redis", server.url()]).arg("--redis-folder").arg(server.folder());
    }
    for part in &args.only {
        command.args(["--only", part]);
    }
    if args.json {
        command.arg("--json");
    }
    command.args(&args.more);
    let status = tokio::select! {
        status = command.status() => status.context("it cannot be started")?,
        failed = postgres.keep_up() => return over("PostgreSQL", failed),
        failed = keep_up(redis.as_mut()) => return over("Redis", failed),
    };
    ensure!(status.success(), "the engine did not survive everything: see above");
    Ok(())
}

async fn keep_up(redis: Option<&mut PrivateRedis>) -> anyhow::Result<Infallible> {
    match redis {
        Some(redis) => redis.keep_up().await,
        None => std::future::pending().await,
    }
}

/// Nobody can go on without that server.
fn over(name: &str, failed: anyhow::Result<Infallible>) -> anyhow::Result<()> {
    match failed.with_context(|| format!("{name} did not come back"))? {}
}
