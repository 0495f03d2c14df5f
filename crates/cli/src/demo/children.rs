//! The stand-ins as programs of their own.
//!
//! They are started from the same executable and share nothing with the system but sockets. Each
//! exits when its standard input ends, so that not even a killed demo leaves one behind.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

/// How long a stand-in may take until it listens, and until it has exited.
const PATIENCE: Duration = Duration::from_secs(10);

const ANY_PORT: &str = "127.0.0.1:0";

/// Both stand-ins, running. They are killed when this is dropped.
#[derive(Debug)]
pub(super) struct Children {
    /// Where the social network answers.
    pub(super) x: SocketAddr,
    /// Where the ledger's node answers (gRPC).
    pub(super) node: SocketAddr,
    /// Where the ledger's mirror answers (HTTP).
    pub(super) mirror: SocketAddr,
    processes: [(Child, Option<ChildStdin>); 2],
}

#[derive(Deserialize)]
struct XReady {
    address: SocketAddr,
}

#[derive(Deserialize)]
struct HederaReady {
    node: SocketAddr,
    mirror: SocketAddr,
}

impl Children {
    /// Starts both on free ports and returns when they listen.
    ///
    /// # Errors
    /// When one cannot be started, or says nothing within ten seconds.
    pub(super) async fn start(seed: u64) -> anyhow::Result<Self> {
        let seed = seed.to_string();
        let x = ["standin", "x", "--json", "--users", "0", "--seed", &seed];
        let hedera = [
            "standin",
            "hedera",
            "--json",
            "--node-listen",
            ANY_PORT,
            "--mirror-listen",
            ANY_PORT,
            "--seed",
            &seed,
        ];
        let ((x, x_process), (hedera, hedera_process)) =
            tokio::try_join!(begin::<XReady>(&x), begin::<HederaReady>(&hedera))?;
        Ok(Self {
            x: x.address,
            node: hedera.node,
            mirror: hedera.mirror,
            processes: [x_process, hedera_process],
        })
    }

    /// Ends both and returns when they have exited; kills what does not exit by itself.
    pub(super) async fn stop(&mut self) {
        for (process, input) in &mut self.processes {
            drop(input.take());
            if timeout(PATIENCE, process.wait()).await.is_err()
                && let Err(error) = process.kill().await
            {
                tracing::warn!(%error, "a stand-in could not be ended");
            }
        }
    }
}

/// Starts one and reads its only line, which says where it listens.
async fn begin<T: DeserializeOwned>(
    arguments: &[&str],
) -> anyhow::Result<(T, (Child, Option<ChildStdin>))> {
    let name = arguments[..2].join(" ");
    let program = std::env::current_exe().context("the path of this program is unknown")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    if std::env::var_os("HASHBUZZ_LOG").is_none() {
        // The story has standard error to itself.
        command.env("HASHBUZZ_LOG", "error");
    }
    // Ctrl-C is for the demo, which ends them in the right order.
    #[cfg(unix)]
    command.process_group(0);
    let mut process = command.spawn().with_context(|| format!("{name} cannot be started"))?;
    let input = process.stdin.take();
    let output = process.stdout.take().context("its standard output was piped")?;
    let mut lines = BufReader::new(output).lines();
    let line = timeout(PATIENCE, lines.next_line()).await;
    let line = line.with_context(|| format!("{name} does not say that it is ready"))?;
    let Some(line) = line.with_context(|| format!("{name} cannot be read"))? else {
        bail!("{name} ended before it was ready");
    };
    let ready = serde_json::from_str(&line)
        .with_context(|| format!("{name} said `{line}` instead of where it listens"))?;
    Ok((ready, (process, input)))
}
