//! Every test of the workspace, with what they need beside Rust.
//!
//! Most tests bring their own world. Those about PostgreSQL need a server: a private one is started
//! on a free port in a temporary folder, and stopped again by its process id however the run ends.
//! Those about Redis kill and restart servers, so each starts its own and only needs the program.
//! A server that somebody else started is never asked, touched or stopped.

mod count;
mod install;
pub(crate) mod postgres;
mod private_redis;
mod redis;
mod suite;

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use tokio::signal::unix::{SignalKind, signal};

use crate::step;
use count::Count;
pub(crate) use private_redis::PrivateRedis;
pub(crate) use suite::command as cargo;

/// Where tests look for the server.
const POSTGRES: &str = "HASHBUZZ_TEST_POSTGRES";
/// Where tests find the program of a Redis server.
const REDIS: &str = "HASHBUZZ_TEST_REDIS";

pub(crate) fn run(root: &Path, args: &[String]) -> anyhow::Result<()> {
    // One thread: the servers are told to end when the thread that started them does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let count = runtime.block_on(async {
        tokio::select! {
            count = everything(root, args) => count,
            name = interrupted() => bail!("stopped by {}", name?),
        }
    })?;
    ensure!(count.passed > 0, "no test ran");
    if args.is_empty() {
        ensure!(count.skipped == 0, "{} tests were skipped", count.skipped);
    }
    println!("{} passed", count.passed);
    Ok(())
}

async fn everything(root: &Path, args: &[String]) -> anyhow::Result<Count> {
    let redis = redis::find(postgres::process_is_root()?).context("Redis")?;
    let server = postgres::start().await.context("the private PostgreSQL server")?;
    let env = [(POSTGRES, server.url()), (REDIS, redis.program()?)];
    let mut count = suite::tests(root, args, &env).await?;
    if args.is_empty() {
        count += suite::examples(root, &env).await?;
    }
    step("stopping the private PostgreSQL server");
    drop(server);
    Ok(count)
}

/// Waits for whatever asks this process to end.
pub(crate) async fn interrupted() -> anyhow::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "an interrupt",
        _ = terminate.recv() => "a request to terminate",
        _ = hang_up.recv() => "the end of the terminal",
    })
}
