//! The pause: what stops, what never stops, and that it takes no time from anybody.

use alloy_sol_types::SolCall;
use hashbuzz_escrow_tests::abi::{HashbuzzEscrow as abi, state};
use hashbuzz_escrow_tests::allocation::entry;
use hashbuzz_escrow_tests::chain::{address, digest};
use hashbuzz_escrow_tests::escrow::{HBAR, ONE, Refused};
use hashbuzz_escrow_tests::stage::{BUDGET, DAY, FEE, REFUND_AFTER, Stage, WINDOW};

#[test]
fn deposits_commitments_and_pushed_payouts_stop() {
    let (mut stage, allocation) = Stage::closed(&[ONE]);
    let closed = stage.id;
    stage.id = digest("running");
    stage.create(BUDGET, FEE).unwrap();
    let running = stage.id;
    stage.pause();
    let paused = Refused::from(abi::EnforcedPause {});
    let sponsor = stage.sponsor;
    let deposit = stage.escrow.pay(sponsor, ONE, abi::depositCall {});
    assert_eq!(deposit.unwrap_err(), paused);
    let both = abi::depositAndAllowCall { amount: ONE, maxFeeBps: 0 };
    assert_eq!(stage.escrow.pay(sponsor, ONE, both).unwrap_err(), paused);
    stage.id = digest("new");
    assert_eq!(stage.create(BUDGET, FEE).unwrap_err(), paused);
    let top_up = abi::topUpCall { id: running, budget: 1, fee: 0 };
    assert_eq!(stage.operate(top_up).unwrap_err(), paused);
    stage.id = running;
    assert_eq!(stage.close(&allocation).unwrap_err(), paused);
    stage.id = closed;
    let batch = vec![entry(address("anna"), 1, 0)];
    assert_eq!(stage.pay(1, batch.clone()).unwrap_err(), paused);
    stage.unpause();
    stage.pay(1, batch).unwrap();
}

#[test]
fn whatever_is_somebodys_can_be_taken_out() {
    let (mut stage, allocation) = Stage::closed(&[ONE; 3]);
    let closed = stage.id;
    let shutter = stage.recipient("Shutter");
    stage.pay(1, vec![entry(shutter, 100_000_000, 2)]).unwrap();
    for name in ["to be cancelled", "to be recovered"] {
        stage.id = digest(name);
        stage.create(BUDGET, FEE).unwrap();
    }
    stage.id = closed;
    stage.pause();
    let people = stage.escrow.people.clone();
    let sponsor = stage.sponsor;
    let calls = [
        (sponsor, abi::withdrawCall { asset: HBAR, amount: ONE }.abi_encode()),
        (sponsor, abi::allowCall { asset: HBAR, amount: 0, maxFeeBps: 0 }.abi_encode()),
        (people.operator, abi::cancelCall { id: digest("to be cancelled") }.abi_encode()),
        (sponsor, abi::refundCall { id: closed }.abi_encode()),
        (people.treasury, fees(people.treasury)),
    ];
    for (from, call) in calls {
        stage.escrow.raw(from, 0, call.into()).unwrap();
    }
    stage.claim(&allocation, 0, address("anna")).unwrap();
    stage.escrow.chain.pass(REFUND_AFTER);
    let recover = abi::recoverCall { id: digest("to be recovered") };
    stage.escrow.call(sponsor, recover).unwrap();
    stage.assert_covered();
}

fn fees(to: alloy_primitives::Address) -> Vec<u8> {
    abi::withdrawFeesCall { asset: HBAR, to, amount: FEE }.abi_encode()
}

#[test]
fn a_credit_can_be_withdrawn_while_paused() {
    use alloy_primitives::U256;
    use hashbuzz_escrow_tests::abi::Recipient;
    let (mut stage, _) = Stage::closed(&[ONE]);
    let shutter = stage.recipient("Shutter");
    stage.pay(1, vec![entry(shutter, 100_000_000, 0)]).unwrap();
    stage.pause();
    let data = abi::withdrawCreditCall { asset: HBAR }.abi_encode().into();
    let act = Recipient::actCall { target: stage.escrow.address, value: U256::ZERO, data };
    for call in [Recipient::setCall { open: true }.abi_encode(), act.abi_encode()] {
        stage.escrow.chain.transact(address("tester"), shutter, 0, call.into()).unwrap();
    }
    assert_eq!(stage.escrow.credit(shutter), 0);
}

#[test]
fn the_claim_window_grows_by_the_paused_time() {
    let (mut stage, _) = Stage::closed(&[ONE]);
    let until = stage.campaign().claimUntil;
    stage.escrow.chain.pass(DAY);
    stage.pause();
    stage.escrow.chain.pass(WINDOW);
    assert_eq!(stage.campaign().claimUntil, until + WINDOW, "while it lasts");
    let early = Refused::from(abi::TooEarly { until: until + WINDOW });
    assert_eq!(stage.finalise(stage.sponsor).unwrap_err(), early);
    stage.unpause();
    stage.escrow.chain.pass(WINDOW - DAY - 1);
    assert_eq!(stage.finalise(stage.sponsor).unwrap_err(), early);
    stage.pay(1, vec![entry(address("anna"), 100_000_000, 0)]).unwrap();
    stage.escrow.chain.pass(1);
    stage.finalise(stage.sponsor).unwrap();
    stage.escrow.chain.pass(1);
    assert_eq!(stage.campaign().claimUntil, until + WINDOW, "and stays what it was");
}

#[test]
fn several_pauses_add_up_and_one_before_close_counts_for_nothing() {
    let mut stage = Stage::running();
    stage.pause();
    stage.escrow.chain.pass(5 * DAY);
    stage.unpause();
    let allocation = stage.allocation(&[ONE]);
    stage.close(&allocation).unwrap();
    let until = stage.escrow.chain.now() + WINDOW;
    assert_eq!(stage.campaign().claimUntil, until);
    for days in [1, 2] {
        stage.pause();
        stage.escrow.chain.pass(days * DAY);
        stage.unpause();
    }
    assert_eq!(stage.campaign().claimUntil, until + 3 * DAY);
    assert_eq!(stage.escrow.view(abi::pausedSecondsCall {}), 8 * DAY);
}

#[test]
fn a_pause_after_the_window_does_not_open_it_again() {
    let (mut stage, _) = Stage::closed(&[ONE]);
    stage.escrow.chain.pass(WINDOW);
    stage.pause();
    stage.escrow.chain.pass(3 * DAY);
    stage.finalise(stage.sponsor).unwrap();
    assert_eq!(stage.campaign().state, state::FINALISED);
}

#[test]
fn a_pause_that_nobody_lifts_holds_the_rest_back_for_thirty_days_at_most() {
    let (mut stage, _) = Stage::closed(&[ONE]);
    let until = stage.campaign().claimUntil;
    stage.pause();
    stage.escrow.chain.pass(WINDOW + 30 * DAY - 1);
    let early = Refused::from(abi::TooEarly { until: until + 30 * DAY });
    assert_eq!(stage.finalise(stage.sponsor).unwrap_err(), early);
    stage.escrow.chain.pass(1);
    stage.finalise(stage.sponsor).unwrap();
}

#[test]
fn recovering_does_not_wait_for_a_pause() {
    let mut stage = Stage::running();
    stage.pause();
    stage.escrow.chain.pass(REFUND_AFTER);
    stage.escrow.call(stage.sponsor, abi::recoverCall { id: stage.id }).unwrap();
}
