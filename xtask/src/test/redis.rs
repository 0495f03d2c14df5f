//! The program of a Redis server. Tests start servers of their own with it, on free ports.
//!
//! Debian's package `redis-server` adds a service: it is started when the package is installed and
//! again at every boot, on the port where people expect theirs. But that package holds only the
//! service, its settings and a link: the program itself is in `redis-tools`, which starts nothing,
//! under the name of a tool. It is a server when it is called by that name, so it gets a link of
//! ours, in a folder that lasts as long as the tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use super::install;
use crate::step;

/// The oldest version with which BullMQ works.
const OLDEST: (u32, u32) = (6, 2);
const NAME: &str = "redis-server";
/// The same program under another name, where only Debian's tools are installed.
const TOOL: &str = "redis-check-rdb";

/// A program that is there while this is.
pub(super) struct Redis {
    program: PathBuf,
    _folder: Option<TempDir>,
}

impl Redis {
    /// The program, for tests.
    pub(super) fn program(&self) -> anyhow::Result<&str> {
        self.program.to_str().context("the path of redis-server is not text")
    }
}

/// Finds the program, and installs it where it is missing and we may.
pub(super) fn find(root: bool) -> anyhow::Result<Redis> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let (redis, version) = match found(&folders)? {
        Some(found) => found,
        None => {
            install::install(&install::REDIS, root)?;
            found(&folders)?.context("installed, and still not found")?
        }
    };
    ensure!(version >= OLDEST, "Redis {}.{} is too old for BullMQ: 6.2", version.0, version.1);
    step(&format!("Redis {}.{}, for servers of the tests' own", version.0, version.1));
    Ok(redis)
}

/// The first server in `folders` or, where there is none, the first tool that can be one.
fn found(folders: &[PathBuf]) -> anyhow::Result<Option<(Redis, (u32, u32))>> {
    for folder in folders {
        let program = folder.join(NAME);
        if let Some(version) = version_of(&program) {
            return Ok(Some((Redis { program, _folder: None }, version)));
        }
    }
    for folder in folders {
        let Ok(tool) = fs::canonicalize(folder.join(TOOL)) else { continue };
        let own = tempfile::Builder::new().prefix("hashbuzz-redis-").tempdir()?;
        let program = own.path().join(NAME);
        symlink(&tool, &program)?;
        if let Some(version) = version_of(&program) {
            return Ok(Some((Redis { program, _folder: Some(own) }, version)));
        }
    }
    Ok(None)
}

fn version_of(program: &Path) -> Option<(u32, u32)> {
    let said = Command::new(program).arg("--version").output().ok()?.stdout;
    version(&String::from_utf8_lossy(&said))
}

/// Major and minor version in `Redis server v=7.0.15 sha=…` or `Valkey server v=8.1.1 sha=…`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut words = said.split_whitespace();
    words.next()?;
    let number = words.next().filter(|word| *word == "server").and(words.next())?;
    let mut parts = number.strip_prefix("v=")?.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program that says `text` when it is called `redis-server`, and nothing useful otherwise.
    fn program(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        let script = format!(
            "#!/bin/sh\ncase \"$0\" in */{NAME}) echo '{text}' ;; *) echo usage; exit 1 ;; esac\n"
        );
        fs::write(&path, script).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
    }

    #[test]
    fn the_version_is_read_from_what_the_program_says() {
        let said = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n";
        assert_eq!(version(said), Some((7, 0)));
        assert_eq!(version("Valkey server v=8.1.1 sha=0\n"), Some((8, 1)));
        assert_eq!(version("Usage: redis-check-rdb <rdb-file-name>\n"), None);
        assert_eq!(version(""), None);
    }

    #[test]
    fn a_server_is_taken_as_it_is() {
        let (one, other) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("other"));
        program(one.path(), TOOL, "Redis server v=6.2.1 sha=0");
        program(other.path(), NAME, "Redis server v=7.2.4 sha=0");
        let folders = [one.path().to_owned(), other.path().to_owned()];

        let (redis, version) = found(&folders).expect("looked").expect("there");

        assert_eq!(version, (7, 2));
        assert_eq!(redis.program, other.path().join(NAME));
    }

    #[test]
    fn a_tool_that_is_the_server_by_another_name_is_called_by_that_name() {
        let folder = tempfile::tempdir().expect("a folder");
        program(folder.path(), TOOL, "Redis server v=7.0.15 sha=0");
        let folders = [folder.path().to_owned()];

        let (redis, version) = found(&folders).expect("looked").expect("there");

        assert_eq!(version, (7, 0));
        assert!(redis.program().expect("text").ends_with(NAME));
        let link = redis.program.clone();
        drop(redis);
        assert!(!link.exists(), "nothing is left behind");
    }

    #[test]
    fn a_tool_that_is_only_a_tool_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(TOOL), "").expect("written");
        let folders = [folder.path().to_owned(), folder.path().join("nowhere")];

        assert!(found(&folders).expect("looked").is_none());
    }
}
