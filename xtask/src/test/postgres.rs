//! A private PostgreSQL server: found, made, started, and stopped by its process id.
//!
//! It listens on a free port of the loopback address, has a random password, and keeps its files in
//! a temporary folder. For tests it writes nothing to disk that it could avoid: what a test server
//! knows may be lost. For measuring it is set as the package sets it. As root it runs as another user, because the server refuses to run as root.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

use super::install;
use crate::step;

/// The oldest version that the product supports.
const OLDEST: u32 = 15;
/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
/// A port that was free can be taken before the server has it.
const TRIES: u32 = 5;
/// While a file of this name is in its folder, a server that is kept up stays down.
pub(crate) const STAYS_DOWN: &str = "stays-down";
const USER: &str = "hashbuzz";

/// What a server promises of what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing.
    None,
    /// What it promises where nobody set anything: what is committed survives a power cut.
    Full,
}

impl Durability {
    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::None => &[
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "max_connections=300",
                "shared_buffers=64MB",
                "autovacuum=off",
            ],
            Self::Full => &[],
        }
    }
}

/// A running server. Dropping it stops it and removes its files.
pub(crate) struct Server {
    process: Child,
    url: String,
    programs: Programs,
    port: u16,
    durability: Durability,
    folder: TempDir,
}

impl Server {
    /// Where tests connect to; the user may create databases.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A folder of this run, on the disk that the server writes to.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Server {
    /// Starts it again, on the same port, whenever it has ended and no file `stays-down` is in its
    /// folder. Returns only when that fails.
    pub(crate) async fn keep_up(&mut self) -> anyhow::Result<Infallible> {
        let user = if process_is_root()? { Some(User::other()?) } else { None };
        let folder = self.folder.path();
        let data = folder.join("data");
        let mut look = tokio::time::interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            if self.process.try_wait()?.is_none() || folder.join(STAYS_DOWN).exists() {
                continue;
            }
            let (programs, port) = (&self.programs, self.port);
            self.process = run(programs, user.as_ref(), folder, &data, port, self.durability)?;
            ready(&mut self.process, &data).await.context("starting it again")?;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Immediate shutdown: nothing is worth saving. The server ends within seconds.
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-s", "QUIT", &id]).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// One that is fast and forgets, for tests.
pub(crate) async fn start() -> anyhow::Result<Server> {
    start_with(Durability::None).await
}

pub(crate) async fn start_with(durability: Durability) -> anyhow::Result<Server> {
    let root = process_is_root()?;
    let programs = match newest(candidates())? {
        Some(programs) => programs,
        None => {
            install::install(&install::POSTGRES, root)?;
            newest(candidates())?.context("installed, and still not found")?
        }
    };
    let user = if root { Some(User::other()?) } else { None };
    let folder = tempfile::Builder::new().prefix("hashbuzz-test-").tempdir()?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    let data = make(&programs, user.as_ref(), folder.path(), &password)?;
    for _ in 0..TRIES {
        let port = free_port()?;
        let mut process = run(&programs, user.as_ref(), folder.path(), &data, port, durability)?;
        match ready(&mut process, &data).await {
            Ok(()) => {
                step(&format!("PostgreSQL {} on port {port}, private", programs.version));
                let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres");
                return Ok(Server { process, url, programs, port, durability, folder });
            }
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                let said = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                if !said.contains("could not bind") {
                    bail!("{error}; it said:\n{said}");
                }
            }
        }
    }
    bail!("no free port in {TRIES} tries")
}

/// The programs of one installed version.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Programs {
    folder: PathBuf,
    version: u32,
}

/// Debian keeps its versions side by side and off PATH; others put one on PATH.
fn candidates() -> Vec<Programs> {
    let mut folders: Vec<PathBuf> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path().join("bin")))
        .collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders.iter().filter_map(|folder| programs(folder)).collect()
}

/// The programs in `folder`, links followed. A script of that name is somebody's wrapper with ideas
/// of its own about users and folders: it is passed over.
fn programs(folder: &Path) -> Option<Programs> {
    let postgres = fs::canonicalize(folder.join("postgres")).ok()?;
    let folder = postgres.parent()?.to_owned();
    if !is_program(&postgres) || !is_program(&folder.join("initdb")) {
        return None;
    }
    let said = Command::new(&postgres).arg("--version").output().ok()?.stdout;
    let version = version(&String::from_utf8_lossy(&said))?;
    Some(Programs { folder, version })
}

fn is_program(path: &Path) -> bool {
    let executable =
        fs::metadata(path).is_ok_and(|file| file.is_file() && file.mode() & 0o111 != 0);
    let mut start = [0; 2];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    executable && read.is_ok() && start != *b"#!"
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`.
fn version(said: &str) -> Option<u32> {
    let number = said.split_once("(PostgreSQL) ")?.1;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The newest one; `None` when there is none at all.
fn newest(candidates: Vec<Programs>) -> anyhow::Result<Option<Programs>> {
    let Some(best) = candidates.into_iter().max_by_key(|found| found.version) else {
        return Ok(None);
    };
    ensure!(
        best.version >= OLDEST,
        "PostgreSQL {} in {} is too old: install {OLDEST} or newer",
        best.version,
        best.folder.display()
    );
    Ok(Some(best))
}

/// Who runs the server when we are root.
struct User {
    id: u32,
    group: u32,
}

impl User {
    fn other() -> anyhow::Result<Self> {
        let users = fs::read_to_string("/etc/passwd").context("who is there")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::find(&users, name))
            .context("no user `postgres` or `nobody` to run the server as")
    }

    fn find(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { id: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }
}

pub(super) fn process_is_root() -> anyhow::Result<bool> {
    let said = Command::new("id").arg("-u").output().context("`id -u`")?.stdout;
    Ok(String::from_utf8_lossy(&said).trim() == "0")
}

/// A command for one of the programs: as the other user, and told to end when we do, where the
/// system can do that.
fn command(programs: &Programs, user: Option<&User>, name: &str) -> anyhow::Result<Command> {
    let program = programs.folder.join(name);
    let setpriv = Command::new("setpriv").arg("--version").output().is_ok();
    ensure!(setpriv || user.is_none(), "as root this needs `setpriv` (package util-linux)");
    if !setpriv {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if let Some(User { id, group }) = user {
        command.args([format!("--reuid={id}"), format!("--regid={group}")]).arg("--clear-groups");
    }
    command.arg("--").arg(program);
    Ok(command)
}

fn make(
    programs: &Programs,
    user: Option<&User>,
    folder: &Path,
    password: &str,
) -> anyhow::Result<PathBuf> {
    let (data, secret) = (folder.join("data"), folder.join("password"));
    fs::write(&secret, password)?;
    if let Some(User { id, group }) = user {
        for path in [folder, &secret] {
            chown(path, Some(*id), Some(*group))?;
        }
    }
    let output = command(programs, user, "initdb")?
        .current_dir(folder)
        .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"])
        .arg(format!("--username={USER}"))
        .args([OsStr::new("--pwfile"), secret.as_os_str()])
        .args([OsStr::new("--pgdata"), data.as_os_str()])
        .output()
        .context("initdb cannot be started")?;
    ensure!(
        output.status.success(),
        "initdb failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(data)
}

fn run(
    programs: &Programs,
    user: Option<&User>,
    folder: &Path,
    data: &Path,
    port: u16,
    durability: Durability,
) -> anyhow::Result<Child> {
    let log = fs::File::create(folder.join("log"))?;
    let mut command = command(programs, user, "postgres")?;
    command.current_dir(folder).arg("-D").arg(data).args(["-p", &port.to_string()]);
    let place = ["listen_addresses=127.0.0.1", "unix_socket_directories="];
    for setting in place.iter().chain(durability.settings()) {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().context("postgres cannot be started")
}

pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until the server's own status file says that it takes connections.
async fn ready(process: &mut Child, data: &Path) -> anyhow::Result<()> {
    let mut look = tokio::time::interval(Duration::from_millis(25));
    let waiting = async {
        loop {
            look.tick().await;
            if let Some(status) = process.try_wait()? {
                bail!("the server ended at once: {status}");
            }
            let said = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if said.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
        }
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(outcome) => outcome,
        Err(_) => bail!("the server did not answer within {} s", PATIENCE.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_program_says() {
        assert_eq!(version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(version("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(version("a wrapper\n"), None);
    }

    #[test]
    fn the_newest_version_is_taken_and_one_that_is_too_old_is_refused() {
        let found = |version| Programs { folder: PathBuf::from("/x"), version };

        assert_eq!(newest(vec![]).ok(), Some(None));
        assert_eq!(newest(vec![found(14), found(17), found(15)]).ok(), Some(Some(found(17))));
        assert!(newest(vec![found(14)]).is_err());
    }

    #[test]
    fn a_script_is_no_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("postgres");
        fs::write(&script, "#!/bin/sh\nexec true\n").expect("written");
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        fs::set_permissions(&script, mode).expect("made executable");

        assert!(!is_program(&script));
        assert!(is_program(&std::env::current_exe().expect("this test")));
    }

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgresql:x:1:1::/:\npostgres:x:101:102::/:\n";

        let user = User::find(users, "postgres").expect("listed");

        assert_eq!((user.id, user.group), (101, 102));
        assert!(User::find(users, "nobody").is_none());
    }
}
