//! A server that answers like a Hedera consensus node (gRPC) and like a mirror node (REST);
//! contracts run in revm.
//!
//! It is not Hedera. It is the far end of a socket for demonstrations and tests: it shares no code
//! with the system that talks to it, refuses what the real network refuses, with the same codes,
//! and breaks on demand at the moments that hurt most: `POST /_standin/faults` on the mirror's port
//! takes the script. Accounts with keys come from `POST /_standin/accounts`.
//! Time is a [`Clock`] that a test may move, and everything random comes from a seed.
//!
//! README.md of the crate says what is known and what is not.

mod clock;
mod control;
mod counters;
mod entity;
mod evm;
mod faults;
mod fees;
mod founders;
mod journal;
mod keys;
mod mirror;
mod net;
mod network;
mod node;
mod record;
mod state;
mod throttles;
mod token;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;

pub use clock::Clock;
pub use throttles::ThrottleSet;

use net::{Hangup, Lines, Switchboard};
use network::Shared;

/// Where and how the network runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the consensus node listens (gRPC without TLS). It is account 0.0.3.
    pub node_listen: SocketAddr,
    /// Where the mirror node listens (HTTP), and the control routes under `/_standin/`.
    pub mirror_listen: SocketAddr,
    /// Decides keys handed out and faults drawn by chance.
    pub seed: u64,
    /// The source of time.
    pub clock: Clock,
    /// How far the mirror is behind consensus.
    pub mirror_lag: Duration,
    /// How many accounts with keys there are from the beginning; the first is the operator's.
    pub founders: usize,
    /// A file in which everything is kept, and from which the network goes on.
    pub state: Option<PathBuf>,
    /// How many transactions it takes in a second.
    pub throttles: ThrottleSet,
}

impl Default for Config {
    /// Free ports on the loopback interface, real time, a mirror 200 ms behind.
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            node_listen: any,
            mirror_listen: any,
            seed: 1,
            clock: Clock::real(),
            mirror_lag: Duration::from_millis(200),
            founders: 0,
            state: None,
            throttles: ThrottleSet::default(),
        }
    }
}

/// A running network. It stops, and its connections are cut, when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// The consensus node's address.
    pub node: SocketAddr,
    /// The mirror node's address.
    pub mirror: SocketAddr,
    switchboard: Switchboard,
    servers: [JoinHandle<()>; 2],
    founders: Vec<serde_json::Value>,
}

impl Running {
    /// Addresses, the operator and the other accounts that were there from the beginning, with
    /// their keys: what a program that starts the network wants to know.
    pub fn introduction(&self) -> serde_json::Value {
        founders::introduction(self.node, self.mirror, &self.founders)
    }

    /// Stops the network and returns when its ports are free.
    pub async fn shutdown(mut self) {
        self.stop();
        for server in &mut self.servers {
            // The task was aborted, so an error is what is expected.
            if let Err(error) = server.await
                && !error.is_cancelled()
            {
                tracing::error!(%error, "a stand-in server failed");
            }
        }
    }

    fn stop(&self) {
        self.servers.iter().for_each(JoinHandle::abort);
        self.switchboard.cut_all();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts a network: with an empty past, or with the one in its file.
///
/// # Errors
/// When one of the addresses cannot be listened on, or the file cannot be used.
pub async fn start(config: Config) -> io::Result<Running> {
    let switchboard = Switchboard::default();
    let node_lines = Lines::bind(config.node_listen, switchboard.clone()).await?;
    let mirror_lines = Lines::bind(config.mirror_listen, switchboard.clone()).await?;
    let (node, mirror) = (node_lines.address()?, mirror_lines.address()?);
    let network = Shared::new(&config);
    let mut founders = match &config.state {
        Some(path) => network.go_on_from(path, config.seed)?,
        None => Vec::new(),
    };
    founders::open(&network, config.founders, &mut founders);
    let routes = mirror::routes(&network, node).merge(control::routes(&network));
    let routes = routes.into_make_service_with_connect_info::<Hangup>();
    let servers = [
        tokio::spawn(async move {
            if let Err(error) = node::serve(node_lines, network).await {
                tracing::error!(%error, "the node stopped");
            }
        }),
        tokio::spawn(async move {
            if let Err(error) = axum::serve(mirror_lines, routes).await {
                tracing::error!(%error, "the mirror stopped");
            }
        }),
    ];
    Ok(Running { node, mirror, switchboard, servers, founders })
}
