//! The server of one life: started, told where to die, and started again.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use hashbuzz_crash::{AT, RECORD};
use tokio::sync::watch;

use crate::programs::{Environment, Executable, Started, aborted, end_of};

/// What is known of the server while a life goes on.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Where it answers; nothing while it is dead.
    pub address: Option<String>,
    /// How often it has died where it was told to.
    pub deaths: usize,
}

/// The server, and what it is to live through.
#[derive(Debug)]
pub struct Server<'a> {
    /// The armed program.
    pub program: &'a Executable,
    /// Its settings.
    pub config: &'a Path,
    /// Where its log and its recordings go.
    pub folder: &'a Path,
    /// The points at which it dies, one after the other; then it lives on.
    pub deaths: &'a [String],
}

impl Server<'_> {
    /// Where the points are recorded that were reached after so many deaths.
    #[must_use]
    pub fn recording(folder: &Path, deaths: usize) -> PathBuf {
        folder.join(format!("points.{deaths}"))
    }

    /// Its log, of all its lives.
    #[must_use]
    pub fn log(folder: &Path) -> PathBuf {
        folder.join("serve.log")
    }

    /// Keeps it running until this is dropped.
    ///
    /// # Errors
    /// When it ends, or does not start, without having been told to die.
    pub async fn keep(&self, seen: &watch::Sender<Seen>) -> anyhow::Result<()> {
        let config = self.config.to_str().context("temporary folders have names in UTF-8")?;
        let log = Self::log(self.folder);
        loop {
            let deaths = seen.borrow().deaths;
            let environment = self.environment(deaths)?;
            let arguments = ["serve", "--config", config];
            let status = match self.program.start(&arguments, &environment, &log).await? {
                Started::Ended(status) => status,
                Started::Ready(mut program) => {
                    let address: String = program.address("address")?;
                    seen.send_modify(|seen| seen.address = Some(address));
                    program.ended().await?
                }
            };
            let told = self.deaths.get(deaths);
            if !aborted(status) || told.map(String::as_str) != self.last_point(deaths).as_deref() {
                bail!("the server ended by itself with {status}:\n{}", end_of(&log));
            }
            seen.send_modify(|seen| *seen = Seen { address: None, deaths: deaths + 1 });
        }
    }

    fn environment(&self, deaths: usize) -> anyhow::Result<Environment> {
        let record = Self::recording(self.folder, deaths);
        let record = record.to_str().context("temporary folders have names in UTF-8")?;
        let mut environment = vec![(RECORD, record.to_owned())];
        environment.extend(self.deaths.get(deaths).map(|label| (AT, label.clone())));
        Ok(environment)
    }

    fn last_point(&self, deaths: usize) -> Option<String> {
        let recorded = std::fs::read_to_string(Self::recording(self.folder, deaths)).ok()?;
        recorded.lines().last().map(str::to_owned)
    }
}
