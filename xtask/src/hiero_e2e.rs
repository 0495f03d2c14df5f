//! The end-to-end suite that the official Rust SDK for Hedera publishes, against the stand-in.
//!
//! The suite is part of the published crate. Its sources are copied from where Cargo unpacked them
//! and built unchanged; only an empty `[workspace]` is added to the manifest, so that Cargo does
//! not take the copy for a member of ours. The suite's addresses are written into it: node
//! 127.0.0.1:50211, mirror 127.0.0.1:5600. Both ports must be free.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::{standin, step, target};

const SDK: &str = "hiero-sdk";
const NODE: &str = "127.0.0.1:50211";
const MIRROR: &str = "127.0.0.1:5600";
/// Asks the public test network, wherever the suite runs, and waits for it without end.
const NOT_FOR_US: &str = "client::initialize_with_mirror_network";

/// How to run the suite.
#[derive(Debug, Args)]
pub(crate) struct SuiteArgs {
    /// Fail when fewer tests pass.
    #[arg(long, default_value_t = 0)]
    at_least: usize,
    /// How many tests run at once.
    #[arg(long, default_value_t = 4)]
    threads: usize,
    /// Passed on to the suite: names of tests, `--exact`, `--nocapture`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// How many tests passed, failed and were ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

pub(crate) fn run(root: &Path, args: &SuiteArgs) -> anyhow::Result<()> {
    for address in [NODE, MIRROR] {
        TcpListener::bind(address)
            .with_context(|| format!("the suite insists on {address}, which is not free"))?;
    }
    let folder = copy(root)?;
    step("hiero-e2e: building the suite (several minutes the first time)");
    let suite = build(root, &folder, &["test", "--test", "e2e", "--no-run"])?;
    step("hiero-e2e: building the stand-in");
    let program = build(root, root, &["build", "--package", "hashbuzz-standin-hedera", "--bins"])?;
    let (line, _standin) = standin::start(&program, &[NODE, MIRROR])?;
    let said = serde_json::from_str(&line).context("the stand-in said no JSON")?;
    step("hiero-e2e: running the suite");
    let results = target(root).join("hiero-e2e-results.txt");
    let output = suite_output(&suite, &said, args, &results)?;
    let total = show(&output);
    println!("xtask: hiero-e2e: everything it said is in {}", results.display());
    ensure!(total.passed >= args.at_least, "fewer than {} tests passed", args.at_least);
    Ok(())
}

/// The suite's copy, made once per version of the SDK.
fn copy(root: &Path) -> anyhow::Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .context("`cargo metadata` cannot be started")?;
    ensure!(output.status.success(), "`cargo metadata` failed");
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let sdk = packages.iter().find(|package| package["name"] == SDK).context("no SDK")?;
    let version = sdk["version"].as_str().context("a package has a version")?;
    let manifest = sdk["manifest_path"].as_str().context("a package has a manifest")?;
    let folder = target(root).join(format!("hiero-e2e-{version}"));
    let complete = folder.join(".copied");
    if !complete.exists() {
        step("hiero-e2e: copying the SDK's sources");
        copy_folder(Path::new(manifest).parent().context("a manifest is in a folder")?, &folder)?;
        let mut manifest = fs::OpenOptions::new().append(true).open(folder.join("Cargo.toml"))?;
        manifest.write_all(b"\n[workspace]\n")?;
        fs::write(complete, "")?;
    }
    Ok(folder)
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &copy)?,
            false => {
                // Read and written, because what Cargo unpacked may be read-only.
                fs::write(copy, fs::read(entry.path())?)?;
            }
        }
    }
    Ok(())
}

/// Builds, and returns the path of the program that came out of it.
fn build(root: &Path, folder: &Path, args: &[&str]) -> anyhow::Result<PathBuf> {
    let output = Command::new("cargo")
        .args(args)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target(root))
        .env("PROTOC", root.join("tools").join("protoc"))
        // As in our own profile: it doubles the time that linking takes.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        // Where Cargo tells the package that it runs for; it is not what is built here.
        .env_remove("CARGO_MANIFEST_DIR")
        .stderr(Stdio::inherit())
        .output()
        .context("`cargo` cannot be started")?;
    ensure!(output.status.success(), "`cargo {}` failed", args.join(" "));
    let text = String::from_utf8_lossy(&output.stdout);
    let mut programs = text.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    programs.next_back().with_context(|| format!("`cargo {}` made no program", args.join(" ")))
}

/// Runs the suite, whose output goes into a file, and returns what it said.
fn suite_output(
    suite: &Path,
    said: &Value,
    args: &SuiteArgs,
    results: &Path,
) -> anyhow::Result<String> {
    let operator = |name: &str| said["operator"][name].as_str().unwrap_or_default().to_owned();
    let file = fs::File::create(results).context("the results cannot be written")?;
    let _status = Command::new(suite)
        .arg(format!("--test-threads={}", args.threads))
        .args(["--skip", NOT_FOR_US])
        .args(&args.args)
        .env("TEST_NETWORK_NAME", "localhost")
        .env("TEST_OPERATOR_ID", operator("account"))
        .env("TEST_OPERATOR_KEY", operator("private_key"))
        .env("TEST_RUN_NONFREE", "1")
        .stdout(file)
        .status()
        .context("the suite cannot be started")?;
    // It fails as long as one test does; what counts is what it says.
    let text = fs::read_to_string(results).context("the results cannot be read")?;
    if !text.contains("test result:") {
        bail!("the suite did not come to its end: {}", results.display());
    }
    Ok(text)
}

/// Prints the score of every module and returns that of the whole.
fn show(output: &str) -> Score {
    let scores = scores(output);
    let mut total = Score::default();
    println!("{:<40} {:>7} {:>7} {:>8}", "module", "passed", "failed", "ignored");
    for (module, score) in &scores {
        let Score { passed, failed, ignored } = score;
        println!("{module:<40} {passed:>7} {failed:>7} {ignored:>8}");
        total.add(*score);
    }
    let Score { passed, failed, ignored } = total;
    println!("{:<40} {passed:>7} {failed:>7} {ignored:>8}", "total");
    total
}

fn scores(output: &str) -> BTreeMap<String, Score> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for line in output.lines() {
        let Some((name, result)) =
            line.strip_prefix("test ").and_then(|line| line.split_once(" ... "))
        else {
            continue;
        };
        let module = name.rsplit_once("::").map_or(name, |(module, _)| module);
        let score = scores.entry(module.to_owned()).or_default();
        match result.split_whitespace().next().map(|word| word.trim_end_matches(',')) {
            Some("ok") => score.passed += 1,
            Some("ignored") => score.ignored += 1,
            _ => score.failed += 1,
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_counted_by_module() {
        let output = "running 4 tests\ntest account::create::a ... ok\n\
                      test account::create::b ... FAILED\ntest prng::c ... ignored, not yet\n\
                      test client::d ... ok\ntest result: FAILED. 2 passed; 1 failed\n";
        let scores = scores(output);
        assert_eq!(scores["account::create"], Score { passed: 1, failed: 1, ignored: 0 });
        assert_eq!(scores["prng"], Score { passed: 0, failed: 0, ignored: 1 });
        assert_eq!(scores.len(), 3);
    }
}
