//! Working processes of their own: what is measured about memory and about dying needs some.

use std::collections::BTreeSet;
use std::fs::File;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::engine::{self, Hears, Working};
use crate::machine::Resident;
use crate::messages::Bench;
use crate::meter::Meter;
use crate::place::Place;
use crate::settings::WorkerArgs;

/// What a worker says once it works.
const WORKS: &str = "works";
/// How long one may take to begin, and to end: longer than the engine's drain.
const PATIENCE: Duration = Duration::from_secs(30);

/// A worker's whole life: it ends when its standard input does, that is, at the latest with
/// whoever started it.
pub(crate) async fn run(args: &WorkerArgs) -> anyhow::Result<()> {
    let db = engine::open(&args.url, &args.setup).await?;
    let mut bench = Bench::new(db.clone(), Arc::new(Meter::default()));
    bench.tells = args.tells;
    let mut working = Working::start(bench, &args.setup, &args.prefix, Hears::Others)?;
    println!("{WORKS}");
    let mut nothing = Vec::new();
    let mut input = tokio::io::stdin();
    tokio::select! {
        ended = working.ended() => return ended.context("the engine cannot start"),
        read = input.read_to_end(&mut nothing) => drop(read?),
    }
    working.end().await?;
    Ok(db.close().await?)
}

/// A worker that this process started. Dropped, it is killed.
pub(crate) struct Worker {
    child: Child,
    id: u32,
    begun: Arc<Mutex<BTreeSet<i64>>>,
}

impl Worker {
    /// Starts one on `place` and waits until it works.
    pub(crate) async fn start(place: &Place, tells: bool) -> anyhow::Result<Self> {
        let setup = place.setup();
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["worker", "--url", &place.url, "--prefix", place.prefix()]);
        command.args(["--concurrency", &setup.concurrency.to_string()]);
        command.args(["--connections", &setup.connections.to_string()]);
        if let Some(redis) = &setup.redis {
            command.args(["--redis", redis]);
        }
        if tells {
            command.arg("--tells");
        }
        let log = File::options().create(true).append(true).open(place.log())?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().context("a worker cannot be started")?;
        let id = child.id().context("it ended at once")?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        if !matches!(&first, Ok(Ok(Some(line))) if line == WORKS) {
            bail!("the worker did not begin: {first:?}");
        }
        let begun = Arc::default();
        tokio::spawn(listen(lines, Arc::clone(&begun)));
        Ok(Self { child, id, begun })
    }

    /// The events that it said it began.
    pub(crate) fn begun(&self) -> BTreeSet<i64> {
        self.begun.lock().expect("no panic inside").clone()
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Resident> {
        Resident::of(self.id).context("the worker is gone")
    }

    /// Ends it without a word (SIGKILL, by its process id).
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Lets it end in order.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        match status.context("the worker does not end")?? {
            status if status.success() => Ok(()),
            status => bail!("the worker ended with {status}"),
        }
    }
}

async fn listen(mut lines: Lines<BufReader<ChildStdout>>, begun: Arc<Mutex<BTreeSet<i64>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(id) = line.strip_prefix("begun ").and_then(|id| id.parse().ok()) {
            begun.lock().expect("no panic inside").insert(id);
        }
    }
}
