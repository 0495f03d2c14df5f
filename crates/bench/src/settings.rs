//! What whoever measures can choose.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

/// What the event engine reaches on this machine, and what it survives.
#[derive(Debug, Parser)]
#[command(name = "hashbuzz-bench")]
pub(crate) enum Task {
    /// Measures the engine.
    Engine(EngineArgs),
    /// Breaks what the engine stands on while it works, and looks at what became of the work.
    Chaos(ChaosArgs),
    /// A working process; the others start it.
    Worker(WorkerArgs),
}

/// Where the engine keeps its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    Postgres,
    Sqlite,
}

/// How events reach workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dispatch {
    Embedded,
    Bullmq,
}

/// What everything is measured with.
#[derive(Clone, Debug, Args)]
pub(crate) struct Setup {
    /// Turns at a time of one engine.
    #[arg(long, default_value_t = 32)]
    pub(crate) concurrency: usize,
    /// Connections of one process to the database; the product's default.
    #[arg(long, default_value_t = hashbuzz_db::DEFAULT_CONNECTIONS)]
    pub(crate) connections: u32,
    /// A Redis of one's own: events go through BullMQ.
    #[arg(long)]
    pub(crate) redis: Option<String>,
}

/// What is measured, and where.
#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// A PostgreSQL server of one's own, where databases may be made; SQLite without.
    #[arg(long)]
    pub(crate) postgres: Option<String>,
    /// A folder on the database's disk.
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// How long the sustained cells are looked at; where nobody says so 10, and 60 for the held
    /// snapshot.
    #[arg(long)]
    pub(crate) seconds: Option<u64>,
    /// Cells with this in their name.
    #[arg(long)]
    pub(crate) only: Vec<String>,
    /// A twentieth of the events where a cell counts them: for trying the measuring itself.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Prints nothing but the last line.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) setup: Setup,
}

/// What is broken, and for how long.
#[derive(Debug, Args)]
pub(crate) struct ChaosArgs {
    /// A PostgreSQL server of one's own that somebody starts again whenever it ends.
    #[arg(long)]
    pub(crate) postgres: String,
    /// Its folder, with its data in `data`.
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// The folder of the Redis server, which somebody starts again as well.
    #[arg(long)]
    pub(crate) redis_folder: Option<PathBuf>,
    /// How long each kind of trouble lasts.
    #[arg(long, default_value_t = 15)]
    pub(crate) seconds: u64,
    /// Scenarios with this in their name.
    #[arg(long)]
    pub(crate) only: Vec<String>,
    /// Prints nothing but the last line.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) setup: Setup,
}

/// A working process.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The database of the cell.
    #[arg(long)]
    pub(crate) url: String,
    /// Keys of its own in Redis.
    #[arg(long, default_value = "")]
    pub(crate) prefix: String,
    /// Says which events it begins.
    #[arg(long)]
    pub(crate) tells: bool,
    #[command(flatten)]
    pub(crate) setup: Setup,
}
