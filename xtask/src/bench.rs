//! The benchmarks: builds the program that measures as it would be shipped, starts servers that
//! promise what servers of customers promise, and stops them again.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use tempfile::TempDir;

use crate::test::postgres::{self, Durability};
use crate::test::{PrivateRedis, cargo, interrupted};
use crate::{step, target};

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// The event engine; the last line is one JSON object with all figures.
    Engine(EngineArgs),
    /// A thousand campaigns, followed to their close within X's documented limits on a clock that
    /// moves by itself: the plan, what was asked, what it cost, and whether anybody was missed.
    Tracking(WorldArgs),
    /// Five hundred lives under random faults: no post twice, none lost; `-- --of money`: nobody paid
    /// twice, nothing lost.
    LostAnswers(WorldArgs),
    /// Ten thousand people, paid by one campaign: transactions, fees, time.
    Payout(WorldArgs),
}

/// How many, and how.
#[derive(Debug, Args)]
pub(crate) struct WorldArgs {
    /// Passed on, such as `--campaigns 100 --apart` or `--seeds 20`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

/// Which cells, for how long, and on what.
#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// How long sustained cells are looked at; without it 10, and 60 for the held snapshot.
    #[arg(long)]
    seconds: Option<u64>,
    /// How events reach workers; `bullmq` needs `redis-server`.
    #[arg(long, value_enum, default_value_t = Dispatch::Embedded)]
    dispatch: Dispatch,
    /// Where the engine keeps its events.
    #[arg(long, value_enum, default_value_t = Store::Postgres)]
    store: Store,
    /// Cells with this in their name; can be given again.
    #[arg(long)]
    only: Vec<String>,
    /// Fewer events and shorter looks: for trying the measuring itself.
    #[arg(long)]
    quick: bool,
    /// Nothing of what is measured but the last line.
    #[arg(long)]
    json: bool,
    /// Passed on, such as `--concurrency 64`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    more: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dispatch {
    Embedded,
    Bullmq,
}

pub(crate) fn run(root: &Path, bench: &Bench) -> anyhow::Result<()> {
    let args = match bench {
        Bench::Engine(args) => args,
        Bench::Tracking(args) => return world(root, "hashbuzz-tracking", args),
        Bench::LostAnswers(args) => return world(root, "hashbuzz-lost-answers", args),
        Bench::Payout(args) => return world(root, "hashbuzz-payout", args),
    };
    ensure!(
        (args.store, args.dispatch) != (Store::Sqlite, Dispatch::Bullmq),
        "an SQLite file has one server, so there is nobody to dispatch to: take --store postgres"
    );
    // One thread: the servers are told to end when the thread that started them does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = engine(root, args) => outcome,
            name = interrupted() => bail!("stopped by {}", name?),
        }
    })
}

/// Runs one of the test world's programs, optimised.
fn world(root: &Path, program: &str, args: &WorldArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        step(&format!("cargo run --release -p hashbuzz-testkit --bin {program}"));
        let mut command = cargo(root);
        command.args(["run", "--release", "-p", "hashbuzz-testkit", "--bin", program, "--"]);
        let status = command.args(&args.more).status().await.context("cargo cannot be started")?;
        ensure!(status.success(), "not all was well");
        Ok(())
    })
}

async fn engine(root: &Path, args: &EngineArgs) -> anyhow::Result<()> {
    let program = build(root).await?;
    let mut command = tokio::process::Command::new(program);
    command.arg("engine").kill_on_drop(true);
    let postgres = match args.store {
        Store::Sqlite => None,
        Store::Postgres => Some(durable_postgres().await?),
    };
    let redis = match args.dispatch {
        Dispatch::Embedded => None,
        Dispatch::Bullmq => Some(PrivateRedis::start().await.context("the private Redis")?),
    };
    let own: Option<TempDir> = match &postgres {
        Some(server) => {
            command.args(["--postgres", server.url()]).arg("--folder").arg(server.folder());
            None
        }
        None => {
            let folder = tempfile::Builder::new().prefix("hashbuzz-bench-").tempdir()?;
            command.arg("--folder").arg(folder.path());
            Some(folder)
        }
    };
    if let Some(server) = &redis {
        command.args(["--redis", server.url()]);
    }
    if let Some(seconds) = args.seconds {
        command.args(["--seconds", &seconds.to_string()]);
    }
    for part in &args.only {
        command.args(["--only", part]);
    }
    for (asked, flag) in [(args.quick, "--quick"), (args.json, "--json")] {
        if asked {
            command.arg(flag);
        }
    }
    let status = command.args(&args.more).status().await.context("it cannot be started")?;
    drop((postgres, redis, own));
    ensure!(status.success(), "not everything could be measured");
    Ok(())
}

pub(crate) async fn durable_postgres() -> anyhow::Result<postgres::Server> {
    postgres::start_with(Durability::Full).await.context("the private PostgreSQL")
}

/// Builds the program, optimised, and says where it is.
pub(crate) async fn build(root: &Path) -> anyhow::Result<PathBuf> {
    step("cargo build --release -p hashbuzz-bench");
    let status = cargo(root)
        .args(["build", "--release", "-p", "hashbuzz-bench"])
        .status()
        .await
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the build failed");
    let target = target(root);
    // Aside: it starts itself again as its workers, also while somebody builds.
    let (built, aside) = (target.join("release/hashbuzz-bench"), target.join("bench"));
    std::fs::create_dir_all(&aside)?;
    let program = aside.join("hashbuzz-bench");
    std::fs::copy(&built, aside.join("new")).context("the program")?;
    std::fs::rename(aside.join("new"), &program).context("the program")?;
    Ok(program)
}
