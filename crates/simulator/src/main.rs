//! `hashbuzz-simulator`: what `cargo xtask crash-matrix` runs, once everything is built and started.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser};
use hashbuzz_outbox::{Clock as _, SystemClock};
use hashbuzz_simulator::clock::FastClock;
use hashbuzz_simulator::life::Setting;
use hashbuzz_simulator::matrix::{Extent, run};
use hashbuzz_simulator::place::{Dispatch, Store};
use hashbuzz_simulator::programs::Executable;

#[derive(Debug, Parser)]
#[command(name = "hashbuzz-simulator")]
enum Task {
    /// Kills the server at every point of a campaign's life, and looks at what became of it.
    CrashMatrix(MatrixArgs),
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
struct MatrixArgs {
    /// The program, built with the feature `crash-points`.
    #[arg(long)]
    program: PathBuf,
    /// A PostgreSQL whose user may create databases; SQLite files without it.
    #[arg(long)]
    postgres: Option<String>,
    /// A Redis, `redis://:PASSWORD@HOST:PORT`: events reach workers by BullMQ.
    #[arg(long)]
    redis: Option<String>,
    /// Draws samples and pairs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Points to try; all without it.
    #[arg(long)]
    points: Option<usize>,
    /// Of the points tried, how many get a second death during recovery; all without it.
    #[arg(long)]
    pairs: Option<usize>,
    /// Lives side by side.
    #[arg(long, default_value_t = 4)]
    lanes: usize,
    /// No life begins later than this many seconds after the first.
    #[arg(long)]
    seconds: Option<u64>,
    /// Only points whose label contains this.
    #[arg(long)]
    only: Option<String>,
    /// How much faster than the machine's clock time runs.
    #[arg(long, default_value_t = 20)]
    speed: i64,
    /// Where lives keep their files; those that end badly are left there.
    #[arg(long)]
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Task::CrashMatrix(args) = Task::parse();
    // Whoever comes second finds a provider installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match matrix(args).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hashbuzz-simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn matrix(args: MatrixArgs) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&args.folder).context("the folder of the lives")?;
    let clock = FastClock::new(SystemClock.now(), args.speed);
    let environment = vec![(hashbuzz_crash::CLOCK, clock.to_string())];
    let setting = Setting {
        program: Executable::new(args.program, environment),
        clock,
        store: args.postgres.map_or(Store::Sqlite, Store::Postgres),
        dispatch: args.redis.map_or(Dispatch::Embedded, Dispatch::BullMq),
    };
    let extent = Extent {
        seed: args.seed,
        points: args.points,
        pairs: args.pairs,
        lanes: args.lanes.clamp(1, 16),
        time: args.seconds.map(Duration::from_secs),
        only: args.only,
    };
    let report = run(&setting, &extent, &args.folder).await?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
