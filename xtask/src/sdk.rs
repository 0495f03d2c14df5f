//! X's own SDK and the one that most tools use, and the official JavaScript SDK for Hedera, unchanged,
//! against the stand-ins.
//!
//! What a stand-in is worth shows in clients that know nothing of it. The stand-ins run as a person
//! would run them, on free ports; they are ended by their process ids.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::{step, target};

/// The stand-in, which is ended when this is dropped.
struct Standin(Child);

impl Drop for Standin {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing left to do then.
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

pub(crate) fn run(root: &Path, args: &[String]) -> anyhow::Result<()> {
    let folder = root.join("sdk-tests");
    step("sdk: npm ci");
    call(&folder, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], &[])?;
    step("sdk: building the stand-ins");
    call(root, "cargo", &["build", "--package", "hashbuzz-cli"], &[])?;
    let (x, _x) = start(root, "x")?;
    let (hedera, _hedera) = start(root, "hedera")?;
    step("sdk: the tests");
    // One file after another: they share the stand-ins and their settings.
    let mut node = vec!["--test", "--test-concurrency=1"];
    node.extend(args.iter().map(String::as_str));
    let variables =
        [("HASHBUZZ_STANDIN_X", x.trim_end()), ("HASHBUZZ_STANDIN_HEDERA", hedera.trim_end())];
    call(&folder, "node", &node, &variables)
}

/// Starts one and returns when it is ready, with the line that says everything.
fn start(root: &Path, which: &str) -> anyhow::Result<(String, Standin)> {
    let program =
        target(root).join("debug").join(format!("hashbuzz{}", std::env::consts::EXE_SUFFIX));
    let child = Command::new(&program)
        .args(["standin", which, "--json"])
        // It ends with this pipe, should this process be killed.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let mut standin = Standin(child);
    let output = standin.0.stdout.take().context("its standard output was piped")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).context("the stand-in cannot be read")?;
    ensure!(!line.is_empty(), "the stand-in ended before it was ready");
    Ok((line, standin))
}

fn call(
    folder: &Path,
    program: &str,
    args: &[&str],
    variables: &[(&str, &str)],
) -> anyhow::Result<()> {
    let line = format!("{program} {}", args.join(" "));
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).envs(variables.iter().copied());
    let status = command.status();
    let status = status.with_context(|| {
        format!("`{program}` cannot be started: the SDK tests need Node.js 20 or newer")
    })?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}
