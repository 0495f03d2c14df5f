//! A private Redis server: on a free port of the loopback address, with a random password, in a
//! temporary folder, and stopped by its process id.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::postgres::{STAYS_DOWN, free_port, process_is_root};
use super::redis::{self, Redis};
use crate::step;

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server. Dropping it stops it by its process id.
pub(crate) struct PrivateRedis {
    process: Child,
    program: Redis,
    password: String,
    port: u16,
    url: String,
    folder: TempDir,
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl PrivateRedis {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let program = redis::find(process_is_root()?)?;
        let folder = tempfile::Builder::new().prefix("hashbuzz-redis-").tempdir()?;
        let password = uuid::Uuid::new_v4().simple().to_string();
        let port = free_port()?;
        let process = run(&program, &folder, &password, port)?;
        let url = format!("redis://:{password}@127.0.0.1:{port}");
        let mut server = Self { process, program, password, port, url, folder };
        server.ready().await?;
        step(&format!("Redis on port {port}, private"));
        Ok(server)
    }

    /// With its password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it again, on the same port, whenever it has ended and no file `stays-down` is in its
    /// folder. Returns only when that fails.
    pub(crate) async fn keep_up(&mut self) -> anyhow::Result<Infallible> {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            let down = self.folder.path().join(STAYS_DOWN).exists();
            if down || self.process.try_wait()?.is_none() {
                continue;
            }
            self.process = run(&self.program, &self.folder, &self.password, self.port)?;
            self.ready().await.context("starting it again")?;
        }
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let waiting = async {
            loop {
                look.tick().await;
                if let Some(status) = self.process.try_wait()? {
                    bail!("it ended at once: {status}");
                }
                if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                    return Ok(());
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.context("it does not listen")?
    }
}

fn run(program: &Redis, folder: &TempDir, password: &str, port: u16) -> anyhow::Result<Child> {
    let program = PathBuf::from(program.program()?);
    ensure!(program.exists(), "redis-server went away");
    let log = std::fs::File::create(folder.path().join("log"))?;
    Command::new(program)
        .current_dir(folder.path())
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--requirepass", password, "--save", "", "--appendonly", "no"])
        // BullMQ refuses to work where its keys may be evicted.
        .args(["--maxmemory-policy", "noeviction"])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("redis-server cannot be started: is it installed?")
}
