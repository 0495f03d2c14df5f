//! Payouts in tokens: who cannot be paid is credited, and a wicked token harms itself alone.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use hashbuzz_escrow_tests::abi::{EscrowEvent, HashbuzzEscrow as abi, Service, Token};
use hashbuzz_escrow_tests::allocation::entry;
use hashbuzz_escrow_tests::chain::address;
use hashbuzz_escrow_tests::escrow::{ONE, Refused, events};
use hashbuzz_escrow_tests::hts::{ASSOCIATED, HTS, Holding, Mode, STRANGER};
use hashbuzz_escrow_tests::stage::{DEPOSIT, FEE, Stage, WINDOW};

/// One token, or one HBAR.
const ONE64: u64 = 100_000_000;

fn batch_of(accounts: &[Address]) -> Vec<B256> {
    accounts.iter().zip(0..).map(|(account, index)| entry(*account, ONE64, index)).collect()
}

fn people<const N: usize>(stage: &mut Stage, names: [&str; N]) -> [Address; N] {
    let accounts = names.map(address);
    for account in accounts {
        stage.escrow.chain.set_holding(stage.asset, account, ASSOCIATED);
    }
    accounts
}

/// A closed campaign in a token whose service can be made wicked.
fn wicked() -> Stage {
    let (mut stage, _) = Stage::with_token().run_and_close(&[ONE; 8]);
    stage.escrow.chain.open_wicked_hts();
    stage
}

#[test]
fn a_batch_pays_in_the_campaigns_asset() {
    let (mut stage, _) = Stage::with_token().run_and_close(&[ONE; 2]);
    let accounts = people(&mut stage, ["anna", "ben"]);
    let done = stage.pay(1, batch_of(&accounts)).unwrap();
    let id = stage.id;
    let paid = |index, account| {
        EscrowEvent::Paid(abi::Paid { id, index, account, amount: ONE, credited: false })
    };
    let whole = abi::BatchPaid { id, batch: 1, entries: 2, amount: 2 * ONE };
    let [anna, ben] = accounts;
    let expected = [paid(0, anna), paid(1, ben), EscrowEvent::BatchPaid(whole)];
    assert_eq!(events(&done, stage.escrow.address), expected);
    for account in accounts {
        assert_eq!(stage.escrow.chain.holds(stage.asset, account), ONE);
        assert_eq!(stage.escrow.chain.balance(account), U256::ZERO, "no HBAR");
    }
    assert_eq!(stage.escrow.liabilities_of(stage.asset), DEPOSIT - 2 * ONE);
    assert_eq!(stage.escrow.liabilities(), DEPOSIT);
    let again = stage.pay(1, batch_of(&accounts)).unwrap_err();
    assert_eq!(again, abi::WrongBatch { expected: 2, given: 1 }.into());
    assert_eq!(
        stage.pay(2, batch_of(&accounts)).unwrap_err(),
        abi::AlreadyPaid { index: 0 }.into()
    );
}

#[test]
fn who_cannot_receive_a_token_is_credited_and_the_others_are_paid() {
    for loud in [false, true] {
        let (mut stage, _) = Stage::with_token().run_and_close(&[ONE; 5]);
        let token = stage.asset;
        stage.escrow.chain.hts(&Service::setLoudCall { loud });
        let [first, frozen, unknown, last] =
            people(&mut stage, ["first", "frozen", "unknown", "last"]);
        let stranger = address("stranger");
        let needs_kyc =
            Service::setTokenCall { token, paused: false, deleted: false, needsKyc: true };
        let contract = stage.escrow.address;
        let chain = &mut stage.escrow.chain;
        chain.set_holding(token, contract, ASSOCIATED);
        chain.hts(&needs_kyc);
        chain.set_holding(token, frozen, Holding { frozen: true, ..ASSOCIATED });
        chain.set_holding(token, unknown, Holding { kyc: false, ..ASSOCIATED });
        let bad = [frozen, unknown, stranger];
        stage.pay(1, batch_of(&[first, frozen, unknown, stranger, last])).unwrap();
        for account in [first, last] {
            assert_eq!(stage.escrow.chain.holds(token, account), ONE);
            assert_eq!(stage.escrow.credit_of(account, token), 0);
        }
        for account in bad {
            assert_eq!(stage.escrow.credit_of(account, token), ONE);
            assert_eq!(stage.escrow.credit(account), 0, "no HBAR");
        }
        assert_eq!(stage.campaign().paid, 5 * ONE, "a credit is paid");
        // Each takes it when the token lets it, once.
        for (account, code) in bad.into_iter().zip([165_u64, 176, 184]) {
            let call = abi::withdrawCreditCall { asset: token };
            let refused = stage.escrow.call(account, call.clone()).unwrap_err();
            assert_eq!(refused, abi::TokenRefused { token, code: U256::from(code) }.into());
            stage.escrow.chain.set_holding(token, account, ASSOCIATED);
            stage.escrow.call(account, call.clone()).unwrap();
            assert_eq!(stage.escrow.chain.holds(token, account), ONE);
            let refused = stage.escrow.call(account, call).unwrap_err();
            assert_eq!(refused, abi::NothingToDo {}.into());
        }
        assert_eq!(stage.escrow.balance_of(token), DEPOSIT - 5 * ONE);
        stage.assert_covered();
    }
}

#[test]
fn a_free_slot_is_enough() {
    let (mut stage, _) = Stage::with_token().run_and_close(&[ONE]);
    let anna = address("anna");
    let free_slot = Holding { automatic: true, ..STRANGER };
    stage.escrow.chain.set_holding(stage.asset, anna, free_slot);
    stage.pay(1, batch_of(&[anna])).unwrap();
    assert_eq!(stage.escrow.chain.holds(stage.asset, anna), ONE);
}

#[test]
fn a_claim_pays_in_the_token_or_credits() {
    let (mut stage, allocation) = Stage::with_token().run_and_close(&[ONE; 4]);
    let [anna] = people(&mut stage, ["anna"]);
    stage.claim(&allocation, 0, anna).unwrap();
    assert_eq!(stage.escrow.chain.holds(stage.asset, anna), ONE);
    let ben = address("ben");
    stage.claim(&allocation, 1, ben).unwrap();
    assert_eq!(stage.escrow.credit_of(ben, stage.asset), ONE);
    let again = stage.claim(&allocation, 1, ben).unwrap_err();
    assert_eq!(again, abi::AlreadyPaid { index: 1 }.into());
    stage.escrow.chain.pass(WINDOW);
    stage.finalise(stage.sponsor).unwrap();
    assert_eq!(stage.free(), DEPOSIT - FEE - 2 * ONE);
    stage.assert_covered();
}

#[test]
fn a_paused_token_credits_everybody_and_a_deleted_one_too() {
    for (paused, deleted) in [(true, false), (false, true)] {
        let (mut stage, _) = Stage::with_token().run_and_close(&[ONE; 2]);
        let token = stage.asset;
        let accounts = people(&mut stage, ["anna", "ben"]);
        let moody = Service::setTokenCall { token, paused, deleted, needsKyc: false };
        stage.escrow.chain.hts(&moody);
        stage.pay(1, batch_of(&accounts)).unwrap();
        for account in accounts {
            assert_eq!(stage.escrow.credit_of(account, token), ONE);
        }
        stage.assert_covered();
    }
}

#[test]
fn a_batch_without_the_gas_to_send_changes_nothing() {
    let (mut stage, _) = Stage::with_token().run_and_close(&[ONE; 2]);
    let accounts = people(&mut stage, ["anna", "ben"]);
    let operator = stage.escrow.people.operator;
    let call = abi::payBatchCall { id: stage.id, batch: 1, entries: batch_of(&accounts) };
    let mut least = None;
    for limit in (30_000..1_300_000).step_by(9_973) {
        let mut fork = stage.escrow.fork();
        fork.chain.set_gas_limit(limit);
        let paid = fork.call(operator, call.clone()).is_ok();
        fork.chain.set_gas_limit(hashbuzz_escrow_tests::chain::GAS_LIMIT);
        for account in accounts {
            assert_eq!(fork.chain.holds(stage.asset, account) == ONE, paid, "at {limit} gas");
            assert_eq!(fork.credit_of(account, stage.asset), 0, "at {limit} gas");
        }
        least = least.or(paid.then_some(limit));
    }
    assert!(least.is_some_and(|least| least < 1_150_000), "{least:?}");
    stage.escrow.chain.set_gas_limit(500_000);
    let refused = stage.pay(1, batch_of(&accounts)).unwrap_err();
    assert_eq!(refused, abi::NotEnoughGas { needed: U256::from(872_698) }.into());
}

#[test]
fn a_token_that_moves_another_amount_than_it_says_stops_its_own_batch() {
    for mode in [Mode::SaysYes, Mode::SaysNo, Mode::MovesTwice] {
        let mut stage = wicked();
        let (token, id) = (stage.asset, stage.id);
        let accounts = people(&mut stage, ["anna", "ben"]);
        stage.escrow.chain.set_mode(token, mode);
        let refused = stage.pay(1, batch_of(&accounts)).unwrap_err();
        assert_eq!(refused, abi::TokenMisbehaved { token }.into(), "{mode:?}");
        let call = abi::withdrawCall { asset: token, amount: ONE };
        assert!(stage.escrow.call(stage.sponsor, call).is_err(), "{mode:?}");
        assert_eq!(stage.escrow.balance_of(token), DEPOSIT, "{mode:?}");
        assert_eq!(stage.escrow.liabilities_of(token), DEPOSIT, "{mode:?}");
        assert!(!stage.escrow.view(abi::isPaidCall { id, index: 0 }));
        // It becomes honest again.
        stage.escrow.chain.set_mode(token, Mode::Honest);
        stage.pay(1, batch_of(&accounts)).unwrap();
    }
}

#[test]
fn a_token_that_answers_nonsense_or_burns_gas_is_not_believed_and_holds_up_nobody() {
    let modes = [
        Mode::Reverts,
        Mode::RevertsWithYes,
        Mode::Burns,
        Mode::Floods,
        Mode::Mumbles,
        Mode::Boasts,
    ];
    for mode in modes {
        let mut stage = wicked();
        let (sponsor, token) = (stage.sponsor, stage.asset);
        let accounts = people(&mut stage, ["anna", "ben", "carla", "dan"]);
        let [first, second] = [[accounts[0], accounts[1]], [accounts[2], accounts[3]]];
        stage.escrow.chain.set_mode(token, mode);
        let done = stage.pay(1, batch_of(&first)).unwrap();
        assert!(done.gas < 2_000_000, "{mode:?}: {}", done.gas);
        for account in first {
            assert_eq!(stage.escrow.credit_of(account, token), ONE, "{mode:?}");
        }
        let call = abi::depositTokenCall { token, amount: ONE };
        assert!(stage.escrow.call(sponsor, call).is_err(), "{mode:?}");
        let call = abi::withdrawCall { asset: token, amount: ONE };
        assert!(stage.escrow.call(sponsor, call).is_err(), "{mode:?}");
        stage.assert_covered();
        // HBAR goes its way.
        let call = abi::withdrawCall { asset: Address::ZERO, amount: DEPOSIT };
        stage.escrow.call(sponsor, call).unwrap();
        stage.escrow.chain.set_mode(token, Mode::Honest);
        let entries = second.iter().zip(2..).map(|(a, index)| entry(*a, ONE64, index));
        stage.pay(2, entries.collect()).unwrap();
        let credit = abi::withdrawCreditCall { asset: token };
        stage.escrow.call(first[0], credit).unwrap();
        stage.assert_covered();
    }
}

#[test]
fn a_token_that_calls_back_gets_nothing_by_it() {
    let mut stage = wicked();
    let (sponsor, token, id) = (stage.sponsor, stage.asset, stage.id);
    let accounts = people(&mut stage, ["anna"]);
    let escrow = &mut stage.escrow;
    for role in [escrow.view(abi::OPERATOR_ROLECall {}), escrow.view(abi::TREASURY_ROLECall {})] {
        let grant = abi::grantRoleCall { role, account: HTS };
        escrow.call(escrow.people.admin, grant).unwrap();
    }
    let attacks = [
        abi::withdrawCreditCall { asset: token }.abi_encode(),
        abi::withdrawCall { asset: Address::ZERO, amount: 1 }.abi_encode(),
        abi::withdrawFeesCall { asset: token, to: sponsor, amount: 1 }.abi_encode(),
        abi::depositTokenCall { token, amount: 1 }.abi_encode(),
        abi::depositCall {}.abi_encode(),
        abi::refundCall { id }.abi_encode(),
        abi::payBatchCall { id, batch: 2, entries: vec![] }.abi_encode(),
    ];
    escrow.chain.set_mode(token, Mode::Reenters);
    for attack in attacks {
        let call = Service::armCall { target: escrow.address, call_: attack.into() };
        escrow.chain.hts(&call);
        let entries = batch_of(&accounts);
        let pay = abi::payBatchCall { id, batch: 1, entries };
        let withdraw = abi::withdrawCall { asset: token, amount: 1 };
        let deposit = abi::depositTokenCall { token, amount: 1 };
        let mut forks = [escrow.fork(), escrow.fork(), escrow.fork()];
        let [a, b, c] = &mut forks;
        let done = [
            a.call(escrow.people.operator, pay).unwrap(),
            b.call(sponsor, withdraw).unwrap(),
            c.call(sponsor, deposit).unwrap(),
        ];
        for done in done {
            let tried = done.logs.iter().find(|log| log.address == HTS).expect("it was called");
            let tried = Service::Tried::decode_log(tried).unwrap();
            let why = abi::ReentrancyGuardReentrantCall::SELECTOR;
            assert_eq!((tried.ok, tried.why.0), (false, why));
        }
    }
}

#[test]
fn a_token_that_lies_about_balances_harms_itself_alone() {
    let refused = |token| Refused::from(abi::TokenRefused { token, code: U256::ZERO });
    for mode in [Mode::SaysYes, Mode::Reverts, Mode::Burns, Mode::Mumbles, Mode::Boasts] {
        let mut stage = wicked();
        let (sponsor, token) = (stage.sponsor, stage.asset);
        let accounts = people(&mut stage, ["anna"]);
        stage.escrow.chain.replace(token, "WickedToken");
        let tell = |stage: &mut Stage, mode: Mode| {
            let call = Token::setModeCall { mode: mode as u8 }.abi_encode();
            stage.escrow.chain.transact(sponsor, token, 0, call.into()).unwrap();
        };
        tell(&mut stage, mode);
        let deposit = abi::depositTokenCall { token, amount: ONE };
        let call = stage.escrow.call(sponsor, deposit).unwrap_err();
        let pay = stage.pay(1, batch_of(&accounts)).unwrap_err();
        if mode == Mode::SaysYes {
            // Always the same number: nothing came, nothing went.
            assert_eq!(call, abi::NothingToDo {}.into());
            assert_eq!(pay, abi::TokenMisbehaved { token }.into());
        } else {
            assert_eq!([call, pay], [refused(token), refused(token)], "{mode:?}");
        }
        let other = abi::withdrawCall { asset: Address::ZERO, amount: DEPOSIT };
        stage.escrow.call(sponsor, other).unwrap();
        stage.refund(sponsor).unwrap();
        tell(&mut stage, Mode::Honest);
        stage.pay(1, batch_of(&accounts)).unwrap();
        assert_eq!(stage.free(), DEPOSIT - FEE - 8 * ONE);
        stage.assert_covered();
    }
}
