//! `hashbuzz standin-x` and `hashbuzz standin-hedera`: the far ends of two sockets, each a process
//! of its own. They say where they listen in one line of JSON, and end with their standard input,
//! so that whoever started them cannot leave them behind.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use crate::clock;

#[derive(Args)]
pub(crate) struct XArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The same seed and the same requests give the same answers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Accept a text that its author has published lately, as the real network does now and then.
    #[arg(long)]
    accept_duplicates: bool,
}

#[derive(Args)]
pub(crate) struct HederaArgs {
    /// Where the consensus node listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    node_listen: SocketAddr,
    /// Where the mirror node listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    mirror_listen: SocketAddr,
    /// The same seed gives the same keys and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How far the mirror node is behind, in milliseconds.
    #[arg(long, default_value_t = 200)]
    mirror_lag_ms: u64,
}

/// Runs the X stand-in.
///
/// # Errors
/// An address that is taken.
pub(crate) async fn x(args: XArgs) -> anyhow::Result<ExitCode> {
    use hashbuzz_standin_x::{Config, start};
    let config = Config {
        listen: args.listen,
        seed: args.seed,
        refuse_duplicates: !args.accept_duplicates,
        ..Config::new(clock::of_the_network())
    };
    let running = start(config).await?;
    println!("{}", json!({ "ready": "standin-x", "address": running.address }));
    input_ends().await;
    drop(running);
    Ok(ExitCode::SUCCESS)
}

/// Runs the Hedera stand-in.
///
/// # Errors
/// An address that is taken.
pub(crate) async fn hedera(args: HederaArgs) -> anyhow::Result<ExitCode> {
    use hashbuzz_standin_hedera::{Config, start};
    let config = Config {
        node_listen: args.node_listen,
        mirror_listen: args.mirror_listen,
        seed: args.seed,
        mirror_lag: Duration::from_millis(args.mirror_lag_ms),
        clock: clock::of_the_ledger(),
    };
    let running = start(config).await?;
    let ready = json!({
        "ready": "standin-hedera",
        "node": running.node,
        "mirror": running.mirror,
    });
    println!("{ready}");
    input_ends().await;
    running.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for the end of standard input; what comes before it is not read as anything.
async fn input_ends() {
    let mut input = tokio::io::stdin();
    let mut buffer = [0; 256];
    while let Ok(read) = input.read(&mut buffer).await {
        if read == 0 {
            return;
        }
    }
}
