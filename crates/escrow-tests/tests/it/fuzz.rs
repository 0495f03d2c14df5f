//! Random calls: the contract agrees with the model, and a broken one does not.

use std::collections::BTreeSet;

use hashbuzz_escrow_tests::artefact::{ESCROW, mutants};
use hashbuzz_escrow_tests::fuzz::{Checks, Plan, Tally, run};

/// How many calls all seeds together make, unless `HASHBUZZ_FUZZ_CALLS` says otherwise.
const CALLS: u64 = 32_000;
/// The seeds that share them; each is a test of its own, so that they run side by side.
const SEEDS: u64 = 4;
/// How many calls a broken copy may survive; the slowest took 3,500 when this was written.
const PATIENCE: u64 = 20_000;

/// What anybody can call that changes anything.
const FUNCTIONS: [&str; 23] = [
    "allow",
    "cancel",
    "claim",
    "close",
    "createCampaign",
    "deposit",
    "depositAndAllow",
    "depositToken",
    "depositTokenAndAllow",
    "finalise",
    "listToken",
    "pause",
    "payBatch",
    "recover",
    "refund",
    "setPayoutCeiling",
    "sweepSurplus",
    "topUp",
    "unlistToken",
    "unpause",
    "withdraw",
    "withdrawCredit",
    "withdrawFees",
];

/// What the contract answers when it refuses, but for what a random call does not meet: too little
/// gas, and recipients that make no sense. Those are among the rules.
const REFUSALS: [&str; 23] = [
    "AccessControlUnauthorizedAccount",
    "AlreadyPaid",
    "BadBinding",
    "BadProof",
    "CampaignExists",
    "EnforcedPause",
    "ExpectedPause",
    "FeeAboveCap",
    "InsufficientAllowance",
    "InsufficientBalance",
    "NotSponsor",
    "NothingToDo",
    "OutOfRange",
    "PayoutCeilingReached",
    "TokenCharges",
    "TokenMisbehaved",
    "TokenRefused",
    "TooEarly",
    "TotalExceeded",
    "TransferFailed",
    "UnsupportedAsset",
    "WrongBatch",
    "WrongState",
];

fn setting(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().expect("the setting is a whole number")
}

fn agrees(seed: u64) -> Tally {
    let calls = setting("HASHBUZZ_FUZZ_CALLS", CALLS) / SEEDS;
    let seed = setting("HASHBUZZ_FUZZ_SEED", 0) * SEEDS + seed;
    let plan = Plan { artefact: ESCROW, checks: Checks::ModelAndBooks, calls, seed, shrink: 3_000 };
    let tally = run(plan).unwrap_or_else(|finding| panic!("seed {seed}: {finding:#?}"));
    println!("{tally}");
    assert!(tally.calls() >= calls);
    tally
}

#[test]
fn the_contract_agrees_with_the_model_first_seed() {
    let tally = agrees(1);
    // A run that never gets anywhere proves nothing.
    if tally.calls() >= CALLS / SEEDS {
        for function in FUNCTIONS {
            assert!(tally.accepted(function) >= 5, "{function}:\n{tally}");
        }
        for refusal in REFUSALS {
            assert!(tally.answered(refusal) >= 5, "{refusal}:\n{tally}");
        }
    }
}

#[test]
fn the_contract_agrees_with_the_model_second_seed() {
    agrees(2);
}

#[test]
fn the_contract_agrees_with_the_model_third_seed() {
    agrees(3);
}

#[test]
fn the_contract_agrees_with_the_model_fourth_seed() {
    agrees(4);
}

/// A broken copy is found out.
macro_rules! found_out {
    ($($test:ident: $artefact:literal by $checks:ident;)*) => {
        $(#[test]
        fn $test() {
            let checks = Checks::$checks;
            let plan = Plan { artefact: $artefact, checks, calls: PATIENCE, seed: 1, shrink: 0 };
            let finding = run(plan).expect_err(concat!($artefact, " passes for the contract"));
            println!("{} after {} calls: {}", $artefact, finding.calls, finding.what);
        })*

        /// What is found out with the model's help.
        const FOUND_OUT: &[(&str, Checks)] = &[$(($artefact, Checks::$checks)),*];
    };
}

found_out! {
    a_line_paid_twice_is_found_out: "ForgetsTheBit" by ModelAndBooks;
    a_forgotten_total_is_found_out: "ForgetsTheTotal" by ModelAndBooks;
    paying_what_is_not_held_is_found_out: "ForgetsWhatIsHeld" by ModelAndBooks;
    a_forgotten_batch_number_is_found_out: "ForgetsTheBatchNumber" by ModelAndBooks;
    a_forgotten_ceiling_is_found_out: "ForgetsTheCeiling" by ModelAndBooks;
    a_binding_signed_by_anybody_is_found_out: "TrustsEverySigner" by ModelAndBooks;
    a_credit_that_is_not_owed_is_found_out: "CreditsForFree" by ModelAndBooks;
    an_early_refund_is_found_out: "RefundsBeforeTheWindowEnds" by ModelAndBooks;
    a_pause_that_eats_the_window_is_found_out: "PauseEatsTheClaimWindow" by ModelAndBooks;
    an_allowance_spent_twice_is_found_out: "SpendsTheAllowanceTwice" by ModelAndBooks;
    a_fee_taken_twice_is_found_out: "TakesTheFeeTwice" by ModelAndBooks;
    a_credit_of_what_was_asked_is_found_out: "CreditsWhatWasAsked" by ModelAndBooks;
    an_ignored_response_code_is_found_out: "IgnoresTheResponseCode" by ModelAndBooks;
    a_believed_revert_is_found_out: "BelievesARevert" by ModelAndBooks;
    a_believed_token_is_found_out: "BelievesTheToken" by ModelAndBooks;
    a_fee_of_the_tokens_is_found_out: "PaysTheTokensFees" by ModelAndBooks;
    a_batch_that_stops_is_found_out: "StopsAtAFailingRecipient" by ModelAndBooks;
    a_credit_paid_twice_is_found_out: "PaysACreditTwice" by ModelAndBooks;
    a_credit_in_another_asset_is_found_out: "CreditsInHbar" by ModelAndBooks;
    a_payout_in_another_asset_is_found_out: "PaysInHbar" by ModelAndBooks;
    a_debt_in_another_asset_is_found_out: "OwesInHbar" by ModelAndBooks;
    a_refund_in_another_asset_is_found_out: "RefundsInHbar" by ModelAndBooks;
    a_ceiling_of_another_asset_is_found_out: "MixesUpTheCeilings" by ModelAndBooks;
    a_sweep_of_what_is_owed_is_found_out: "SweepsWhatIsOwed" by ModelAndBooks;
    a_deposit_of_what_is_unlisted_is_found_out: "DepositsWhatIsUnlisted" by ModelAndBooks;
    a_campaign_of_what_is_unlisted_is_found_out: "CommitsWhatIsUnlisted" by ModelAndBooks;

    the_auditor_alone_sees_a_line_paid_twice: "ForgetsTheBit" by BooksAlone;
    the_auditor_alone_sees_a_forgotten_total: "ForgetsTheTotal" by BooksAlone;
    the_auditor_alone_sees_paying_what_is_not_held: "ForgetsWhatIsHeld" by BooksAlone;
    the_auditor_alone_sees_a_forgotten_ceiling: "ForgetsTheCeiling" by BooksAlone;
    the_auditor_alone_sees_a_credit_that_is_not_owed: "CreditsForFree" by BooksAlone;
    the_auditor_alone_sees_a_fee_taken_twice: "TakesTheFeeTwice" by BooksAlone;
    the_auditor_alone_sees_a_credit_of_what_was_asked: "CreditsWhatWasAsked" by BooksAlone;
    the_auditor_alone_sees_a_believed_token: "BelievesTheToken" by BooksAlone;
    the_auditor_alone_sees_a_fee_of_the_tokens: "PaysTheTokensFees" by BooksAlone;
    the_auditor_alone_sees_a_credit_in_another_asset: "CreditsInHbar" by BooksAlone;
    the_auditor_alone_sees_a_debt_in_another_asset: "OwesInHbar" by BooksAlone;
    the_auditor_alone_sees_a_ceiling_of_another_asset: "MixesUpTheCeilings" by BooksAlone;
    the_auditor_alone_sees_a_sweep_of_what_is_owed: "SweepsWhatIsOwed" by BooksAlone;
    the_auditor_alone_sees_a_refund_in_another_asset: "RefundsInHbar" by BooksAlone;
}

#[test]
fn every_broken_copy_has_a_test() {
    let tested: BTreeSet<String> = FOUND_OUT
        .iter()
        .filter(|(_, checks)| *checks == Checks::ModelAndBooks)
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(tested, mutants());
}
