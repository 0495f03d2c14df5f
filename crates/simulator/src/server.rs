//! The server of one life: started, told where to die, and started again.

use std::path::{Path, PathBuf};
use std::pin::pin;

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

    /// Keeps it running while `act` goes on, and kills it then.
    ///
    /// # Errors
    /// When it ends, or does not start, without having been told to die.
    pub async fn around<T>(
        &self,
        seen: &watch::Sender<Seen>,
        act: impl Future<Output = T>,
    ) -> anyhow::Result<T> {
        let config = self.config.to_str().context("temporary folders have names in UTF-8")?;
        let log = Self::log(self.folder);
        let mut act = pin!(act);
        loop {
            let deaths = seen.borrow().deaths;
            let environment = self.environment(deaths)?;
            let arguments = ["serve", "--config", config];
            let status = match self.program.start(&arguments, &environment, &log).await? {
                Started::Ended(status) => status,
                Started::Ready(mut program) => {
                    let address: String = program.address("address")?;
                    seen.send_modify(|seen| seen.address = Some(address));
                    tokio::select! {
                        acted = &mut act => {
                            program.kill().await?;
                            return Ok(acted);
                        }
                        ended = program.ended() => ended?,
                    }
                }
            };
            if !aborted(status) || !self.reached(deaths) {
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

    /// Whether the point at which it was told to die was reached.
    fn reached(&self, deaths: usize) -> bool {
        let recorded = std::fs::read_to_string(Self::recording(self.folder, deaths));
        let told = self.deaths.get(deaths);
        told.is_some_and(|told| {
            recorded.is_ok_and(|recorded| recorded.lines().any(|line| line == told))
        })
    }
}
