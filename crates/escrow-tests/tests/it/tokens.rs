//! Tokens: listed by the admin, deposited by approval, sent by the token service.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use hashbuzz_escrow_tests::abi::{EscrowEvent, HashbuzzEscrow as abi, Service, Token};
use hashbuzz_escrow_tests::chain::{address, digest};
use hashbuzz_escrow_tests::escrow::{Escrow, HBAR, ONE, Refused, events};
use hashbuzz_escrow_tests::hts::{ASSOCIATED, HTS, Holding, STRANGER};
use hashbuzz_escrow_tests::stage::{BUDGET, DEPOSIT, FEE, Stage, WINDOW};

const CEILING: u128 = 1_000 * ONE;

fn refusal(token: Address, code: u64) -> Refused {
    abi::TokenRefused { token, code: U256::from(code) }.into()
}

fn deposit(stage: &mut Stage, amount: u128) -> Result<EscrowEvent, Refused> {
    let Stage { escrow, sponsor, asset, .. } = stage;
    let done = escrow.call(*sponsor, abi::depositTokenCall { token: *asset, amount })?;
    Ok(events(&done, escrow.address).remove(0))
}

fn withdraw(stage: &mut Stage, amount: u128) -> Result<(), Refused> {
    let Stage { escrow, sponsor, asset, .. } = stage;
    escrow.call(*sponsor, abi::withdrawCall { asset: *asset, amount }).map(|_| ())
}

#[test]
fn a_token_is_listed_with_its_ceiling_and_the_contract_associated() {
    let mut stage = Stage::funded();
    let Stage { escrow, .. } = &mut stage;
    escrow.chain.open_hts();
    let token = escrow.chain.create_token(address("issuer"), 1);
    let list = abi::listTokenCall { token, payoutCeilingPerHour: CEILING };
    let admin = escrow.people.admin;
    assert!(!escrow.view(abi::isListedCall { token }));
    let done = escrow.call(admin, list.clone()).unwrap();
    let expected = [
        EscrowEvent::TokenListed(abi::TokenListed { token }),
        EscrowEvent::PayoutCeilingSet(abi::PayoutCeilingSet { asset: token, perHour: CEILING }),
    ];
    assert_eq!(events(&done, escrow.address), expected);
    assert!(escrow.view(abi::isListedCall { token }));
    assert_eq!(escrow.view(abi::payoutRoomCall { asset: token }), U256::from(CEILING));
    // It is associated now: the service answers 194, which is as good.
    for loud in [false, true] {
        escrow.chain.hts(&Service::setLoudCall { loud });
        escrow.call(admin, list.clone()).unwrap();
    }
    escrow.chain.hts(&Service::grantCall { token, to: escrow.address, units: 1 });
}

#[test]
fn nobody_but_the_admin_lists_or_unlists() {
    let mut stage = Stage::with_token();
    let token = stage.asset;
    for account in [stage.escrow.people.operator, stage.escrow.people.guardian, stage.sponsor] {
        let needed = alloy_primitives::B256::ZERO;
        let refused: Refused =
            abi::AccessControlUnauthorizedAccount { account, neededRole: needed }.into();
        let list = abi::listTokenCall { token, payoutCeilingPerHour: 1 };
        assert_eq!(stage.escrow.call(account, list).unwrap_err(), refused);
        let unlist = abi::unlistTokenCall { token };
        assert_eq!(stage.escrow.call(account, unlist).unwrap_err(), refused);
    }
}

#[test]
fn what_is_no_token_or_costs_its_sender_is_not_listed() {
    let mut stage = Stage::with_token();
    let admin = stage.escrow.people.admin;
    let list = |token| abi::listTokenCall { token, payoutCeilingPerHour: 1 };
    let refused = |stage: &mut Stage, token| stage.escrow.call(admin, list(token)).unwrap_err();
    assert_eq!(refused(&mut stage, HBAR), abi::UnsupportedAsset { asset: HBAR }.into());
    // A contract that looks like one, which the service does not know.
    let fake = stage.recipient("HtsToken");
    assert_eq!(refused(&mut stage, fake), refusal(fake, 167));
    let token = stage.escrow.chain.create_token(address("issuer"), 1);
    stage.escrow.chain.set_fees(token, 0, 1, token);
    assert_eq!(refused(&mut stage, token), abi::TokenCharges { token }.into());
    stage.escrow.chain.set_fees(token, 100, 0, token);
    stage.escrow.call(admin, list(token)).unwrap();
    let none = abi::listTokenCall { token, payoutCeilingPerHour: 0 };
    assert!(stage.escrow.call(admin, none).is_err(), "no ceiling");
    // Where there is no token service, there are no tokens.
    let mut elsewhere = Escrow::deploy();
    assert_eq!(elsewhere.call(admin, list(token)).unwrap_err(), refusal(token, 0));
}

#[test]
fn a_deposit_credits_the_token_and_nothing_else() {
    let mut stage = Stage::with_token();
    let (sponsor, asset) = (stage.sponsor, stage.asset);
    let event = deposit(&mut stage, ONE).unwrap();
    let amount = U256::from(ONE);
    assert_eq!(event, EscrowEvent::Deposited(abi::Deposited { sponsor, asset, amount }));
    assert_eq!(stage.free(), DEPOSIT + ONE);
    assert_eq!(stage.escrow.balance_of(asset), DEPOSIT + ONE);
    assert_eq!(stage.escrow.liabilities_of(asset), DEPOSIT + ONE);
    assert_eq!(stage.escrow.liabilities(), DEPOSIT, "HBAR is untouched");
    let allowed = stage.escrow.view(abi::allowanceCall { sponsor, asset });
    assert_eq!((allowed.amount, allowed.maxFeeBps), (DEPOSIT, 1_000));
}

#[test]
fn what_arrived_is_credited_and_not_what_was_asked() {
    let mut stage = Stage::with_token();
    let token = stage.asset;
    stage.escrow.chain.set_fees(token, 250, 0, token);
    deposit(&mut stage, 100 * ONE).unwrap();
    assert_eq!(stage.free(), DEPOSIT + 97 * ONE + ONE / 2);
    assert_eq!(stage.escrow.balance_of(token), stage.escrow.liabilities_of(token));
    // All of it is taken on the way.
    stage.escrow.chain.set_fees(token, 10_000, 0, token);
    assert_eq!(deposit(&mut stage, ONE).unwrap_err(), abi::NothingToDo {}.into());
}

#[test]
fn a_deposit_that_the_service_refuses_is_refused_with_its_code() {
    let mut stage = Stage::with_token();
    let (sponsor, token) = (stage.sponsor, stage.asset);
    let most = u128::from(u64::MAX >> 1);
    let chain = &mut stage.escrow.chain;
    chain.approve(token, sponsor, stage.escrow.address, most + 1);
    for loud in [false, true] {
        stage.escrow.chain.hts(&Service::setLoudCall { loud });
        assert_eq!(deposit(&mut stage, most).unwrap_err(), refusal(token, 178));
        let frozen = Holding { frozen: true, ..ASSOCIATED };
        stage.escrow.chain.set_holding(token, sponsor, frozen);
        assert_eq!(deposit(&mut stage, 1).unwrap_err(), refusal(token, 165));
        stage.escrow.chain.set_holding(token, sponsor, ASSOCIATED);
        stage.escrow.chain.approve(token, sponsor, stage.escrow.address, 1);
        assert_eq!(deposit(&mut stage, 2).unwrap_err(), refusal(token, 293));
        stage.escrow.chain.approve(token, sponsor, stage.escrow.address, most + 1);
    }
    let wide = deposit(&mut stage, most + 1).unwrap_err();
    let [given, least, most] = [most + 1, 1, most].map(U256::from);
    assert_eq!(wide, abi::OutOfRange { given, least, most }.into());
    assert_eq!(deposit(&mut stage, 0).unwrap_err(), abi::NothingToDo {}.into());
    stage.asset = HBAR;
    assert_eq!(deposit(&mut stage, 1).unwrap_err(), abi::UnsupportedAsset { asset: HBAR }.into());
}

#[test]
fn nobody_can_deposit_what_another_one_approved() {
    let mut stage = Stage::with_token();
    let (thief, token) = (address("thief"), stage.asset);
    let call = abi::depositTokenCall { token, amount: 1 };
    assert_eq!(stage.escrow.call(thief, call).unwrap_err(), refusal(token, 292));
}

#[test]
fn assets_have_books_of_their_own() {
    let mut stage = Stage::with_token();
    let other = stage.add_token();
    let (sponsor, token) = (stage.sponsor, stage.asset);
    let short = |available: u128, needed: u128| {
        let (available, needed) = (U256::from(available), U256::from(needed));
        Refused::from(abi::InsufficientBalance { available, needed })
    };
    stage.asset = other;
    assert_eq!(withdraw(&mut stage, 1).unwrap_err(), short(0, 1));
    // Allowed in HBAR and the first token is not allowed in the second.
    let needed = abi::InsufficientAllowance { available: U256::ZERO, needed: U256::from(1) };
    assert_eq!(stage.create(1, 0).unwrap_err(), needed.into());
    stage.asset = token;
    withdraw(&mut stage, DEPOSIT).unwrap();
    assert_eq!(stage.escrow.free(sponsor), DEPOSIT);
    assert_eq!(stage.escrow.chain.holds(token, sponsor), 2 * DEPOSIT);
    assert_eq!(withdraw(&mut stage, 1).unwrap_err(), short(0, 1));
}

#[test]
fn a_ceiling_holds_for_its_asset_alone() {
    let mut stage = Stage::with_token().run();
    let (token, admin) = (stage.asset, stage.escrow.people.admin);
    let set = |asset, per_hour| abi::setPayoutCeilingCall { asset, perHour: per_hour };
    stage.escrow.call(admin, set(token, 3 * ONE)).unwrap();
    let allocation = stage.allocation(&[2 * ONE; 3]);
    stage.close(&allocation).unwrap();
    let (anna, one) = (address("anna"), u64::try_from(2 * ONE).unwrap());
    stage.escrow.chain.set_holding(token, anna, ASSOCIATED);
    let entry = |index| vec![hashbuzz_escrow_tests::allocation::entry(anna, one, index)];
    stage.pay(1, entry(0)).unwrap();
    let refused = stage.pay(2, entry(1)).unwrap_err();
    let (available, wanted) = (U256::from(ONE), U256::from(2 * ONE));
    assert_eq!(refused, abi::PayoutCeilingReached { available, wanted }.into());
    let room = stage.escrow.view(abi::payoutRoomCall { asset: HBAR });
    assert_eq!(room, U256::from(1_000_000 * ONE), "HBAR's is untouched");
}

#[test]
fn an_unlisted_token_takes_nothing_new_and_gives_everything_back() {
    let (mut stage, allocation) = Stage::with_token().run_and_close(&[ONE; 3]);
    let (sponsor, token, first) = (stage.sponsor, stage.asset, stage.id);
    stage.id = digest("running");
    stage.create(10 * ONE, 0).unwrap();
    let admin = stage.escrow.people.admin;
    let done = stage.escrow.call(admin, abi::unlistTokenCall { token }).unwrap();
    let unlisted = EscrowEvent::TokenUnlisted(abi::TokenUnlisted { token });
    assert_eq!(events(&done, stage.escrow.address), [unlisted]);
    let unsupported = Refused::from(abi::UnsupportedAsset { asset: token });
    let again = stage.escrow.call(admin, abi::unlistTokenCall { token });
    assert_eq!(again.unwrap_err(), unsupported);
    // Nothing new.
    assert_eq!(deposit(&mut stage, 1).unwrap_err(), unsupported);
    let top_up = abi::topUpCall { id: stage.id, budget: 1, fee: 0 };
    assert_eq!(stage.operate(top_up).unwrap_err(), unsupported);
    let running = std::mem::replace(&mut stage.id, digest("another"));
    assert_eq!(stage.create(1, 0).unwrap_err(), unsupported);
    // Everything else.
    stage.operate(abi::cancelCall { id: running }).unwrap();
    stage.id = first;
    let anna = address("anna");
    stage.escrow.chain.set_holding(token, anna, ASSOCIATED);
    stage.claim(&allocation, 0, anna).unwrap();
    let ben = hashbuzz_escrow_tests::allocation::entry(address("ben"), 100_000_000, 1);
    stage.pay(1, vec![ben]).unwrap();
    stage.escrow.chain.set_holding(token, address("ben"), ASSOCIATED);
    stage.escrow.call(address("ben"), abi::withdrawCreditCall { asset: token }).unwrap();
    stage.refund(sponsor).unwrap();
    stage.escrow.chain.pass(WINDOW);
    stage.finalise(sponsor).unwrap();
    let treasury = stage.escrow.people.treasury;
    let fees = abi::withdrawFeesCall { asset: token, to: sponsor, amount: FEE };
    stage.escrow.call(treasury, fees).unwrap();
    stage.escrow.call(sponsor, abi::allowCall { asset: token, amount: 0, maxFeeBps: 0 }).unwrap();
    withdraw(&mut stage, DEPOSIT - 2 * ONE - FEE).unwrap();
    assert_eq!(stage.escrow.balance_of(token), 0);
    assert_eq!(stage.escrow.liabilities_of(token), 0);
}

#[test]
fn a_sponsor_that_cannot_receive_the_token_keeps_its_free_balance() {
    let mut stage = Stage::with_token();
    let (sponsor, token) = (stage.sponsor, stage.asset);
    stage.escrow.chain.set_holding(token, sponsor, STRANGER);
    assert_eq!(withdraw(&mut stage, ONE).unwrap_err(), refusal(token, 184));
    assert_eq!(stage.free(), DEPOSIT);
    stage.escrow.chain.set_holding(token, sponsor, ASSOCIATED);
    withdraw(&mut stage, DEPOSIT).unwrap();
}

#[test]
fn a_token_that_starts_to_charge_stays_until_it_stops() {
    let (mut stage, _) = Stage::with_token().run_and_close(&[ONE]);
    let token = stage.asset;
    let other = stage.add_token();
    let Stage { escrow, .. } = &mut stage;
    let spare = Service::grantCall { token: other, to: escrow.address, units: 5 };
    escrow.chain.hts(&spare);
    // Each transfer would cost the contract a unit of a token that is other people's.
    escrow.chain.set_fees(token, 0, 1, other);
    let charges = Refused::from(abi::TokenCharges { token });
    assert_eq!(withdraw(&mut stage, ONE).unwrap_err(), charges);
    let entry = hashbuzz_escrow_tests::allocation::entry(address("anna"), 1, 0);
    assert_eq!(stage.pay(1, vec![entry]).unwrap_err(), charges);
    assert_eq!(stage.escrow.balance_of(other), 5);
    stage.escrow.chain.set_fees(token, 0, 0, token);
    stage.pay(1, vec![entry]).unwrap();
    withdraw(&mut stage, ONE).unwrap();
}

#[test]
fn the_surplus_of_a_token_is_what_the_books_do_not_owe() {
    let mut stage = Stage::with_token();
    let token = stage.asset;
    let (admin, to) = (stage.escrow.people.admin, stage.sponsor);
    let contract = stage.escrow.address;
    stage.escrow.chain.hts(&Service::grantCall { token, to: contract, units: 7 });
    assert_eq!(stage.escrow.liabilities_of(token), DEPOSIT, "credited to nobody");
    let sweep = |amount| abi::sweepSurplusCall { asset: token, to, amount };
    let (available, needed) = (U256::from(7), U256::from(8));
    let short = Refused::from(abi::InsufficientBalance { available, needed });
    assert_eq!(stage.escrow.call(admin, sweep(8)).unwrap_err(), short);
    stage.escrow.call(admin, sweep(7)).unwrap();
    // The issuer took some away: nothing is left over, and what is there can still be taken.
    let half = u64::try_from(DEPOSIT / 2).unwrap();
    stage.escrow.chain.hts(&Service::wipeCall { token, account: contract, units: half });
    let (available, needed) = (U256::ZERO, U256::from(1));
    let short = Refused::from(abi::InsufficientBalance { available, needed });
    assert_eq!(stage.escrow.call(admin, sweep(1)).unwrap_err(), short);
    assert_eq!(withdraw(&mut stage, DEPOSIT).unwrap_err(), refusal(token, 178));
    withdraw(&mut stage, DEPOSIT / 2).unwrap();
    assert_eq!(stage.escrow.balance(), stage.escrow.liabilities(), "HBAR is untouched");
}

#[test]
fn a_pause_stops_token_deposits_and_no_withdrawal() {
    let mut stage = Stage::with_token().run();
    stage.pause();
    let paused = Refused::from(abi::EnforcedPause {});
    assert_eq!(deposit(&mut stage, 1).unwrap_err(), paused);
    let Stage { escrow, sponsor, asset: token, .. } = &mut stage;
    let both = abi::depositTokenAndAllowCall { token: *token, amount: 1, allowed: 1, maxFeeBps: 0 };
    assert_eq!(escrow.call(*sponsor, both).unwrap_err(), paused);
    withdraw(&mut stage, DEPOSIT - BUDGET - FEE).unwrap();
}

#[test]
fn the_mock_is_what_a_token_looks_like() {
    let mut stage = Stage::with_token();
    let (sponsor, token, anna) = (stage.sponsor, stage.asset, address("anna"));
    let chain = &mut stage.escrow.chain;
    let send = Token::transferCall { to: anna, amount: U256::from(5) }.abi_encode();
    assert!(chain.transact(sponsor, token, 0, send.clone().into()).is_err(), "not associated");
    let free_slot = Holding { automatic: true, ..STRANGER };
    chain.set_holding(token, anna, free_slot);
    chain.transact(sponsor, token, 0, send.into()).unwrap();
    assert_eq!(chain.holds(token, anna), 5);
    assert_eq!(chain.holds(token, HTS), 0);
}
