//! Random calls: the contract agrees with the model, and a broken one does not.

use std::time::Instant;

use hashbuzz_escrow_tests::artefact::ESCROW;
use hashbuzz_escrow_tests::fuzz::{Checks, run};

/// How many calls, unless `HASHBUZZ_FUZZ_CALLS` says otherwise.
const CALLS: u64 = 100_000;

fn setting(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().expect("the setting is a whole number")
}

#[test]
fn the_contract_agrees_with_the_model_and_its_books_with_the_auditor() {
    let calls = setting("HASHBUZZ_FUZZ_CALLS", CALLS);
    let seed = setting("HASHBUZZ_FUZZ_SEED", 1);
    let begun = Instant::now();
    let tally = run(ESCROW, Checks::ModelAndBooks, calls, seed)
        .unwrap_or_else(|finding| panic!("seed {seed}: {finding:#?}"));
    println!("{tally} in {:.1} s", begun.elapsed().as_secs_f32());
}
