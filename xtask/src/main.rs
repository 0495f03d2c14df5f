//! Everything that is done twice: tests, tidiness, licences, contracts.
//!
//! `cargo xtask test` is the second command of the README: it has to work on a machine that has
//! nothing but Rust and a C compiler, so it brings what the tests need and takes it away again.

mod bench;
mod chaos;
mod contracts;
mod crash_matrix;
mod deny;
mod hiero_e2e;
mod repository;
mod sdk;
mod source;
mod standin;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

/// Tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Runs every test, with a private PostgreSQL server for those that need one.
    Test {
        /// Passed on to `cargo nextest run` (or to `cargo test` where nextest is not installed).
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Kills the program at every point of a campaign's life, and looks at what became of it.
    CrashMatrix(crash_matrix::MatrixArgs),
    /// Measures, on servers of its own. Nothing else should be at work on the machine.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Breaks what the event engine stands on while it works, and counts what became of the work.
    Chaos(chaos::ChaosArgs),
    /// Runs unmodified SDKs for X and Hedera against the stand-ins, and the answers of the one for X
    /// against X's specification.
    Sdk {
        /// Passed on to `node --test`: files to run, or `--test-name-pattern`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Runs the Hedera SDK's own end-to-end suite against the stand-in, and counts.
    HieroE2e(hiero_e2e::SuiteArgs),
    /// Checks the rules of the house: arrows, budgets, names, owners of tables, links.
    Tidy,
    /// Checks licences and banned crates of all dependencies against deny.toml.
    Deny,
    /// Compiles the contracts with the locked compiler and writes ABI and bytecode.
    Contracts {
        /// Writes nothing; fails when what is committed is not what the compiler makes.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let root = root();
    let outcome = match Task::parse() {
        Task::Test { args } => test::run(&root, &args),
        Task::CrashMatrix(args) => crash_matrix::run(&root, &args),
        Task::Bench(what) => bench::run(&root, &what),
        Task::Chaos(args) => chaos::run(&root, &args),
        Task::Sdk { args } => sdk::run(&root, &args),
        Task::HieroE2e(args) => hiero_e2e::run(&root, &args),
        Task::Tidy => tidy::run(&root),
        Task::Deny => deny::run(&root),
        Task::Contracts { check } => contracts::run(&root, check),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace, wherever the command was called from.
///
/// Cargo says it when the command runs: clones that share a target folder share the program too,
/// and the folder it was built in may be another clone's.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR");
    let package = package.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().expect("xtask is inside the workspace").into()
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from)
}

/// Says in one line what is done next.
fn step(what: &str) {
    println!("xtask: {what}");
}
