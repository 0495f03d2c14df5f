//! The contracts: installed from the lock file, compiled by the npm compiler, compared or written.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::step;

pub(crate) fn run(root: &Path, check: bool) -> anyhow::Result<()> {
    let folder = root.join("contracts");
    step("contracts: npm ci");
    call(&folder, "npm", &["ci", "--no-audit", "--no-fund"])?;
    if check {
        step("contracts: comparing what is committed with what the compiler makes");
        call(&folder, "node", &["build.mjs", "--check"])
    } else {
        step("contracts: writing ABI and bytecode");
        call(&folder, "node", &["build.mjs"])
    }
}

fn call(folder: &Path, program: &str, args: &[&str]) -> anyhow::Result<()> {
    let line = format!("{program} {}", args.join(" "));
    let status =
        Command::new(program).args(args).current_dir(folder).status().with_context(|| {
            format!("`{program}` cannot be started: install Node.js 20 or newer")
        })?;
    ensure!(status.success(), "`{line}` in contracts/ failed: {status}");
    Ok(())
}
