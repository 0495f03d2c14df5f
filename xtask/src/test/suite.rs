//! Running the tests: nextest where it is installed, the standard runner where it is not.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::count::Count;
use crate::repository::Repository;
use crate::step;

type Env<'a> = [(&'a str, &'a str)];

/// How long the test runner may take to end its tests when it is told to.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn tests(root: &Path, args: &[String], env: &Env<'_>) -> anyhow::Result<Count> {
    let mut line = if nextest(root).await {
        vec!["nextest", "run"]
    } else {
        step("cargo-nextest is not installed; the standard runner does as well");
        vec!["test", "--no-fail-fast"]
    };
    if !args.iter().any(|arg| arg == "-p" || arg.starts_with("--package")) {
        line.push("--workspace");
    }
    line.extend(args.iter().map(String::as_str));
    cargo(root, &line, env).await
}

/// Code in documentation, when there is some: nextest does not run it, and looking for it in a
/// dozen libraries takes longer than the rest when there is none.
pub(super) async fn examples(root: &Path, env: &Env<'_>) -> anyhow::Result<Count> {
    if !nextest(root).await || !Repository::read(root)?.has_examples() {
        return Ok(Count::default());
    }
    cargo(root, &["test", "--doc", "--workspace"], env).await
}

async fn nextest(root: &Path) -> bool {
    let mut command = command(root);
    command.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok_and(|status| status.success())
}

/// Cargo, as if somebody had typed it in the folder of the workspace.
pub(crate) fn command(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root);
    // What `cargo run` told this program about itself would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(&*name);
        }
    }
    command
}

async fn cargo(root: &Path, args: &[&str], env: &Env<'_>) -> anyhow::Result<Count> {
    let line = format!("cargo {}", args.join(" "));
    step(&line);
    let mut command = command(root);
    command.args(args).envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if std::io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    if std::env::var_os("INSTA_UPDATE").is_none() {
        command.env("INSTA_UPDATE", "no");
    }
    let mut child = Running(command.spawn().context("cargo cannot be started")?);
    let out = child.0.stdout.take().context("the runner's output")?;
    let err = child.0.stderr.take().context("the runner's messages")?;
    let (from_out, from_err, status) = tokio::join!(
        copy(out, |line| println!("{line}")),
        copy(err, |line| eprintln!("{line}")),
        child.0.wait()
    );
    let mut count = from_out?;
    count += from_err?;
    ensure!(status?.success(), "`{line}` failed");
    Ok(count)
}

async fn copy(from: impl AsyncRead + Unpin, say: fn(&str)) -> anyhow::Result<Count> {
    let mut lines = BufReader::new(from).lines();
    let mut count = Count::default();
    while let Some(line) = lines.next_line().await? {
        say(&line);
        count += Count::of_line(&line);
    }
    Ok(count)
}

/// A test runner that is asked to end, and waited for, when nobody waits for its answer any more:
/// killed at once it would leave its tests behind.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let Some(id) = self.0.id() else { return };
        let asked =
            std::process::Command::new("kill").args(["-s", "TERM", &id.to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            return;
        }
        let deadline = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < deadline {
            match self.0.try_wait() {
                Ok(None) => pause(),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.0.start_kill();
    }
}

#[expect(clippy::disallowed_methods, reason = "a destructor has nothing else to wait on")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
