//! One program, every role: `serve`, `work`, `relay`, `migrate`, `doctor`, `events`, `demo`, the stand-ins. The only
//! place that knows which implementation stands behind a port.

mod agreement;
mod budget;
mod client;
mod clock;
mod dead_letters;
mod demo;
mod dispatch;
mod doctor;
mod effects;
mod escrow;
mod events;
mod lock;
mod loops;
mod migrate;
mod relay;
mod serve;
mod settings;
mod standin;
mod table;
mod vault;
mod wiring;
mod work;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use settings::Settings;

/// HashBuzz pays people for spreading the word, and proves it.
#[derive(Parser)]
#[command(name = "hashbuzz", version)]
struct Cli {
    /// The settings file. Every setting can also be given as HASHBUZZ__SECTION__NAME.
    #[arg(long, global = true, env = "HASHBUZZ_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine with stand-ins for X and Hedera, and watch it.
    Demo(demo::DemoArgs),
    /// Run the server and its workers: alone it does all.
    Serve(serve::ServeArgs),
    /// Run workers without an API, beside a server; needs PostgreSQL.
    Work(work::WorkArgs),
    /// Offer due events to BullMQ and do nothing else; needs a Redis.
    Relay,
    /// Bring the database to this program's schema and say what was done.
    Migrate,
    /// Check settings, database, network, ledger and books, and say what is wrong.
    Doctor,
    /// Look at events through the server's API: why they wait, retry, discard, pause.
    Events(events::EventsArgs),
    /// Look at what gave up, and retry it.
    DeadLetters(dead_letters::DeadLettersArgs),
    /// Look at calls whose outcome is not known, and decide them.
    Effects(effects::EffectsArgs),
    /// See what may still be asked of the social network, and what asking has cost.
    Budget(budget::BudgetArgs),
    /// Deploy the escrow contract.
    Escrow(escrow::EscrowArgs),
    /// Change the key that seals accesses.
    Vault(vault::VaultArgs),
    /// Print a new random key for `vault_key`.
    VaultKey,
    /// Run a server that answers like X, or like Hedera.
    #[command(subcommand)]
    Standin(standin::Standin),
}

impl Command {
    /// Whether it says one answer and is over, so that it may end when nobody reads on, as in
    /// `hashbuzz events list | head`. Whatever serves or spends goes on to its end.
    const fn says_one_answer(&self) -> bool {
        matches!(
            self,
            Self::Events(_)
                | Self::DeadLetters(_)
                | Self::Effects(_)
                | Self::Budget(_)
                | Self::Doctor
                | Self::VaultKey
        )
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.command.says_one_answer() {
        sigpipe::reset();
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter(&cli.command))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    // reqwest is built without a provider of its own; this one needs no C toolchain of its own.
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nobody installs a provider before main");
    match run(cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hashbuzz: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The demo tells its story itself; a server logs what an operator wants to know.
fn filter(command: &Command) -> EnvFilter {
    let default = match command {
        Command::Demo(_) => "off",
        Command::Serve(_) | Command::Work(_) | Command::Relay => "hashbuzz=info,warn",
        _ => "warn",
    };
    EnvFilter::try_from_env("HASHBUZZ_LOG").unwrap_or_else(|_| EnvFilter::new(default))
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let settings = || Settings::read(cli.config.as_deref());
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args, settings()?).await,
        Command::Work(args) => work::run(args, settings()?).await,
        Command::Relay => relay::run(settings()?).await,
        Command::Migrate => migrate::run(&settings()?).await,
        Command::Doctor => doctor::run(settings()?).await,
        Command::Events(args) => Ok(events::run(args).await),
        Command::DeadLetters(args) => Ok(dead_letters::run(args).await),
        Command::Effects(args) => Ok(effects::run(args).await),
        Command::Budget(args) => Ok(budget::run(args).await),
        Command::Vault(args) => vault::run(args, &settings()?).await,
        Command::Escrow(args) => escrow::run(args, &settings()?).await,
        Command::VaultKey => {
            use secrecy::ExposeSecret as _;
            println!("{}", hashbuzz_app::Vault::new_key().expose_secret());
            Ok(ExitCode::SUCCESS)
        }
        Command::Standin(which) => standin::run(which).await,
    }
}
