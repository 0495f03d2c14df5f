//! Batches: numbered, within the total, each line once, and no recipient holds up the others.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use hashbuzz_escrow_tests::abi::{EscrowEvent, HashbuzzEscrow as abi, Recipient, state};
use hashbuzz_escrow_tests::allocation::entry;
use hashbuzz_escrow_tests::chain::{Failed, address};
use hashbuzz_escrow_tests::escrow::{HBAR, ONE, Refused, events, small};
use hashbuzz_escrow_tests::stage::{BUDGET, DEPOSIT, Stage, WINDOW};

/// One HBAR in tinybars, as entries carry it.
const ONE64: u64 = 100_000_000;

fn batch_of(accounts: &[Address]) -> Vec<B256> {
    accounts.iter().zip(0..).map(|(account, index)| entry(*account, ONE64, index)).collect()
}

#[test]
fn a_batch_pays_everybody_in_it_and_says_so() {
    let (mut stage, _) = Stage::closed(&[ONE, ONE]);
    let (anna, ben) = (address("anna"), address("ben"));
    let done = stage.pay(1, batch_of(&[anna, ben])).unwrap();
    let id = stage.id;
    let paid = |index, account| {
        EscrowEvent::Paid(abi::Paid { id, index, account, amount: ONE, credited: false })
    };
    let whole = abi::BatchPaid { id, batch: 1, entries: 2, amount: 2 * ONE };
    let expected = [paid(0, anna), paid(1, ben), EscrowEvent::BatchPaid(whole)];
    assert_eq!(events(&done, stage.escrow.address), expected);
    for account in [anna, ben] {
        assert_eq!(small(stage.escrow.chain.balance(account)), ONE);
    }
    let c = stage.campaign();
    assert_eq!((c.paid, c.lastBatch), (2 * ONE, 1));
    assert_eq!(stage.escrow.liabilities(), DEPOSIT - 2 * ONE);
    assert!(stage.escrow.view(abi::isPaidCall { id, index: 1 }));
    assert!(!stage.escrow.view(abi::isPaidCall { id, index: 2 }));
}

#[test]
fn a_batch_sent_twice_is_refused_and_so_is_one_that_skips_a_number() {
    let (mut stage, _) = Stage::closed(&[ONE; 4]);
    let anna = address("anna");
    stage.pay(1, vec![entry(anna, ONE64, 0)]).unwrap();
    for given in [0, 1, 3, u32::MAX] {
        let refused = stage.pay(given, vec![entry(anna, ONE64, 1)]).unwrap_err();
        assert_eq!(refused, abi::WrongBatch { expected: 2, given }.into());
    }
    assert_eq!(small(stage.escrow.chain.balance(anna)), ONE);
    stage.pay(2, vec![entry(anna, ONE64, 1)]).unwrap();
}

#[test]
fn a_line_paid_before_stops_the_whole_batch() {
    let (mut stage, _) = Stage::closed(&[ONE; 4]);
    let (anna, ben) = (address("anna"), address("ben"));
    stage.pay(1, vec![entry(anna, ONE64, 3)]).unwrap();
    let refused = stage.pay(2, vec![entry(ben, ONE64, 2), entry(ben, ONE64, 3)]);
    assert_eq!(refused.unwrap_err(), abi::AlreadyPaid { index: 3 }.into());
    assert_eq!(small(stage.escrow.chain.balance(ben)), 0);
    assert_eq!(stage.campaign().lastBatch, 1);
}

#[test]
fn a_line_cannot_be_twice_in_one_batch() {
    let (mut stage, _) = Stage::closed(&[ONE; 4]);
    let twice = vec![entry(address("anna"), ONE64, 9), entry(address("ben"), ONE64, 9)];
    assert_eq!(stage.pay(1, twice).unwrap_err(), abi::AlreadyPaid { index: 9 }.into());
}

#[test]
fn batches_together_never_exceed_the_total() {
    let (mut stage, _) = Stage::closed(&[2 * ONE]);
    let anna = address("anna");
    stage.pay(1, vec![entry(anna, ONE64, 0)]).unwrap();
    let refused = stage.pay(2, vec![entry(anna, ONE64 + 1, 1)]).unwrap_err();
    let (total, wanted) = (U256::from(2 * ONE), U256::from(2 * ONE + 1));
    assert_eq!(refused, abi::TotalExceeded { total, wanted }.into());
    stage.pay(2, vec![entry(anna, ONE64, 1)]).unwrap();
}

#[test]
fn empty_batches_empty_entries_and_senseless_recipients_are_refused() {
    let (mut stage, _) = Stage::closed(&[ONE]);
    let nothing = Refused::from(abi::NothingToDo {});
    assert_eq!(stage.pay(1, vec![]).unwrap_err(), nothing);
    assert_eq!(stage.pay(1, vec![entry(address("anna"), 0, 0)]).unwrap_err(), nothing);
    for account in [Address::ZERO, stage.escrow.address] {
        let refused = stage.pay(1, vec![entry(account, ONE64, 0)]).unwrap_err();
        assert_eq!(refused, abi::BadRecipient { account }.into());
    }
}

#[test]
fn a_running_campaign_pays_nothing() {
    let mut stage = Stage::running();
    let refused = stage.pay(1, vec![entry(address("anna"), 1, 0)]).unwrap_err();
    let state = state::ACTIVE;
    assert_eq!(refused, abi::WrongState { id: stage.id, state }.into());
}

#[test]
fn a_recipient_that_cannot_be_paid_is_credited_and_the_others_are_paid() {
    let (mut stage, _) = Stage::closed(&[ONE; 5]);
    let bad = ["Shutter", "Burner", "Bomb"].map(|name| stage.recipient(name));
    let (first, last) = (address("first"), address("last"));
    let [shutter, burner, bomb] = bad;
    let done = stage.pay(1, batch_of(&[first, shutter, burner, bomb, last])).unwrap();
    let credited: Vec<bool> = events(&done, stage.escrow.address)
        .into_iter()
        .filter_map(|event| match event {
            EscrowEvent::Paid(paid) => Some(paid.credited),
            _ => None,
        })
        .collect();
    assert_eq!(credited, [false, true, true, true, false]);
    for account in bad {
        assert_eq!(stage.escrow.credit(account), ONE);
        assert_eq!(small(stage.escrow.chain.balance(account)), 0);
    }
    assert_eq!(small(stage.escrow.chain.balance(last)), ONE);
    assert_eq!(stage.campaign().paid, 5 * ONE);
    assert_eq!(stage.escrow.liabilities(), DEPOSIT - 2 * ONE);
    stage.assert_covered();
    // The hungriest recipient costs its 20,000 gas and not the batch's 15 million.
    assert!(done.gas < 400_000, "{} gas", done.gas);
}

#[test]
fn a_credit_counts_as_paid_and_waits_for_its_owner_for_ever() {
    let (mut stage, _) = Stage::closed(&[ONE]);
    let shutter = stage.recipient("Shutter");
    stage.pay(1, batch_of(&[shutter])).unwrap();
    stage.escrow.chain.pass(WINDOW);
    stage.finalise(stage.sponsor).unwrap();
    assert_eq!(stage.free(), DEPOSIT - 10 * ONE - ONE, "all but fee and credit");
    let withdraw = abi::withdrawCreditCall { asset: HBAR }.abi_encode().into();
    let target = stage.escrow.address;
    let act = Recipient::actCall { target, value: U256::ZERO, data: withdraw }.abi_encode();
    let tester = address("tester");
    let failed = stage.escrow.chain.transact(tester, shutter, 0, act.clone().into());
    let expected = abi::TransferFailed {}.abi_encode();
    assert_eq!(failed.unwrap_err(), Failed::Reverted(expected.into()));
    assert_eq!(stage.escrow.credit(shutter), ONE, "still there");
    let open = Recipient::setCall { open: true }.abi_encode().into();
    stage.escrow.chain.transact(tester, shutter, 0, open).unwrap();
    stage.escrow.chain.transact(tester, shutter, 0, act.clone().into()).unwrap();
    assert_eq!(small(stage.escrow.chain.balance(shutter)), ONE);
    let failed = stage.escrow.chain.transact(tester, shutter, 0, act.into());
    assert_eq!(failed.unwrap_err(), Failed::Reverted(abi::NothingToDo {}.abi_encode().into()));
    stage.assert_covered();
}

#[test]
fn a_recipient_that_calls_back_gets_nothing_by_it() {
    let (stage, _) = Stage::closed(&[ONE; 4]);
    let id = stage.id;
    // Short, for a recipient has little gas to load it with; the guard comes before its content.
    let batch = abi::payBatchCall { id, batch: 2, entries: vec![] };
    let attacks = [
        abi::withdrawCreditCall { asset: HBAR }.abi_encode(),
        abi::withdrawCall { asset: HBAR, amount: 1 }.abi_encode(),
        abi::refundCall { id }.abi_encode(),
        abi::finaliseCall { id }.abi_encode(),
        abi::recoverCall { id }.abi_encode(),
        abi::depositCall {}.abi_encode(),
        batch.abi_encode(),
    ];
    for attack in attacks {
        let mut stage = Stage { escrow: stage.escrow.fork(), ..stage };
        let thief = stage.recipient("Reenterer");
        let admin = stage.escrow.people.admin;
        // Even with the operator's role.
        let role = stage.escrow.view(abi::OPERATOR_ROLECall {});
        stage.escrow.call(admin, abi::grantRoleCall { role, account: thief }).unwrap();
        let arm = Recipient::armCall { target: stage.escrow.address, call_: attack.into() };
        let arm = arm.abi_encode().into();
        stage.escrow.chain.transact(address("tester"), thief, 0, arm).unwrap();
        let done = stage.pay(1, batch_of(&[thief, address("anna")])).unwrap();
        let tried = done.logs.iter().find(|log| log.address == thief).expect("it was called");
        let tried = Recipient::Tried::decode_log(tried).unwrap();
        let why = abi::ReentrancyGuardReentrantCall::SELECTOR;
        assert_eq!((tried.ok, tried.why.0), (false, why));
        assert_eq!(small(stage.escrow.chain.balance(thief)), ONE);
        assert_eq!(stage.campaign().paid, 2 * ONE);
        stage.assert_covered();
    }
}

#[test]
fn a_batch_without_the_gas_to_pay_changes_nothing() {
    let (mut stage, _) = Stage::closed(&[ONE; 2]);
    let call = abi::payBatchCall {
        id: stage.id,
        batch: 1,
        entries: batch_of(&[address("anna"), address("ben")]),
    };
    let enough = stage.escrow.fork().call(stage.escrow.people.operator, call.clone()).unwrap().gas;
    let operator = stage.escrow.people.operator;
    // Whatever the limit, both are paid or nobody is, and nobody who can be paid is credited.
    for limit in (30_000..enough + 40_000).step_by(997) {
        let mut fork = stage.escrow.fork();
        fork.chain.set_gas_limit(limit);
        let paid = fork.call(operator, call.clone()).is_ok();
        for account in [address("anna"), address("ben")] {
            assert_eq!(small(fork.chain.balance(account)) == ONE, paid, "at {limit} gas");
            assert_eq!(fork.credit(account), 0, "at {limit} gas");
        }
    }
    stage.pay(1, batch_of(&[address("anna"), address("ben")])).unwrap();
}

#[test]
fn batches_go_on_after_the_claim_window_until_the_rest_is_refunded() {
    let (mut stage, _) = Stage::closed(&[ONE; 3]);
    let anna = address("anna");
    stage.escrow.chain.pass(WINDOW + 1);
    stage.pay(1, vec![entry(anna, ONE64, 0)]).unwrap();
    stage.refund(stage.sponsor).unwrap();
    let refused = stage.pay(2, vec![entry(anna, ONE64, 1)]).unwrap_err();
    let (total, wanted) = (U256::from(ONE), U256::from(2 * ONE));
    assert_eq!(refused, abi::TotalExceeded { total, wanted }.into());
    let c = stage.campaign();
    assert_eq!((c.paid, c.refunded), (ONE, BUDGET - ONE));
    stage.finalise(stage.sponsor).unwrap();
    let refused = stage.pay(2, vec![entry(anna, ONE64, 1)]).unwrap_err();
    let state = state::FINALISED;
    assert_eq!(refused, abi::WrongState { id: stage.id, state }.into());
}
