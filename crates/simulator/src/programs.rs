//! The program under test as a child process: its ready line, its log, its end.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

/// How long a process may take until it is ready, or until it has ended by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Variables of a child process.
pub type Environment = Vec<(&'static str, String)>;

/// The executable, and what every process of it is told.
#[derive(Clone, Debug)]
pub struct Executable {
    path: PathBuf,
    environment: Environment,
}

/// A process that said that it is ready. Killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// The stand-ins end when their standard input does.
    _input: Option<ChildStdin>,
    /// What it said.
    pub ready: Value,
}

/// How a start ended.
#[derive(Debug)]
pub enum Started {
    /// It is ready.
    Ready(Box<Program>),
    /// It ended before it was.
    Ended(ExitStatus),
}

impl Executable {
    /// The program at `path`; every process of it gets `environment` and no other settings.
    #[must_use]
    pub const fn new(path: PathBuf, environment: Environment) -> Self {
        Self { path, environment }
    }

    /// Starts a role with these variables besides; its log is appended to `log`.
    ///
    /// # Errors
    /// When it cannot be started, or says nothing for half a minute, or not what it should.
    pub async fn start(
        &self,
        arguments: &[impl AsRef<OsStr>],
        environment: &Environment,
        log: &Path,
    ) -> anyhow::Result<Started> {
        let mut child = self
            .command(arguments, environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(append(log)?)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.path.display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("its standard output was piped")?;
        let mut lines = BufReader::new(output).lines();
        let line = timeout(PATIENCE, lines.next_line()).await;
        match line.with_context(|| format!("it says nothing\n{}", end_of(log)))?? {
            Some(line) => {
                let ready = serde_json::from_str(&line).with_context(|| format!("`{line}`"))?;
                Ok(Started::Ready(Box::new(Program { child, _input: input, ready })))
            }
            None => Ok(Started::Ended(child.wait().await?)),
        }
    }

    /// Starts what must not end: a stand-in.
    ///
    /// # Errors
    /// As [`Executable::start`], and when it ends at once.
    pub async fn stay(
        &self,
        arguments: &[impl AsRef<OsStr>],
        log: &Path,
    ) -> anyhow::Result<Program> {
        match self.start(arguments, &Environment::new(), log).await? {
            Started::Ready(program) => Ok(*program),
            Started::Ended(status) => bail!("it ended with {status}\n{}", end_of(log)),
        }
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// When it cannot be started or does not end within half a minute.
    pub async fn run(&self, arguments: &[impl AsRef<OsStr>]) -> anyhow::Result<Output> {
        let mut command = self.command(arguments, &Environment::new());
        let running = command.stdin(Stdio::null()).output();
        Ok(timeout(PATIENCE, running).await.context("the command does not end")??)
    }

    fn command(&self, arguments: &[impl AsRef<OsStr>], environment: &Environment) -> Command {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HASHBUZZ") {
                command.env_remove(name);
            }
        }
        let environment = self.environment.iter().chain(environment);
        command.args(arguments).envs(environment.map(|(name, value)| (name, value)));
        command.kill_on_drop(true);
        command
    }
}

impl Program {
    /// An address in its ready line.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn address<T: std::str::FromStr>(&self, name: &str) -> anyhow::Result<T> {
        let address = self.ready[name].as_str().and_then(|text| text.parse().ok());
        address.with_context(|| format!("{} names no `{name}`", self.ready))
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// The system's.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// `kill -9`, and waits for it.
    ///
    /// # Errors
    /// The system's.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Whether a process aborted itself, as it does at the point at which it was told to die.
#[must_use]
pub fn aborted(status: ExitStatus) -> bool {
    /// The number of `SIGABRT` on every system that we run on.
    const ABORT: i32 = 6;
    status.signal() == Some(ABORT)
}

fn append(log: &Path) -> anyhow::Result<File> {
    let opened = OpenOptions::new().create(true).append(true).open(log);
    opened.with_context(|| format!("{} cannot be written", log.display()))
}

/// The last lines of a log.
#[must_use]
pub fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
