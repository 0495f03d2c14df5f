//! Random calls by random people, against a model and an auditor.
//!
//! A run is many short lives of one contract: each begins with a fresh deployment and takes a
//! sequence of [`steps`]. After every call the answer (success, or the exact error), the balance
//! and the liabilities must be what the model says; after every twenty, every balance, campaign and
//! line. The auditor follows the log and the balances alone. A failure is shrunk to the shortest
//! sequence that still fails and comes with the seed.

mod auditor;
mod model;
mod steps;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::world::World;

pub use self::steps::Step;

/// Steps in one life of a contract.
const LENGTH: usize = 100;

/// Against what a run compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// The model, and the auditor's books.
    ModelAndBooks,
    /// The auditor's books, with no idea of the rules.
    BooksAlone,
}

/// How many calls of each function were accepted and refused.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<&'static str, (u64, u64)>);

impl Tally {
    fn count(&mut self, function: &'static str, accepted: bool) {
        let (yes, no) = self.0.entry(function).or_default();
        *(if accepted { yes } else { no }) += 1;
    }

    /// All calls.
    pub fn calls(&self) -> u64 {
        self.0.values().map(|(yes, no)| yes + no).sum()
    }

    /// Accepted calls of `function`.
    pub fn accepted(&self, function: &str) -> u64 {
        self.0.get(function).map_or(0, |(yes, _)| *yes)
    }

    /// Refused calls of `function`.
    pub fn refused(&self, function: &str) -> u64 {
        self.0.get(function).map_or(0, |(_, no)| *no)
    }

    /// The functions that were called.
    pub fn functions(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<18}{:>10}{:>10}", "function", "accepted", "refused")?;
        for (function, (yes, no)) in &self.0 {
            writeln!(f, "{function:<18}{yes:>10}{no:>10}")?;
        }
        write!(f, "{} calls", self.calls())
    }
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What should not have happened.
    pub what: String,
    /// The shortest sequence found in which it happens.
    pub steps: Vec<Step>,
}

/// Makes at least `calls` calls on `artefact`, if nothing is found before.
///
/// # Errors
/// The first finding, shrunk.
///
/// # Panics
/// When the runner itself gives up, which nothing here asks it to.
pub fn run(artefact: &str, checks: Checks, calls: u64, seed: u64) -> Result<Tally, Box<Finding>> {
    let origin = World::new(artefact, checks);
    let tally = RefCell::new(Tally::default());
    let sequences = steps::sequences(LENGTH);
    let config = Config {
        cases: 1,
        max_shrink_iters: 3_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut lives: u64 = 0;
    while tally.borrow().calls() < calls {
        let mut runner = TestRunner::new_with_rng(config.clone(), generator(seed, lives));
        lives += 1;
        let outcome = runner.run(&sequences, |steps| {
            let mut world = origin.fork();
            for step in &steps {
                world.take(step, &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
            }
            world.compare_everything().map_err(TestCaseError::fail)
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, steps)) => {
                return Err(Box::new(Finding { what: reason.message().to_owned(), steps }));
            }
            Err(TestError::Abort(reason)) => panic!("the runner gave up: {reason}"),
        }
    }
    Ok(tally.into_inner())
}

/// Each life has a generator of its own, so that the n-th is the same however many are asked for.
fn generator(seed: u64, life: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&life.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
