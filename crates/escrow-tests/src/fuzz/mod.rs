//! Random calls by random people, against a model and an auditor.
//!
//! A run is many short lives of one contract: each begins with a fresh deployment and takes a
//! sequence of [`steps`]. After every call the answer (success, or the exact error), the balance
//! and the liabilities must be what the model says; after every hundred, every balance, campaign
//! and line. The auditor follows the log and everybody's balances alone. A failure is shrunk to the
//! shortest sequence that still fails.

mod acts;
mod auditor;
mod changes;
mod model;
mod refusal;
mod steps;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::world::World;

pub use self::steps::Step;

/// Steps in one life of a contract.
const LENGTH: usize = 200;

/// Against what a run compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// The model, and the auditor's books.
    ModelAndBooks,
    /// The auditor's books, with no idea of the rules.
    BooksAlone,
}

/// How often each function answered what: [`ACCEPTED`], or the name of an error.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<(&'static str, String), u64>);

/// The answer that is no error.
pub const ACCEPTED: &str = "accepted";

impl Tally {
    fn count(&mut self, function: &'static str, answer: &str) {
        *self.0.entry((function, answer.to_owned())).or_default() += 1;
    }

    /// All calls.
    pub fn calls(&self) -> u64 {
        self.0.values().sum()
    }

    /// How often `function` was accepted.
    pub fn accepted(&self, function: &'static str) -> u64 {
        self.0.get(&(function, ACCEPTED.to_owned())).copied().unwrap_or_default()
    }

    /// How often any function answered `answer`.
    pub fn answered(&self, answer: &str) -> u64 {
        let counts = self.0.iter().filter(|((_, given), _)| given == answer);
        counts.map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((function, answer), count) in &self.0 {
            writeln!(f, "{function:<18}{answer:<36}{count:>8}")?;
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
    /// Calls made until then, those of shrinking included.
    pub calls: u64,
}

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The contract, or a broken copy of it.
    pub artefact: &'static str,
    /// Against what.
    pub checks: Checks,
    /// At least so many calls, if nothing is found before.
    pub calls: u64,
    /// The same seed gives the same calls.
    pub seed: u64,
    /// How many attempts to shorten a finding are worth waiting for.
    pub shrink: u32,
}

/// Runs it.
///
/// # Errors
/// The first finding, shrunk.
///
/// # Panics
/// When the runner itself gives up, which nothing here asks it to.
pub fn run(plan: Plan) -> Result<Tally, Box<Finding>> {
    let origin = World::new(plan.artefact, plan.checks);
    let tally = RefCell::new(Tally::default());
    let sequences = steps::sequences(LENGTH);
    let config = Config {
        cases: 1,
        max_shrink_iters: plan.shrink,
        failure_persistence: None,
        ..Config::default()
    };
    let mut lives: u64 = 0;
    while tally.borrow().calls() < plan.calls {
        let mut runner = TestRunner::new_with_rng(config.clone(), generator(plan.seed, lives));
        lives += 1;
        let outcome = runner.run(&sequences, |steps| {
            let mut world = origin.fork();
            for step in steps::opening().iter().chain(&steps) {
                world.take(step, &mut tally.borrow_mut()).map_err(TestCaseError::fail)?;
            }
            world.compare_everything().map_err(TestCaseError::fail)
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, steps)) => {
                let (what, calls) = (reason.message().to_owned(), tally.borrow().calls());
                return Err(Box::new(Finding { what, steps, calls }));
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
