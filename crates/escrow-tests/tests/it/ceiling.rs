//! The ceiling: in any sixty minutes participants are paid at most so much, pushed or claimed.

use alloy_primitives::U256;
use hashbuzz_escrow_tests::abi::{EscrowEvent, HashbuzzEscrow as abi};
use hashbuzz_escrow_tests::allocation::entry;
use hashbuzz_escrow_tests::artefact::ESCROW;
use hashbuzz_escrow_tests::chain::address;
use hashbuzz_escrow_tests::escrow::{Escrow, HBAR, ONE, Refused, events};
use hashbuzz_escrow_tests::stage::{BUDGET, FEE, HOUR, Stage};

/// One HBAR in tinybars, as entries carry it.
const ONE64: u64 = 100_000_000;
const CEILING: u128 = 10 * ONE;

fn closed_under_a_ceiling() -> Stage {
    let mut stage = Stage::funded_in(Escrow::deploy_with(ESCROW, CEILING).unwrap());
    stage.create(BUDGET, FEE).unwrap();
    let allocation = stage.allocation(&[ONE; 100]);
    stage.close(&allocation).unwrap();
    stage
}

fn reached(available: u128, wanted: u128) -> Refused {
    let [available, wanted] = [available, wanted].map(U256::from);
    abi::PayoutCeilingReached { available, wanted }.into()
}

#[test]
fn no_sixty_minutes_see_more_than_the_ceiling() {
    let mut stage = closed_under_a_ceiling();
    let anna = address("anna");
    let pay = |stage: &mut Stage, batch, amount| {
        stage.pay(batch, vec![entry(anna, amount, batch)]).map(|_| ())
    };
    pay(&mut stage, 1, 6 * ONE64).unwrap();
    stage.escrow.chain.pass(HOUR / 2);
    pay(&mut stage, 2, 4 * ONE64).unwrap();
    assert_eq!(pay(&mut stage, 3, 1).unwrap_err(), reached(0, 1));
    // The first six leave the window after an hour, the four half an hour later.
    stage.escrow.chain.pass(HOUR / 2 - 1);
    assert_eq!(pay(&mut stage, 3, 1).unwrap_err(), reached(0, 1));
    stage.escrow.chain.pass(1);
    assert_eq!(pay(&mut stage, 3, 6 * ONE64 + 1).unwrap_err(), reached(6 * ONE, 6 * ONE + 1));
    pay(&mut stage, 3, 6 * ONE64).unwrap();
    stage.escrow.chain.pass(HOUR / 2);
    pay(&mut stage, 4, 4 * ONE64).unwrap();
    assert_eq!(pay(&mut stage, 5, 1).unwrap_err(), reached(0, 1));
}

#[test]
fn claims_count_and_are_bound_like_batches() {
    let mut stage = closed_under_a_ceiling();
    let allocation = stage.allocation(&[ONE; 100]);
    stage.pay(1, vec![entry(address("anna"), 9 * ONE64 + 1, 0)]).unwrap();
    let refused = stage.claim(&allocation, 1, address("ben")).unwrap_err();
    assert_eq!(refused, reached(ONE - 1, ONE));
    stage.escrow.chain.pass(HOUR);
    stage.claim(&allocation, 1, address("ben")).unwrap();
    assert_eq!(stage.escrow.view(abi::payoutRoomCall { asset: HBAR }), U256::from(CEILING - ONE));
}

#[test]
fn a_refused_payout_uses_nothing_of_the_ceiling() {
    let mut stage = closed_under_a_ceiling();
    stage.pay(1, vec![entry(address("anna"), 11 * ONE64, 0)]).unwrap_err();
    stage.pay(1, vec![entry(address("anna"), 10 * ONE64, 0)]).unwrap();
}

#[test]
fn refunds_withdrawals_and_fees_are_outside_the_ceiling() {
    let mut stage = closed_under_a_ceiling();
    stage.pay(1, vec![entry(address("anna"), 10 * ONE64, 0)]).unwrap();
    let withdraw = abi::withdrawCall { asset: HBAR, amount: 500 * ONE };
    stage.escrow.call(stage.sponsor, withdraw).unwrap();
    let treasury = stage.escrow.people.treasury;
    let fees = abi::withdrawFeesCall { asset: HBAR, to: treasury, amount: FEE };
    stage.escrow.call(treasury, fees).unwrap();
    stage.escrow.chain.pass(30 * 24 * HOUR);
    stage.finalise(stage.sponsor).unwrap();
}

#[test]
fn the_admin_sets_the_ceiling_and_it_holds_at_once() {
    let mut stage = closed_under_a_ceiling();
    let people = stage.escrow.people.clone();
    let set = |per_hour| abi::setPayoutCeilingCall { asset: HBAR, perHour: per_hour };
    stage.pay(1, vec![entry(address("anna"), 10 * ONE64, 0)]).unwrap();
    let done = stage.escrow.call(people.admin, set(15 * ONE)).unwrap();
    let expected = abi::PayoutCeilingSet { asset: HBAR, perHour: 15 * ONE };
    assert_eq!(events(&done, stage.escrow.address), [EscrowEvent::PayoutCeilingSet(expected)]);
    stage.pay(2, vec![entry(address("anna"), 5 * ONE64, 1)]).unwrap();
    stage.escrow.call(people.admin, set(1)).unwrap();
    let refused = stage.pay(3, vec![entry(address("anna"), 1, 2)]).unwrap_err();
    assert_eq!(refused, reached(0, 1));
    assert_eq!(stage.escrow.view(abi::payoutCeilingCall { asset: HBAR }), U256::from(1));
}

#[test]
fn a_ceiling_of_zero_is_refused_also_at_deployment() {
    let [given, least, most] = [U256::ZERO, U256::from(1), U256::from(u128::MAX)];
    let expected = Refused::from(abi::OutOfRange { given, least, most });
    assert_eq!(Escrow::deploy_with(ESCROW, 0).err(), Some(expected.clone()));
    let mut escrow = Escrow::deploy();
    let admin = escrow.people.admin;
    let call = abi::setPayoutCeilingCall { asset: HBAR, perHour: 0 };
    assert_eq!(escrow.call(admin, call).unwrap_err(), expected);
}
