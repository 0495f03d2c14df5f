//! `hashbuzz standin x` and `hashbuzz standin hedera`: the far ends of two sockets, each a process
//! of its own.
//!
//! A program that starts one asks for `--json`, reads one line that says everything, and holds the
//! other end of its standard input: when that ends, so does the stand-in, and nobody can leave it
//! behind. A person gets the same to read, and ends it with Ctrl-C.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use hashbuzz_standin_x::Limits;
use serde_json::{Value, json};

use crate::clock;

/// How long answers that are under way may take when it ends.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Subcommand)]
pub(crate) enum Standin {
    /// A server that answers like the X API v2.
    X(XArgs),
    /// A server that answers like a Hedera node, and one that answers like its mirror.
    Hedera(HederaArgs),
}

/// How much may be asked of X.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// As much as X documents.
    Documented,
    /// The same, but any number of posts and uploads a day.
    Load,
}

/// How much may be asked of Hedera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Throttles {
    /// As much as of a network on one's own machine.
    Local,
    /// As much as of the public network: two new accounts a second, for example.
    Mainnet,
}

#[derive(Args)]
pub(crate) struct XArgs {
    /// Where to listen; 0 takes a free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// On which of the machine's addresses to listen.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Keep everything in this file, and go on from it.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The same seed and the same requests give the same answers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much may be asked.
    #[arg(long, value_enum, default_value_t = Profile::Documented)]
    limits: Profile,
    /// How many people with keys there are from the beginning.
    #[arg(long, default_value_t = 3)]
    users: usize,
    /// Accept a text that its author has published lately, as the real network does now and then.
    #[arg(long)]
    accept_duplicates: bool,
    /// Say one line of JSON instead of a text for people.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct HederaArgs {
    /// Where the consensus node listens; 0 takes a free port. The SDKs' own port is 50211.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where the mirror node listens; 0 takes a free port. A local mirror's usual port is 5600.
    #[arg(long, default_value_t = 0)]
    mirror_port: u16,
    /// On which of the machine's addresses both listen.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Where the consensus node listens, address and port; instead of --host and --port.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "port")]
    node_listen: Option<SocketAddr>,
    /// Where the mirror node listens, address and port; instead of --host and --mirror-port.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "mirror_port")]
    mirror_listen: Option<SocketAddr>,
    /// Keep everything in this file, and go on from it.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// How many accounts with keys there are from the beginning, beside the operator's.
    #[arg(long, default_value_t = 3)]
    accounts: usize,
    /// How much may be asked.
    #[arg(long, value_enum, default_value_t = Throttles::Local)]
    throttles: Throttles,
    /// The same seed gives the same keys and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How far the mirror node is behind, in milliseconds.
    #[arg(long, default_value_t = 200)]
    mirror_lag_ms: u64,
    /// Say one line of JSON instead of a text for people.
    #[arg(long)]
    json: bool,
}

/// Runs a stand-in until it is told to end.
///
/// # Errors
/// An address that is taken; a file of its state that cannot be read or written.
pub(crate) async fn run(which: Standin) -> anyhow::Result<ExitCode> {
    match which {
        Standin::X(args) => x(args).await,
        Standin::Hedera(args) => hedera(args).await,
    }
}

async fn x(args: XArgs) -> anyhow::Result<ExitCode> {
    use hashbuzz_standin_x::{Config, start};
    let limits = match args.limits {
        Profile::Documented => Limits::documented(),
        Profile::Load => Limits::load(),
    };
    let config = Config {
        listen: SocketAddr::new(args.host, args.port),
        seed: args.seed,
        limits,
        refuse_duplicates: !args.accept_duplicates,
        founders: args.users,
        state: args.state,
        ..Config::new(clock::of_the_network())
    };
    let mut running = start(config).await?;
    let end = told_to_end();
    let mut said = running.introduction();
    if args.json {
        said["ready"] = json!("standin-x");
        said["address"] = json!(running.address);
        println!("{said}");
    } else {
        println!("{}", for_people(&said));
    }
    tokio::select! {
        () = end => {}
        () = running.ended() => anyhow::bail!("the stand-in for X stopped by itself"),
    }
    // What is left after that was saved less than a second ago.
    let _in_time = tokio::time::timeout(PATIENCE, running.shutdown()).await;
    Ok(ExitCode::SUCCESS)
}

async fn hedera(args: HederaArgs) -> anyhow::Result<ExitCode> {
    use hashbuzz_standin_hedera::{Config, ThrottleSet, start};
    let config = Config {
        throttles: match args.throttles {
            Throttles::Local => ThrottleSet::Local,
            Throttles::Mainnet => ThrottleSet::Mainnet,
        },
        node_listen: args.node_listen.unwrap_or(SocketAddr::new(args.host, args.port)),
        mirror_listen: args.mirror_listen.unwrap_or(SocketAddr::new(args.host, args.mirror_port)),
        seed: args.seed,
        mirror_lag: Duration::from_millis(args.mirror_lag_ms),
        clock: clock::of_the_ledger(),
        founders: args.accounts.saturating_add(1),
        state: args.state,
    };
    let running = start(config).await?;
    let end = told_to_end();
    let said = running.introduction();
    if args.json {
        println!("{said}");
    } else {
        println!("{}", hedera_for_people(&said));
    }
    end.await;
    running.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// What the line of JSON says of the Hedera stand-in, to be read and copied from.
fn hedera_for_people(said: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines = vec![
        "Hedera stand-in. Ctrl-C ends it.".to_owned(),
        format!("  node      {} ({})", text(&said["node"]), text(&said["node_account"])),
        format!("  mirror    http://{}", text(&said["mirror"])),
        format!("  operator  {}", text(&said["operator"]["account"])),
        format!("  key       {}", text(&said["operator"]["private_key"])),
    ];
    for account in said["accounts"].as_array().into_iter().flatten() {
        lines.push(format!("\n{}  {}", text(&account["account"]), text(&account["evm_address"])));
        lines.push(format!("  key       {}", text(&account["private_key"])));
    }
    lines.join("\n")
}

/// What the line of JSON says, to be read and copied from.
fn for_people(said: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines = vec![
        format!(
            "X stand-in at {}, limits: {}. Ctrl-C ends it.",
            text(&said["base_url"]),
            text(&said["limits"])
        ),
        format!("  control         {}", text(&said["control_url"])),
    ];
    for (name, key) in [
        ("consumer key", "consumer_key"),
        ("consumer secret", "consumer_secret"),
        ("client id", "client_id"),
        ("client secret", "client_secret"),
        ("bearer token", "bearer_token"),
    ] {
        lines.push(format!("  {name:<15} {}", text(&said["app"][key])));
    }
    for user in said["users"].as_array().into_iter().flatten() {
        let (handle, name, id) = (text(&user["handle"]), text(&user["name"]), text(&user["id"]));
        lines.push(format!("\n@{handle}, {name}, {id}"));
        for (name, place) in [
            ("OAuth 1.0a token", "/oauth1/token"),
            ("OAuth 1.0a secret", "/oauth1/secret"),
            ("OAuth 2.0 access", "/oauth2/access_token"),
            ("OAuth 2.0 refresh", "/oauth2/refresh_token"),
        ] {
            lines.push(format!("  {name:<17} {}", user.pointer(place).map_or("-".into(), text)));
        }
    }
    lines.join("\n")
}

/// Returns when somebody wants this to end: by a signal, or by ending a pipe on standard input.
/// Signals are heard from the call on, so that whoever was told that we are ready can end us.
fn told_to_end() -> impl Future<Output = ()> {
    let signalled = signalled();
    async move {
        tokio::select! {
            () = signalled => {}
            () = input_ends(), if input_is_held() => {}
        }
    }
}

/// Whether somebody holds the other end of standard input. A terminal, a file and `/dev/null` say
/// nothing about how long this shall run.
#[cfg(unix)]
fn input_is_held() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    let input = std::io::stdin();
    let Ok(input) = input.as_fd().try_clone_to_owned() else { return false };
    let kind = std::fs::File::from(input).metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

#[cfg(not(unix))]
fn input_is_held() -> bool {
    use std::io::IsTerminal as _;
    !std::io::stdin().is_terminal()
}

/// Waits for the end of standard input; what comes before it is not read as anything. A thread
/// reads, because a read that nobody ends must not hold up the end by a signal.
async fn input_ends() {
    let (ended, heard) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _end = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        // Nobody listens any more when a signal came first.
        let _unheard = ended.send(());
    });
    let _end = heard.await;
}

#[cfg(unix)]
fn signalled() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let heard = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = heard else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
async fn signalled() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
