//! The crash matrix: a life for every point, and lives that die once more while they recover.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rand::SeedableRng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha12Rng;
use serde::Serialize;
use tokio::time::Instant;

use crate::life::{Setting, live};
use crate::points::{Recording, spread};
use crate::server::Server;

/// So often a life is lived for a point that it does not reach each time.
const TRIES: u64 = 3;

/// How much of the matrix is run.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Draws the sample and the second point of each pair.
    pub seed: u64,
    /// Points that are tried; all when there is no number.
    pub points: Option<usize>,
    /// Points that are tried once more with a second death; all that were tried when there is no
    /// number.
    pub pairs: Option<usize>,
    /// Lives that go on side by side.
    pub lanes: usize,
    /// No life begins later than this after the first.
    pub time: Option<Duration>,
    /// Only points whose label contains this.
    pub only: Option<String>,
}

/// The last line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Points at which a life died, once.
    pub points: usize,
    /// Pairs of points at which a life died, one after the other.
    pub pairs: usize,
    /// Lives in all, those without a death included.
    pub runs: usize,
    /// Lives in which something was done more often than once.
    pub doubled: usize,
    /// Lives in which something accepted was not done.
    pub lost: usize,
    /// Lives that did not come to their end.
    pub stuck: usize,
    /// Lives whose books do not balance.
    pub unbalanced: usize,
    /// Lives whose deaths did not all come about: their points were not reached this time.
    pub missed: usize,
    /// Lives that could not be played, because a stand-in or the machine failed.
    pub failed: usize,
    /// Points that a life reaches, however often.
    pub reached: u64,
    /// Sites with their contexts that a life reaches.
    pub places: usize,
    /// What the sample was drawn with.
    pub seed: u64,
    /// From the first life to the last.
    pub seconds: u64,
}

impl Report {
    /// Whether the promise held, and was put to the test at all.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        let wrong = self.doubled + self.lost + self.stuck + self.unbalanced + self.failed;
        // A point that chance did not reach is no point tried; where that is the rule, the
        // recording no longer describes a life.
        wrong == 0 && self.points > 0 && self.missed * 10 <= self.runs
    }
}

/// One life to be lived.
#[derive(Clone, Debug)]
struct Job {
    deaths: Vec<String>,
    /// Whether a second death is drawn from its recovery.
    pair: bool,
    /// How often it was lived without dying as it should.
    tries: u64,
}

/// Runs it; what is found goes to standard error, a life at a time.
///
/// # Errors
/// When a life without a death does not end well: then nothing can be learnt from the others.
pub async fn run(setting: &Setting, extent: &Extent, folder: &Path) -> anyhow::Result<Report> {
    let began = Instant::now();
    let desk = Desk { setting, extent, folder, began, state: Mutex::default() };
    // As many as go on side by side later: they are as slow, and differ as much.
    let recordings = (0..extent.lanes.max(2)).map(|lane| desk.record(lane));
    let recordings = futures::future::try_join_all(recordings).await?;
    let both = recordings.into_iter().reduce(|all, one| all.and(&one));
    let both = both.context("there are two recordings at least")?;
    let mut rng = ChaCha12Rng::seed_from_u64(extent.seed);
    let mut labels = both.labels();
    if let Some(only) = &extent.only {
        labels.retain(|label| label.contains(only));
    }
    let all = labels.len();
    let labels = spread(&labels, extent.points.unwrap_or(all), &mut rng);
    eprintln!(
        "{} points reached at {} places; {all} stand for them, {} are tried ({} ms a life)",
        both.reached(),
        both.places().count(),
        labels.len(),
        began.elapsed().as_millis()
    );
    let pairs = extent.pairs.unwrap_or(labels.len());
    let jobs = labels.into_iter().enumerate();
    let jobs = jobs.map(|(at, label)| Job { deaths: vec![label], pair: at < pairs, tries: 0 });
    desk.with(|state| {
        state.jobs = jobs.collect();
        state.report.reached = both.reached();
        state.report.places = both.places().count();
        state.report.seed = extent.seed;
    });
    futures::future::join_all((0..extent.lanes).map(|lane| desk.work(lane))).await;
    desk.with(|state| state.report.seconds = began.elapsed().as_secs());
    Ok(desk.with(|state| state.report.clone()))
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    report: Report,
}

/// Where lanes take their lives from and say how they ended.
struct Desk<'a> {
    setting: &'a Setting,
    extent: &'a Extent,
    folder: &'a Path,
    began: Instant,
    state: Mutex<State>,
}

impl Desk<'_> {
    fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn open(&self) -> anyhow::Result<PathBuf> {
        let folder = tempfile::Builder::new().prefix("life-").tempdir_in(self.folder)?;
        Ok(folder.keep())
    }

    /// A life without a death.
    async fn record(&self, lane: usize) -> anyhow::Result<Recording> {
        let folder = self.open()?;
        let lived = live(self.setting, lane, &[], &folder).await?;
        self.with(|state| state.report.runs += 1);
        let findings = lived.verdict.findings().join("\n");
        ensure!(lived.verdict.is_well(), "a life without a death ends badly:\n{findings}");
        let recording = Recording::read(&Server::recording(&folder, 0))?;
        std::fs::remove_dir_all(&folder).context("a life's folder")?;
        Ok(recording)
    }

    async fn work(&self, lane: usize) {
        while let Some(job) = self.next() {
            let outcome = self.play(lane, &job).await;
            if let Err(error) = outcome {
                eprintln!("FAILED {}: {error:#}", job.deaths.join(" then "));
                self.with(|state| {
                    state.report.runs += 1;
                    state.report.failed += 1;
                });
            }
        }
    }

    fn next(&self) -> Option<Job> {
        if self.extent.time.is_some_and(|time| self.began.elapsed() > time) {
            return None;
        }
        self.with(|state| state.jobs.pop_front())
    }

    async fn play(&self, lane: usize, job: &Job) -> anyhow::Result<()> {
        let folder = self.open()?;
        let lived = live(self.setting, lane, &job.deaths, &folder).await?;
        let verdict = &lived.verdict;
        let missed = lived.deaths < job.deaths.len();
        let again = missed && job.tries + 1 < TRIES;
        let name = job.deaths.join(" then ");
        self.with(|state| {
            let report = &mut state.report;
            report.runs += 1;
            report.missed += usize::from(missed && !again);
            report.points += usize::from(!missed && job.deaths.len() == 1);
            report.pairs += usize::from(!missed && job.deaths.len() == 2);
            report.doubled += usize::from(!verdict.doubled.is_empty());
            report.lost += usize::from(!verdict.lost.is_empty());
            report.stuck += usize::from(!verdict.stuck.is_empty());
            report.unbalanced += usize::from(!verdict.unbalanced.is_empty());
            if report.runs % 25 == 0 {
                eprintln!("{} lives, {} wait: {report:?}", report.runs, state.jobs.len());
            }
        });
        match (missed, again) {
            (false, _) if job.pair => self.pair(&folder, &job.deaths)?,
            (false, _) => {}
            (true, true) => {
                let job = Job { tries: job.tries + 1, ..job.clone() };
                self.with(|state| state.jobs.push_back(job));
            }
            (true, false) => eprintln!("missed {name}"),
        }
        if verdict.is_well() {
            std::fs::remove_dir_all(&folder).context("a life's folder")?;
        } else {
            eprintln!("WRONG {name}: kept in {}", folder.display());
            verdict.findings().iter().for_each(|finding| eprintln!("  {finding}"));
        }
        Ok(())
    }

    /// A second death, drawn from what the recovery from the first reached.
    fn pair(&self, folder: &Path, deaths: &[String]) -> anyhow::Result<()> {
        let recovery = Recording::read(&Server::recording(folder, deaths.len()))?;
        let seed =
            deaths.iter().flat_map(|label| label.bytes()).fold(self.extent.seed, |seed, byte| {
                seed.wrapping_mul(31).wrapping_add(u64::from(byte))
            });
        let labels = recovery.labels();
        if let Some(second) = labels.choose(&mut ChaCha12Rng::seed_from_u64(seed)) {
            let deaths = deaths.iter().chain([second]).cloned().collect();
            // Next: where time runs out, it is not always the pairs that are left.
            self.with(|state| state.jobs.push_front(Job { deaths, pair: false, tries: 0 }));
        }
        Ok(())
    }
}
