//! A campaign until it is closed: created, topped up, cancelled, recovered.

use alloy_primitives::{B256, U256};
use hashbuzz_escrow_tests::abi::{EscrowEvent, HashbuzzEscrow as abi, state};
use hashbuzz_escrow_tests::chain::{address, digest};
use hashbuzz_escrow_tests::escrow::{HBAR, ONE, Refused, events};
use hashbuzz_escrow_tests::stage::{BUDGET, DAY, DEPOSIT, FEE, REFUND_AFTER, Stage, WINDOW};

fn wrong_state(id: B256, state: u8) -> Refused {
    abi::WrongState { id, state }.into()
}

#[test]
fn creation_locks_budget_and_fee_out_of_balance_and_allowance() {
    let mut stage = Stage::funded();
    let created_at = stage.escrow.chain.now();
    let done = stage.create(BUDGET, FEE).unwrap();
    let (id, sponsor) = (stage.id, stage.sponsor);
    let refund_after = created_at + REFUND_AFTER;
    let expected = EscrowEvent::CampaignCreated(abi::CampaignCreated {
        id,
        sponsor,
        asset: HBAR,
        budget: BUDGET,
        fee: FEE,
        refundAfter: refund_after,
    });
    assert_eq!(events(&done, stage.escrow.address), [expected]);
    let c = stage.campaign();
    assert_eq!((c.sponsor, c.asset, c.state), (sponsor, HBAR, state::ACTIVE));
    assert_eq!((c.budget, c.fee, c.total, c.paid, c.refunded), (BUDGET, FEE, 0, 0, 0));
    assert_eq!((u64::from(c.claimWindow), c.refundAfter), (WINDOW, refund_after));
    assert_eq!((c.claimUntil, c.lastBatch, c.root), (0, 0, B256::ZERO));
    assert_eq!(stage.free(), DEPOSIT - BUDGET - FEE);
    let allowed = stage.escrow.view(abi::allowanceCall { sponsor, asset: HBAR });
    assert_eq!(allowed.amount, DEPOSIT - BUDGET - FEE);
    assert_eq!(stage.escrow.liabilities(), DEPOSIT);
}

#[test]
fn a_repeated_creation_is_refused_in_every_later_state() {
    let mut stage = Stage::running();
    let exists = Refused::from(abi::CampaignExists { id: stage.id });
    assert_eq!(stage.create(BUDGET, FEE).unwrap_err(), exists);
    stage.operate(abi::cancelCall { id: stage.id }).unwrap();
    assert_eq!(stage.create(BUDGET, FEE).unwrap_err(), exists);
    let (mut stage, _) = Stage::closed(&[1]);
    assert_eq!(stage.create(BUDGET, FEE).unwrap_err(), exists);
    stage.escrow.chain.pass(WINDOW);
    stage.finalise(stage.sponsor).unwrap();
    assert_eq!(stage.create(BUDGET, FEE).unwrap_err(), exists);
}

#[test]
fn more_than_was_allowed_cannot_be_locked() {
    let mut stage = Stage::funded();
    let allow = abi::allowCall { asset: HBAR, amount: BUDGET + FEE - 1, maxFeeBps: 1_000 };
    stage.escrow.call(stage.sponsor, allow).unwrap();
    let (available, needed) = (U256::from(BUDGET + FEE - 1), U256::from(BUDGET + FEE));
    let expected = abi::InsufficientAllowance { available, needed };
    assert_eq!(stage.create(BUDGET, FEE).unwrap_err(), expected.into());
}

#[test]
fn more_than_is_free_cannot_be_locked() {
    let mut stage = Stage::funded();
    let allow = abi::allowCall { asset: HBAR, amount: u128::MAX, maxFeeBps: 1_000 };
    stage.escrow.call(stage.sponsor, allow).unwrap();
    let (available, needed) = (U256::from(DEPOSIT), U256::from(DEPOSIT + 1));
    let expected = abi::InsufficientBalance { available, needed };
    assert_eq!(stage.create(DEPOSIT + 1, 0).unwrap_err(), expected.into());
}

#[test]
fn a_fee_above_the_sponsors_cap_is_refused_by_one_tinybar() {
    let mut stage = Stage::funded();
    let (given, cap) = (U256::from(1_001), U256::from(1_000));
    let expected = Refused::from(abi::FeeAboveCap { feeBps: given, capBps: cap });
    assert_eq!(stage.create(BUDGET, FEE + 1).unwrap_err(), expected);
    stage.create(BUDGET, FEE).unwrap();
    let top_up = abi::topUpCall { id: stage.id, budget: BUDGET, fee: FEE + 1 };
    assert_eq!(stage.operate(top_up).unwrap_err(), expected);
}

#[test]
fn a_campaign_needs_a_budget_and_sane_times() {
    let mut stage = Stage::funded();
    assert_eq!(stage.create(0, 0).unwrap_err(), abi::NothingToDo {}.into());
    let now = stage.escrow.chain.now();
    let range = |given: u64, least: u64, most: u64| {
        let [given, least, most] = [given, least, most].map(U256::from);
        Refused::from(abi::OutOfRange { given, least, most })
    };
    for refund_after in [0, now, now + 180 * DAY + 1, u64::MAX] {
        let call =
            abi::createCampaignCall { refundAfter: refund_after, ..stage.create_call(BUDGET, FEE) };
        let expected = range(refund_after, now + 1, now + 180 * DAY);
        assert_eq!(stage.operate(call).unwrap_err(), expected);
    }
    let longest = u32::try_from(60 * DAY).unwrap();
    let call =
        abi::createCampaignCall { claimWindow: longest + 1, ..stage.create_call(BUDGET, FEE) };
    assert_eq!(stage.operate(call).unwrap_err(), range(60 * DAY + 1, 0, 60 * DAY));
}

#[test]
fn a_top_up_adds_to_budget_and_fee_while_the_campaign_runs() {
    let mut stage = Stage::running();
    let top_up = |budget| abi::topUpCall { id: digest("campaign"), budget, fee: ONE };
    stage.operate(top_up(10 * ONE)).unwrap();
    let c = stage.campaign();
    assert_eq!((c.budget, c.fee), (BUDGET + 10 * ONE, FEE + ONE));
    assert_eq!(stage.free(), DEPOSIT - BUDGET - FEE - 11 * ONE);
    assert_eq!(stage.operate(top_up(0)).unwrap_err(), abi::NothingToDo {}.into());
    let allocation = stage.allocation(&[ONE]);
    stage.close(&allocation).unwrap();
    let refused = stage.operate(top_up(10 * ONE)).unwrap_err();
    assert_eq!(refused, wrong_state(stage.id, state::CLOSED));
}

#[test]
fn a_cancelled_campaign_returns_budget_and_fee() {
    let mut stage = Stage::running();
    let cancel = abi::cancelCall { id: stage.id };
    let done = stage.operate(cancel.clone()).unwrap();
    let (id, returned) = (stage.id, BUDGET + FEE);
    let expected = EscrowEvent::CampaignCancelled(abi::CampaignCancelled { id, returned });
    assert_eq!(events(&done, stage.escrow.address), [expected]);
    let c = stage.campaign();
    assert_eq!((c.state, c.refunded), (state::CANCELLED, BUDGET + FEE));
    assert_eq!((stage.free(), stage.escrow.fees()), (DEPOSIT, 0));
    assert_eq!(stage.operate(cancel).unwrap_err(), wrong_state(id, state::CANCELLED));
}

#[test]
fn a_closed_campaign_cannot_be_cancelled() {
    let (mut stage, _) = Stage::closed(&[1]);
    let refused = stage.operate(abi::cancelCall { id: stage.id }).unwrap_err();
    assert_eq!(refused, wrong_state(stage.id, state::CLOSED));
}

#[test]
fn only_the_sponsor_recovers_and_not_before_the_time() {
    let mut stage = Stage::running();
    let recover = abi::recoverCall { id: stage.id };
    let until = stage.campaign().refundAfter;
    let operator = stage.escrow.people.operator;
    let refused = stage.escrow.call(operator, recover.clone()).unwrap_err();
    assert_eq!(refused, abi::NotSponsor {}.into());
    stage.escrow.chain.pass(REFUND_AFTER - 1);
    let refused = stage.escrow.call(stage.sponsor, recover.clone()).unwrap_err();
    assert_eq!(refused, abi::TooEarly { until }.into());
    stage.escrow.chain.pass(1);
    for other in [operator, stage.escrow.people.admin, address("stranger")] {
        let refused = stage.escrow.call(other, recover.clone()).unwrap_err();
        assert_eq!(refused, abi::NotSponsor {}.into());
    }
    let done = stage.escrow.call(stage.sponsor, recover.clone()).unwrap();
    let (id, returned) = (stage.id, BUDGET + FEE);
    let expected = EscrowEvent::Recovered(abi::Recovered { id, returned });
    assert_eq!(events(&done, stage.escrow.address), [expected]);
    assert_eq!((stage.free(), stage.campaign().state), (DEPOSIT, state::CANCELLED));
    let refused = stage.escrow.call(stage.sponsor, recover).unwrap_err();
    assert_eq!(refused, wrong_state(id, state::CANCELLED));
}

#[test]
fn a_closed_campaign_cannot_be_recovered_however_late_it_is() {
    let (mut stage, _) = Stage::closed(&[1]);
    stage.escrow.chain.pass(REFUND_AFTER + 1);
    let refused = stage.escrow.call(stage.sponsor, abi::recoverCall { id: stage.id });
    assert_eq!(refused.unwrap_err(), wrong_state(stage.id, state::CLOSED));
}

#[test]
fn closing_commits_root_and_total_opens_the_window_and_frees_the_fee() {
    let mut stage = Stage::running();
    let allocation = stage.allocation(&[3 * ONE, 4 * ONE]);
    let done = stage.close(&allocation).unwrap();
    let claim_until = stage.escrow.chain.now() + WINDOW;
    let (id, root, total) = (stage.id, allocation.root(), 7 * ONE);
    let expected = abi::CampaignClosed { id, root, total, claimUntil: claim_until };
    assert_eq!(events(&done, stage.escrow.address), [EscrowEvent::CampaignClosed(expected)]);
    let c = stage.campaign();
    assert_eq!((c.root, c.total, c.claimUntil), (root, total, claim_until));
    assert_eq!(stage.escrow.fees(), FEE);
    assert_eq!(stage.escrow.liabilities(), DEPOSIT);
    assert_eq!(stage.close(&allocation).unwrap_err(), wrong_state(id, state::CLOSED));
}

#[test]
fn a_total_above_the_budget_is_refused() {
    let mut stage = Stage::running();
    let call = abi::closeCall { id: stage.id, root: digest("root"), total: BUDGET + 1 };
    let (total, wanted) = (U256::from(BUDGET), U256::from(BUDGET + 1));
    assert_eq!(stage.operate(call).unwrap_err(), abi::TotalExceeded { total, wanted }.into());
}

#[test]
fn an_unknown_campaign_can_be_nothing_but_created() {
    let mut stage = Stage::funded();
    let unknown = wrong_state(stage.id, state::NONE);
    let id = stage.id;
    let allocation = stage.allocation(&[1]);
    assert_eq!(stage.operate(abi::topUpCall { id, budget: 1, fee: 0 }).unwrap_err(), unknown);
    assert_eq!(stage.operate(abi::cancelCall { id }).unwrap_err(), unknown);
    assert_eq!(stage.close(&allocation).unwrap_err(), unknown);
    assert_eq!(stage.pay(1, vec![]).unwrap_err(), unknown);
    assert_eq!(stage.refund(stage.sponsor).unwrap_err(), unknown);
    assert_eq!(stage.finalise(stage.sponsor).unwrap_err(), unknown);
    let recover = abi::recoverCall { id };
    assert_eq!(stage.escrow.call(stage.sponsor, recover).unwrap_err(), unknown);
    assert_eq!(stage.claim(&allocation, 0, address("anna")).unwrap_err(), unknown);
}
