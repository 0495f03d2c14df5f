//! X's own SDK and the one that most tools use, and the official JavaScript SDK for Hedera, unchanged,
//! against the stand-ins.
//!
//! What a stand-in is worth shows in clients that know nothing of it. The stand-ins run as a person
//! would run them, on free ports; they are ended by their process ids.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::{standin, step, target};

pub(crate) fn run(root: &Path, args: &[String]) -> anyhow::Result<()> {
    let folder = root.join("sdk-tests");
    step("sdk: npm ci");
    call(&folder, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], &[])?;
    step("sdk: building the stand-ins");
    call(root, "cargo", &["build", "--package", "hashbuzz-cli"], &[])?;
    let program =
        target(root).join("debug").join(format!("hashbuzz{}", std::env::consts::EXE_SUFFIX));
    let (x, _x) = standin::start(&program, &["standin", "x", "--json"])?;
    let (hedera, _hedera) = standin::start(&program, &["standin", "hedera", "--json"])?;
    step("sdk: the tests");
    // One file after another: they share the stand-ins and their settings.
    let mut node = vec!["--test", "--test-concurrency=1"];
    node.extend(args.iter().map(String::as_str));
    let variables =
        [("HASHBUZZ_STANDIN_X", x.trim_end()), ("HASHBUZZ_STANDIN_HEDERA", hedera.trim_end())];
    call(&folder, "node", &node, &variables)
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
