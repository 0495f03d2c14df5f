//! The crash matrix: builds the program with its points armed, starts what it needs, and lets the
//! simulator kill it everywhere.
//!
//! The armed program is moved out of the build's folder, so that nobody finds it under the name of
//! the real one; the next build puts that one back.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};

use crate::test::{PrivateRedis, cargo, interrupted, postgres};
use crate::{step, target};

/// Which part of the matrix is run, and on what.
#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// Where the program keeps what it knows.
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
    /// How events reach workers; `bullmq` needs `redis-server`.
    #[arg(long, value_enum, default_value_t = Dispatch::Embedded)]
    dispatch: Dispatch,
    /// Draws samples and pairs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A sample that fits into three minutes, for every change.
    #[arg(long)]
    short: bool,
    /// Builds as it would be shipped: the build takes longer, the lives take less.
    #[arg(long)]
    release: bool,
    /// Passed on to the simulator, such as `--points 100`, `--only db.commit`, `--lanes 6`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Dispatch {
    Embedded,
    Bullmq,
}

/// Lives of the short form begin within so many seconds, and take a few more to end.
const SHORT: [&str; 6] = ["--seconds", "100", "--points", "70", "--pairs", "25"];

pub(crate) fn run(root: &Path, args: &MatrixArgs) -> anyhow::Result<()> {
    ensure!(
        (args.store, args.dispatch) != (Store::Sqlite, Dispatch::Bullmq),
        "an SQLite file has one server, so there is nobody to dispatch to: take --store postgres"
    );
    // One thread: the servers are told to end when the thread that started them does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = matrix(root, args) => outcome,
            name = interrupted() => bail!("stopped by {}", name?),
        }
    })
}

async fn matrix(root: &Path, args: &MatrixArgs) -> anyhow::Result<()> {
    build(root, args.release).await?;
    let target = target(root);
    let built = target.join(if args.release { "release" } else { "debug" });
    let home = target.join("crash-matrix");
    std::fs::create_dir_all(&home)?;
    let program = home.join("hashbuzz");
    std::fs::rename(built.join("hashbuzz"), &program).context("the armed program")?;
    let postgres = match args.store {
        Store::Sqlite => None,
        Store::Postgres => Some(postgres::start().await.context("the private PostgreSQL")?),
    };
    let redis = match args.dispatch {
        Dispatch::Embedded => None,
        Dispatch::Bullmq => Some(PrivateRedis::start().await.context("the private Redis")?),
    };
    let mut command = tokio::process::Command::new(built.join("hashbuzz-simulator"));
    command.arg("crash-matrix").arg("--program").arg(&program);
    command.arg("--folder").arg(home.join("lives")).args(["--seed", &args.seed.to_string()]);
    if let Some(server) = &postgres {
        command.args(["--postgres", server.url()]);
    }
    if let Some(server) = &redis {
        command.args(["--redis", server.url()]);
    }
    if args.short {
        command.args(SHORT);
    }
    command.args(&args.more).kill_on_drop(true);
    let status = command.status().await.context("the simulator cannot be started")?;
    ensure!(status.success(), "the matrix is not clean: see the findings above");
    Ok(())
}

async fn build(root: &Path, release: bool) -> anyhow::Result<()> {
    step("cargo build, with the points armed");
    let status = cargo(root)
        .args(["build", "--bins", "-p", "hashbuzz-cli", "-p", "hashbuzz-simulator"])
        .args(["--features", "hashbuzz-cli/crash-points"])
        .args(release.then_some("--release"))
        .status()
        .await
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the build failed");
    Ok(())
}
