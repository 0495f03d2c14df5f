//! The program under test as a child process: its ready line, its log, its end.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, timeout};

/// How long a process may take until it is ready, or until it has ended by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a process may take to end in order.
const ORDERLY: Duration = Duration::from_secs(10);

/// A process that said that it is ready. Killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    /// The stand-ins end when their standard input does.
    _input: Option<ChildStdin>,
    /// What it said.
    pub(crate) ready: Value,
    /// When it was started.
    pub(crate) started: Instant,
}

impl Program {
    /// Starts a role; its log is appended to `log`. The error is its exit and the end of its log.
    pub(crate) async fn start(arguments: &[&str], log: &Path) -> Result<Self, String> {
        let started = Instant::now();
        let mut child = command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(append(log))
            .spawn()
            .map_err(|error| error.to_string())?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("its standard output was piped")?;
        let mut lines = BufReader::new(output).lines();
        match timeout(PATIENCE, lines.next_line()).await {
            Ok(Ok(Some(line))) => {
                let ready = serde_json::from_str(&line)
                    .map_err(|error| format!("{arguments:?} said `{line}`: {error}"))?;
                Ok(Self { child, _input: input, ready, started })
            }
            other => {
                let _ = child.start_kill();
                let ended = child.wait().await;
                Err(format!("{arguments:?}: {other:?}, {ended:?}\n{}", end_of(log)))
            }
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it was not waited for")
    }

    /// An address in its ready line.
    pub(crate) fn address(&self, name: &str) -> String {
        self.ready[name].as_str().expect("the ready line names the address").to_owned()
    }

    /// `kill -9`, unless it ended by itself before `moment` has passed: then how.
    pub(crate) async fn kill_after(mut self, moment: Duration) -> Result<(), String> {
        if let Ok(ended) = timeout(moment, self.child.wait()).await {
            return Err(format!("it ended by itself: {ended:?}"));
        }
        self.child.kill().await.map_err(|error| error.to_string())
    }
}

impl Program {
    /// Asks it to end, as whoever supervises it does. It has to do so in order, within ten seconds.
    pub(crate) async fn end(mut self) {
        let name = self.ready.clone();
        let process = self.id().to_string();
        let asked = Instant::now();
        let kill = Command::new("kill").args(["-s", "TERM", &process]).status().await;
        assert!(kill.expect("kill can be started").success(), "{name} was running");
        let ended = timeout(ORDERLY, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("{name} has not ended within {ORDERLY:?}"));
        assert!(status.expect("it is our child").success(), "{name}: {:?}", asked.elapsed());
        println!("{name} has ended after {:?}", asked.elapsed());
    }
}

/// Runs a command to its end.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    run_with(arguments, &[]).await
}

/// Runs a command to its end, in an environment with these variables.
pub(crate) async fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = command(arguments);
    command.envs(variables.iter().copied());
    let running = command.stdin(Stdio::null()).output();
    let ended = timeout(PATIENCE, running).await.expect("the command ends");
    ended.expect("the command can be started")
}

/// Runs a command whose standard output nobody reads.
pub(crate) async fn run_unread(arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = command(arguments);
    let running = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn();
    let running = running.expect("the command can be started").wait_with_output();
    timeout(PATIENCE, running).await.expect("the command ends").expect("it can be waited for")
}

/// The program with no settings but those that it is given.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hashbuzz"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HASHBUZZ") {
            command.env_remove(name);
        }
    }
    command.args(arguments).kill_on_drop(true);
    command
}

fn append(log: &Path) -> File {
    let opened = OpenOptions::new().create(true).append(true).open(log);
    opened.expect("the log can be written")
}

/// The last lines of a log.
pub(crate) fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// Text of a path that this test made.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have names in UTF-8")
}

/// What an ended command said on standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
