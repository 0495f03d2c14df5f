//! On what was measured: figures without it say nothing.
//!
//! A commit waits for the disk, so what the disk needs to make 8 KiB durable decides most of the
//! figures; laptops that answer before anything is durable look ten times faster.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use crate::figures::{Histogram, Summary, ratio};

/// The machine, as far as the figures depend on it.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    processor: String,
    memory_mib: u64,
    kernel: String,
    disk: String,
    /// Running and waiting processes of the last minute, before anything was measured: above a
    /// fraction of 1 somebody else is at work, and the figures are too low.
    load_average: String,
    /// Writing 8 KiB over old bytes of a file and `fdatasync`, in the data folder.
    fsync: Summary,
}

impl Machine {
    /// Looks around; `folder` is on the disk that the database uses.
    pub(crate) fn look(folder: &Path) -> anyhow::Result<Self> {
        let load = read("/proc/loadavg");
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or("unknown".into()),
            memory_mib: kibibytes(&read("/proc/meminfo"), "MemTotal") / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            disk: disk(&read("/proc/self/mounts"), &fs::canonicalize(folder)?),
            load_average: load.split(' ').next().unwrap_or_default().to_owned(),
            fsync: fsync(folder).context("measuring the disk")?,
        })
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "  {} cores of {}, {} MiB, Linux {}, load {}",
            self.cores, self.processor, self.memory_mib, self.kernel, self.load_average
        )?;
        write!(f, "  disk {}: 8 KiB written and fdatasync: {}", self.disk, self.fsync)
    }
}

/// Enough for a p99, and over in seconds on a slow disk.
const WRITES: usize = 1000;
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// PostgreSQL writes over recycled segments of its log, so the measuring does as well.
const FILE: u64 = 16 << 20;
const BLOCK: u64 = 8 << 10;

fn fsync(folder: &Path) -> anyhow::Result<Summary> {
    let mut file = tempfile_in(folder)?;
    file.1.write_all(&vec![1; usize::try_from(FILE)?])?;
    file.1.sync_all()?;
    let block = vec![2; usize::try_from(BLOCK)?];
    let (mut histogram, begin) = (Histogram::default(), Instant::now());
    for index in (0..FILE / BLOCK).cycle().take(WRITES) {
        file.1.seek(SeekFrom::Start(index * BLOCK))?;
        let before = Instant::now();
        file.1.write_all(&block)?;
        file.1.sync_data()?;
        histogram.add(i64::try_from(before.elapsed().as_micros())?);
        if begin.elapsed() > TIME_LIMIT {
            break;
        }
    }
    Ok(histogram.summary())
}

/// A file that is gone when it is dropped.
struct Scratch(std::path::PathBuf, fs::File);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn tempfile_in(folder: &Path) -> anyhow::Result<Scratch> {
    let path = folder.join(format!("fsync-{}", uuid::Uuid::new_v4().simple()));
    let file = fs::File::create_new(&path).with_context(|| path.display().to_string())?;
    Ok(Scratch(path, file))
}

/// Device and file system of the mount that `folder` is in.
fn disk(mounts: &str, folder: &Path) -> String {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let (device, place, kind) = (fields.next()?, fields.next()?, fields.next()?);
            folder.starts_with(place).then(|| (place.len(), format!("{device} ({kind})")))
        })
        .max_by_key(|(length, _)| *length)
        .map_or("unknown".into(), |(_, name)| name)
}

/// What the kernel says there; nothing where it does not.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kibibytes(text: &str, name: &str) -> u64 {
    field(text, name).and_then(|value| value.split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Resident memory of a process.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Resident {
    /// Now, in KiB.
    pub(crate) now_kib: u64,
    /// The most that it ever was, in KiB.
    pub(crate) peak_kib: u64,
}

impl Resident {
    /// Of this process.
    pub(crate) fn own() -> anyhow::Result<Self> {
        Self::of(std::process::id()).context("what this process needs")
    }

    /// Of the process `id`; `None` when it is gone.
    pub(crate) fn of(id: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        Some(Self { now_kib: kibibytes(&status, "VmRSS"), peak_kib: kibibytes(&status, "VmHWM") })
    }
}

/// Time of all cores since the machine started, in the kernel's ticks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cores {
    all: u64,
    /// This machine wanted to run, and the one that it is a part of ran others.
    stolen: u64,
}

impl Cores {
    pub(crate) fn now() -> Self {
        Self::of(&read("/proc/stat"))
    }

    fn of(stat: &str) -> Self {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user.
        let ticks: Vec<u64> =
            line.split_whitespace().take(8).filter_map(|ticks| ticks.parse().ok()).collect();
        Self { all: ticks.iter().sum(), stolen: ticks.get(7).copied().unwrap_or(0) }
    }

    /// The part of the time since `before` that went to other machines.
    pub(crate) fn stolen_since(&self, before: &Self) -> f64 {
        ratio(self.stolen.saturating_sub(before.stolen), self.all.saturating_sub(before.all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_took_is_part_of_all_there_was() {
        let before = Cores::of("cpu  10 0 10 60 5 1 2 12 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
        let after = Cores::of("cpu  40 0 30 80 5 1 2 42 9 9\n");
        assert_eq!((before.all, after.stolen_since(&before)), (100, 0.3));
        assert_eq!(Cores::of("").stolen_since(&before), 0.0, "where nobody says");
        assert!(Cores::now().all > 0);
    }

    #[test]
    fn the_disk_is_that_of_the_longest_mount_above_the_folder() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmpx xfs rw 0 0\n";

        assert_eq!(disk(mounts, Path::new("/tmp/x")), "tmpfs (tmpfs)");
        assert_eq!(disk(mounts, Path::new("/home")), "/dev/a (ext4)");
    }

    #[test]
    fn this_process_is_somewhere_in_memory() {
        let resident = Resident::of(std::process::id()).expect("it lives");

        assert!(resident.peak_kib >= resident.now_kib && resident.now_kib > 0);
    }

    #[test]
    fn numbers_of_the_system_are_read_with_their_unit() {
        assert_eq!(kibibytes("MemTotal:       24092520 kB\n", "MemTotal"), 24_092_520);
        assert_eq!(kibibytes("", "MemTotal"), 0);
    }
}
