//! What goes back: at once what nobody was promised, later what nobody took.

use hashbuzz_escrow_tests::abi::{EscrowEvent, HashbuzzEscrow as abi, state};
use hashbuzz_escrow_tests::allocation::entry;
use hashbuzz_escrow_tests::chain::address;
use hashbuzz_escrow_tests::escrow::{HBAR, ONE, Refused, events, small};
use hashbuzz_escrow_tests::stage::{BUDGET, DAY, DEPOSIT, FEE, Stage, WINDOW};

#[test]
fn what_the_total_leaves_of_the_budget_is_refunded_at_once_and_once() {
    let (mut stage, _) = Stage::closed(&[30 * ONE]);
    let done = stage.refund(stage.sponsor).unwrap();
    let (id, amount) = (stage.id, 70 * ONE);
    let expected = EscrowEvent::Refunded(abi::Refunded { id, amount });
    assert_eq!(events(&done, stage.escrow.address), [expected]);
    assert_eq!(stage.free(), DEPOSIT - FEE - 30 * ONE);
    assert_eq!(stage.refund(stage.sponsor).unwrap_err(), abi::NothingToDo {}.into());
    assert_eq!(stage.campaign().state, state::CLOSED);
}

#[test]
fn payouts_between_do_not_change_what_is_refundable_before_the_window_ends() {
    let (mut stage, _) = Stage::closed(&[30 * ONE, 30 * ONE]);
    let id = stage.id;
    stage.pay(1, vec![entry(address("anna"), 3_000_000_000, 0)]).unwrap();
    assert_eq!(stage.escrow.view(abi::refundableCall { id }), 40 * ONE);
    stage.refund(stage.sponsor).unwrap();
    stage.escrow.chain.pass(WINDOW - 1);
    assert_eq!(stage.refund(stage.sponsor).unwrap_err(), abi::NothingToDo {}.into());
    stage.escrow.chain.pass(1);
    assert_eq!(stage.escrow.view(abi::refundableCall { id }), 30 * ONE);
    stage.refund(stage.sponsor).unwrap();
    assert_eq!(stage.free(), DEPOSIT - FEE - 30 * ONE);
}

#[test]
fn nobody_eligible_means_the_whole_budget_goes_back_and_the_fee_stays() {
    let (mut stage, _) = Stage::closed(&[]);
    stage.refund(stage.escrow.people.operator).unwrap();
    assert_eq!((stage.free(), stage.escrow.fees()), (DEPOSIT - FEE, FEE));
}

#[test]
fn finalising_before_the_window_ends_is_refused() {
    let (mut stage, _) = Stage::closed(&[ONE]);
    let until = stage.campaign().claimUntil;
    stage.escrow.chain.pass(WINDOW - 1);
    for from in [stage.sponsor, stage.escrow.people.operator] {
        assert_eq!(stage.finalise(from).unwrap_err(), abi::TooEarly { until }.into());
    }
    stage.escrow.chain.pass(1);
    stage.finalise(stage.sponsor).unwrap();
}

#[test]
fn finalising_refunds_the_rest_and_balances_the_campaigns_books() {
    let (mut stage, _) = Stage::closed(&[30 * ONE, 30 * ONE]);
    stage.pay(1, vec![entry(address("anna"), 3_000_000_000, 0)]).unwrap();
    stage.escrow.chain.pass(WINDOW);
    let done = stage.finalise(stage.escrow.people.operator).unwrap();
    let id = stage.id;
    let (paid, refunded) = (30 * ONE, 70 * ONE);
    let expected = [
        EscrowEvent::Refunded(abi::Refunded { id, amount: refunded }),
        EscrowEvent::CampaignFinalised(abi::CampaignFinalised { id, paid, refunded }),
    ];
    assert_eq!(events(&done, stage.escrow.address), expected);
    let c = stage.campaign();
    assert_eq!((c.paid + c.refunded, c.state), (BUDGET, state::FINALISED));
    assert_eq!(stage.free(), DEPOSIT - FEE - paid);
    let state = state::FINALISED;
    let over = Refused::from(abi::WrongState { id, state });
    assert_eq!(stage.finalise(stage.sponsor).unwrap_err(), over);
    assert_eq!(stage.refund(stage.sponsor).unwrap_err(), over);
}

#[test]
fn finalising_refunds_nothing_when_nothing_is_left() {
    let (mut stage, _) = Stage::closed(&[BUDGET]);
    let all = u64::try_from(BUDGET).unwrap();
    stage.pay(1, vec![entry(address("anna"), all, 0)]).unwrap();
    stage.escrow.chain.pass(WINDOW);
    let done = stage.finalise(stage.escrow.people.operator).unwrap();
    assert_eq!(events(&done, stage.escrow.address).len(), 1);
    assert_eq!(stage.campaign().refunded, 0);
}

#[test]
fn a_stranger_may_help_only_long_after_the_window_and_gains_nothing() {
    let (mut stage, _) = Stage::closed(&[ONE]);
    let stranger = address("stranger");
    let until = stage.campaign().claimUntil + 30 * DAY;
    let early = Refused::from(abi::TooEarly { until });
    assert_eq!(stage.refund(stranger).unwrap_err(), early);
    stage.escrow.chain.pass(WINDOW + 30 * DAY - 1);
    assert_eq!(stage.finalise(stranger).unwrap_err(), early);
    stage.escrow.chain.pass(1);
    stage.refund(stranger).unwrap();
    stage.finalise(stranger).unwrap();
    assert_eq!(stage.free(), DEPOSIT - FEE);
    assert_eq!(small(stage.escrow.chain.balance(stranger)), 0);
    assert_eq!(stage.escrow.free(stranger), 0);
}

#[test]
fn the_treasury_takes_the_fee_after_close_and_no_more() {
    let mut stage = Stage::running();
    let (treasury, to) = (stage.escrow.people.treasury, address("till"));
    let take = |amount| abi::withdrawFeesCall { asset: HBAR, to, amount };
    let short = |available: u128, needed: u128| {
        let [available, needed] = [available, needed].map(alloy_primitives::U256::from);
        Refused::from(abi::InsufficientBalance { available, needed })
    };
    assert_eq!(stage.escrow.call(treasury, take(1)).unwrap_err(), short(0, 1));
    let allocation = stage.allocation(&[ONE]);
    stage.close(&allocation).unwrap();
    let refused = stage.escrow.call(treasury, take(FEE + 1)).unwrap_err();
    assert_eq!(refused, short(FEE, FEE + 1));
    stage.escrow.call(treasury, take(FEE)).unwrap();
    assert_eq!(small(stage.escrow.chain.balance(to)), FEE);
    assert_eq!(stage.escrow.liabilities(), DEPOSIT - FEE);
    assert_eq!(stage.escrow.call(treasury, take(0)).unwrap_err(), abi::NothingToDo {}.into());
    for to in [alloy_primitives::Address::ZERO, stage.escrow.address] {
        let call = abi::withdrawFeesCall { asset: HBAR, to, amount: 1 };
        let refused = stage.escrow.call(treasury, call).unwrap_err();
        assert_eq!(refused, abi::BadRecipient { account: to }.into());
    }
}
