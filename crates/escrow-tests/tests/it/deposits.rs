//! Sponsors: what comes in, what campaigns may take, what goes out.

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use hashbuzz_escrow_tests::abi::EscrowEvent;
use hashbuzz_escrow_tests::abi::HashbuzzEscrow as abi;
use hashbuzz_escrow_tests::abi::Recipient;
use hashbuzz_escrow_tests::chain::{Failed, address};
use hashbuzz_escrow_tests::escrow::{Escrow, HBAR, ONE, Refused, events, small};
use hashbuzz_escrow_tests::stage::{BUDGET, DEPOSIT, FEE, Stage};

#[test]
fn a_deposit_credits_what_arrived_to_who_sent_it() {
    let mut escrow = Escrow::deploy();
    let sponsor = address("sponsor");
    escrow.chain.fund(sponsor, 5 * ONE);
    let done = escrow.pay(sponsor, 3 * ONE, abi::depositCall {}).unwrap();
    let amount = U256::from(3 * ONE);
    let expected = EscrowEvent::Deposited(abi::Deposited { sponsor, asset: HBAR, amount });
    assert_eq!(events(&done, escrow.address), [expected]);
    assert_eq!(escrow.free(sponsor), 3 * ONE);
    assert_eq!(escrow.liabilities(), 3 * ONE);
    assert_eq!(escrow.balance(), 3 * ONE);
}

#[test]
fn a_deposit_of_nothing_is_refused() {
    let refused = Escrow::deploy().call(address("sponsor"), abi::depositCall {});
    assert_eq!(refused.unwrap_err(), abi::NothingToDo {}.into());
}

#[test]
fn a_plain_transfer_is_refused() {
    let mut escrow = Escrow::deploy();
    let sponsor = address("sponsor");
    escrow.chain.fund(sponsor, ONE);
    assert_eq!(escrow.raw(sponsor, ONE, Bytes::new()).unwrap_err(), Refused::Silently);
    assert_eq!(small(escrow.chain.balance(sponsor)), ONE);
}

#[test]
fn a_native_transfer_is_credited_to_nobody_and_only_the_surplus_can_be_swept() {
    let mut stage = Stage::funded();
    let escrow = &mut stage.escrow;
    let (admin, to) = (escrow.people.admin, address("who sent it"));
    escrow.chain.fund(escrow.address, 7 * ONE);
    assert_eq!(escrow.liabilities(), DEPOSIT);
    let sweep = |amount| abi::sweepSurplusCall { asset: HBAR, to, amount };
    let (available, needed) = (U256::from(7 * ONE), U256::from(7 * ONE + 1));
    assert_eq!(
        escrow.call(admin, sweep(7 * ONE + 1)).unwrap_err(),
        abi::InsufficientBalance { available, needed }.into()
    );
    escrow.call(admin, sweep(7 * ONE)).unwrap();
    assert_eq!(small(escrow.chain.balance(to)), 7 * ONE);
    assert_eq!(escrow.balance(), escrow.liabilities());
}

#[test]
fn money_cannot_be_sent_along_with_a_call_that_takes_none() {
    let mut stage = Stage::funded();
    let call = abi::allowCall { asset: HBAR, amount: 1, maxFeeBps: 0 };
    let refused = stage.escrow.pay(stage.sponsor, ONE, call);
    assert_eq!(refused.unwrap_err(), Refused::Silently);
}

#[test]
fn an_allowance_is_set_and_not_added() {
    let mut stage = Stage::funded();
    for amount in [5, 3] {
        let call = abi::allowCall { asset: HBAR, amount, maxFeeBps: 700 };
        stage.escrow.call(stage.sponsor, call).unwrap();
    }
    let allowed = stage.escrow.view(abi::allowanceCall { sponsor: stage.sponsor, asset: HBAR });
    assert_eq!((allowed.amount, allowed.maxFeeBps), (3, 700));
}

#[test]
fn free_balance_is_withdrawn_by_its_owner_and_by_nobody_else() {
    let mut stage = Stage::running();
    let withdraw = |amount| abi::withdrawCall { asset: HBAR, amount };
    let available = DEPOSIT - BUDGET - FEE;
    let short = |available: u128, needed: u128| {
        let (available, needed) = (U256::from(available), U256::from(needed));
        Refused::from(abi::InsufficientBalance { available, needed })
    };
    let refused = stage.escrow.call(stage.sponsor, withdraw(available + 1));
    assert_eq!(refused.unwrap_err(), short(available, available + 1));
    for other in [stage.escrow.people.operator, stage.escrow.people.admin, address("stranger")] {
        let refused = stage.escrow.call(other, withdraw(1));
        assert_eq!(refused.unwrap_err(), short(0, 1));
    }
    let before = small(stage.escrow.chain.balance(stage.sponsor));
    stage.escrow.call(stage.sponsor, withdraw(available)).unwrap();
    assert_eq!(small(stage.escrow.chain.balance(stage.sponsor)), before + available);
    assert_eq!(stage.free(), 0);
    assert_eq!(stage.escrow.liabilities(), BUDGET + FEE);
    let refused = stage.escrow.call(stage.sponsor, withdraw(0));
    assert_eq!(refused.unwrap_err(), abi::NothingToDo {}.into());
}

#[test]
fn a_sponsor_that_cannot_receive_keeps_its_free_balance() {
    let mut stage = Stage::funded();
    let shutter = stage.recipient("Shutter");
    let Stage { escrow, sponsor, .. } = &mut stage;
    let as_shutter = |value: u128, call: Vec<u8>| Recipient::actCall {
        target: escrow.address,
        value: U256::from(value),
        data: call.into(),
    };
    let deposit = as_shutter(ONE, abi::depositCall {}.abi_encode()).abi_encode();
    let withdraw = abi::withdrawCall { asset: HBAR, amount: ONE };
    let withdraw = as_shutter(0, withdraw.abi_encode()).abi_encode();
    escrow.chain.transact(*sponsor, shutter, ONE, deposit.into()).unwrap();
    let failed = escrow.chain.transact(*sponsor, shutter, 0, withdraw.into()).unwrap_err();
    let expected = abi::TransferFailed {}.abi_encode();
    assert_eq!(failed, Failed::Reverted(expected.into()));
    assert_eq!(escrow.free(shutter), ONE);
}

#[test]
fn a_sponsor_that_calls_back_while_it_withdraws_gets_nothing_by_it() {
    let mut stage = Stage::funded();
    let thief = stage.recipient("Reenterer");
    let Stage { escrow, sponsor, .. } = &mut stage;
    let target = escrow.address;
    let act = |value: u128, call: Vec<u8>| {
        let (value, data) = (U256::from(value), call.into());
        Recipient::actCall { target, value, data }.abi_encode()
    };
    let withdraw = abi::withdrawCall { asset: HBAR, amount: ONE }.abi_encode();
    let arm = Recipient::armCall { target, call_: withdraw.clone().into() }.abi_encode();
    let deposit = act(3 * ONE, abi::depositCall {}.abi_encode());
    escrow.chain.transact(*sponsor, thief, 0, arm.into()).unwrap();
    escrow.chain.transact(*sponsor, thief, 3 * ONE, deposit.into()).unwrap();
    let done = escrow.chain.transact(*sponsor, thief, 0, act(0, withdraw).into()).unwrap();
    let tried = done.logs.iter().find(|log| log.address == thief).expect("it was called");
    let tried = Recipient::Tried::decode_log(tried).unwrap();
    let guard = abi::ReentrancyGuardReentrantCall::SELECTOR;
    assert_eq!((tried.ok, tried.why.0), (false, guard));
    assert_eq!((escrow.free(thief), small(escrow.chain.balance(thief))), (2 * ONE, ONE));
}

#[test]
fn an_asset_that_was_never_listed_is_refused() {
    let mut stage = Stage::running();
    let asset = address("token");
    let people = stage.escrow.people.clone();
    let mut create = stage.create_call(1, 0);
    (create.id, create.asset) = (Default::default(), asset);
    let calls = [
        (stage.sponsor, abi::allowCall { asset, amount: 1, maxFeeBps: 0 }.abi_encode()),
        (stage.sponsor, abi::withdrawCall { asset, amount: 1 }.abi_encode()),
        (stage.sponsor, abi::withdrawCreditCall { asset }.abi_encode()),
        (people.operator, create.abi_encode()),
        (people.treasury, withdraw_fees(asset)),
        (people.admin, abi::setPayoutCeilingCall { asset, perHour: 1 }.abi_encode()),
        (people.admin, sweep(asset)),
        (people.admin, abi::unlistTokenCall { token: asset }.abi_encode()),
        (stage.sponsor, abi::depositTokenCall { token: asset, amount: 1 }.abi_encode()),
    ];
    for (from, call) in calls {
        let refused = stage.escrow.raw(from, 0, call.into());
        assert_eq!(refused.unwrap_err(), abi::UnsupportedAsset { asset }.into());
    }
}

fn withdraw_fees(asset: alloy_primitives::Address) -> Vec<u8> {
    abi::withdrawFeesCall { asset, to: address("till"), amount: 1 }.abi_encode()
}

fn sweep(asset: alloy_primitives::Address) -> Vec<u8> {
    abi::sweepSurplusCall { asset, to: address("till"), amount: 1 }.abi_encode()
}
