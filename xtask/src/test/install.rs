//! Installing what the tests need, where we may: as root on Debian or Ubuntu.
//!
//! Debian's packages of servers start one, on the port where people expect theirs. PostgreSQL's is
//! told not to, and of Redis only the package without the service is taken: this is somebody's
//! machine, and a server that we do not start is one that we need not stop.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::step;

/// From what a settings file says to what it should say.
type Change = fn(&str) -> String;

/// Something that tests need and that is not there.
pub(super) struct Missing {
    /// What a person would call it.
    pub(super) what: &'static str,
    /// What to install first, so that there are settings to change.
    pub(super) before: &'static [&'static str],
    /// The package that brings it.
    pub(super) package: &'static str,
    /// A file that has to read otherwise while the package is installed.
    pub(super) settings: Option<(&'static str, Change)>,
}

/// The server's programs, without a server.
pub(super) const POSTGRES: Missing = Missing {
    what: "PostgreSQL 15 or newer (`postgres` and `initdb`)",
    before: &["postgresql-common"],
    package: "postgresql",
    settings: Some(("/etc/postgresql-common/createcluster.conf", without_cluster)),
};

/// The server's program, under the name of a tool, without the service.
pub(super) const REDIS: Missing = Missing {
    what: "Redis 6.2 or newer (`redis-server`)",
    before: &[],
    package: "redis-tools",
    settings: None,
};

/// Installs it, or says who has to.
pub(super) fn install(missing: &Missing, root: bool) -> anyhow::Result<()> {
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !root || !is_debian(&system) || !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "{} is not installed. On Debian or Ubuntu: `apt-get install {}` (or run this command \
             as root, and it does that); elsewhere, install it so that it is on PATH",
            missing.what,
            missing.package
        );
    }
    step(&format!("installing {} with apt-get", missing.package));
    apt(&["update", "-q"])?;
    if !missing.before.is_empty() {
        apt(&[&INSTALL, missing.before].concat())?;
    }
    let line = [&INSTALL[..], &[missing.package]].concat();
    match missing.settings {
        Some((path, change)) => with_settings(Path::new(path), change, || apt(&line)),
        None => apt(&line),
    }
}

/// Does `act` while the file at `path` is changed, and puts it back.
fn with_settings(
    path: &Path,
    change: Change,
    act: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let writing = || format!("writing {}", path.display());
    let before = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    fs::write(path, change(&before)).with_context(writing)?;
    let outcome = act();
    fs::write(path, before).with_context(writing)?;
    outcome
}

const INSTALL: [&str; 6] =
    ["install", "-q", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];

fn apt(args: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("apt-get")
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .context("apt-get cannot be started")?;
    ensure!(status.success(), "`apt-get {}` failed", args.join(" "));
    Ok(())
}

/// The same settings, with "create a main cluster" off.
fn without_cluster(settings: &str) -> String {
    let others = settings
        .lines()
        .filter(|line| !line.trim_start_matches(['#', ' ']).starts_with("create_main_cluster"));
    let mut lines: Vec<&str> = others.collect();
    lines.push("create_main_cluster = false");
    lines.join("\n") + "\n"
}

fn is_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .any(|id| id == "debian" || id == "ubuntu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_what_is_like_it_is_recognised() {
        assert!(is_debian("NAME=x\nID=debian\n"));
        assert!(is_debian("ID=mint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\nVARIANT_ID=debian-like\n"));
    }

    #[test]
    fn the_package_is_told_to_make_no_cluster() {
        let before = "# why\n#create_main_cluster = true\ncreate_main_cluster = true\nssl = on\n";

        assert_eq!(without_cluster(before), "# why\nssl = on\ncreate_main_cluster = false\n");
        assert_eq!(without_cluster(""), "create_main_cluster = false\n");
    }

    #[test]
    fn settings_are_put_back_also_after_a_failure() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "ssl = on\n").expect("written");
        let mut seen = String::new();

        let outcome = with_settings(file.path(), without_cluster, || {
            seen = fs::read_to_string(file.path())?;
            bail!("no network")
        });

        assert!(outcome.is_err());
        assert_eq!(seen, "ssl = on\ncreate_main_cluster = false\n");
        assert_eq!(fs::read_to_string(file.path()).expect("read"), "ssl = on\n");
    }

    #[test]
    fn who_may_not_install_is_told_what_to_install() {
        let told = install(&POSTGRES, false).expect_err("not root").to_string();

        assert!(told.contains("apt-get install postgresql"), "{told}");
        let told = install(&REDIS, false).expect_err("not root").to_string();
        assert!(told.contains("apt-get install redis-tools"), "{told}");
    }
}
