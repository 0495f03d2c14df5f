//! The servers that are broken. Somebody else watches them and starts each again as soon as it has
//! ended and no file says that it should stay down.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hashbuzz_db::Db;
use hashbuzz_outbox::{Clock as _, SystemClock};
use tokio::process::Command;

use crate::settings::ChaosArgs;

/// While a file of this name is in a server's folder, the server stays down.
const STAYS_DOWN: &str = "stays-down";
/// How long a server may take to end, and to come back.
const PATIENCE: Duration = Duration::from_secs(60);

/// How PostgreSQL is told to end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// Connections are closed, what is running is rolled back.
    Fast,
    /// At once, as in a power cut: it recovers from its log when it starts.
    Immediate,
}

/// The servers of one run.
pub(super) struct Servers {
    pub(super) postgres: String,
    folder: PathBuf,
    redis: Option<String>,
    redis_folder: Option<PathBuf>,
}

impl Servers {
    pub(super) fn of(args: &ChaosArgs) -> Self {
        Self {
            postgres: args.postgres.clone(),
            folder: args.folder.clone(),
            redis: args.setup.redis.clone(),
            redis_folder: args.redis_folder.clone(),
        }
    }

    /// Ends PostgreSQL, keeps it down for `pause`, and returns when it answers again.
    pub(super) async fn restart_postgres(&self, stop: Stop, pause: Duration) -> anyhow::Result<()> {
        let file = self.folder.join("data/postmaster.pid");
        let said = std::fs::read_to_string(&file).context("where the server says its id")?;
        let id = said.lines().next().context("an empty file")?.trim().to_owned();
        let signal = match stop {
            Stop::Fast => "INT",
            Stop::Immediate => "QUIT",
        };
        let down = Down::keep(&self.folder)?;
        let asked = Command::new("kill").args(["-s", signal, &id]).status().await?;
        ensure!(asked.success(), "the server could not be told to end");
        let process = PathBuf::from(format!("/proc/{id}"));
        wait("PostgreSQL did not end", async || !process.exists()).await?;
        SystemClock.sleep(pause).await;
        drop(down);
        wait("PostgreSQL did not come back", async || answers(&self.postgres).await).await
    }

    /// Ends Redis, keeps it down for `pause`, and returns when it answers again. What it knew is
    /// gone.
    pub(super) async fn restart_redis(&self, pause: Duration) -> anyhow::Result<()> {
        let down = Down::keep(self.redis_folder.as_deref().context("no folder of a Redis")?)?;
        let mut connection = self.redis().await?;
        // It ends instead of an answer.
        let _ = redis::cmd("SHUTDOWN").arg("NOSAVE").query_async::<()>(&mut connection).await;
        wait("Redis did not end", async || self.redis().await.is_err()).await?;
        SystemClock.sleep(pause).await;
        drop(down);
        wait("Redis did not come back", async || self.redis().await.is_ok()).await
    }

    /// Makes Redis forget everything.
    pub(super) async fn flush_redis(&self) -> anyhow::Result<()> {
        let mut connection = self.redis().await?;
        Ok(redis::cmd("FLUSHALL").query_async(&mut connection).await?)
    }

    async fn redis(&self) -> anyhow::Result<redis::aio::MultiplexedConnection> {
        let url = self.redis.as_deref().context("there is no Redis")?;
        Ok(redis::Client::open(url)?.get_multiplexed_async_connection().await?)
    }
}

async fn answers(url: &str) -> bool {
    match Db::open(url).await {
        Ok(db) => db.close().await.is_ok(),
        Err(_) => false,
    }
}

async fn wait(what: &'static str, over: impl AsyncFn() -> bool) -> anyhow::Result<()> {
    let waiting = async {
        while !over().await {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.context(what)
}

/// Keeps a server down until it is dropped.
struct Down(PathBuf);

impl Down {
    fn keep(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(STAYS_DOWN);
        std::fs::write(&file, "")?;
        Ok(Self(file))
    }
}

impl Drop for Down {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
