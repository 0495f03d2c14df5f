//! What calls cost: `contracts/GAS.md` is what this measures, or the test says how to renew it.

use std::fmt::Write as _;
use std::path::Path;

use alloy_primitives::{Address, B256};
use hashbuzz_escrow_tests::abi::HashbuzzEscrow as abi;
use hashbuzz_escrow_tests::allocation::entry;
use hashbuzz_escrow_tests::artefact::runtime_size;
use hashbuzz_escrow_tests::chain::address;
use hashbuzz_escrow_tests::escrow::{Escrow, HBAR, ONE};
use hashbuzz_escrow_tests::hts::ASSOCIATED;
use hashbuzz_escrow_tests::stage::{BUDGET, FEE, Stage, WINDOW};

/// Lines of the allocation that is claimed from: a proof of ten hashes.
const LINES: usize = 1_024;

const HEAD: &str = "\
# Gas

Measured in revm (Cancun rules) by `crates/escrow-tests/tests/it/gas.rs`, which fails when this
page is out of date. To print it anew:

    HASHBUZZ_BLESS=1 cargo nextest run -p hashbuzz-escrow-tests gas

Dollars are gas at $8.52e-8, Hedera's documented price in August 2026; a contract call has no other
fee. What Hedera adds itself (creating an account for an address that has none, mainly) is not in
revm. Recipients are accounts that exist; each batch is the first of its campaign, so it also writes
the slot of its payment bits for the first time.
";

const TOKENS: &str = "
## Tokens

The same with a token, against the token service of the tests. Of it only the escrow's own part
carries over to Hedera: there a transfer by the system contract takes an estimated 14,000 gas, one
that associates the recipient on the way some 720,000, and each question (three a call that sends,
whatever the number of recipients) a few thousand. Each payout must have 872,698 gas left when its
turn comes, of which it uses what it needs: give `payBatch` and `claim` a limit that is higher by
so much.

";

#[test]
fn the_gas_table_is_what_is_measured() {
    let mut table = String::from(HEAD);
    let size = runtime_size();
    let _ = writeln!(table, "\nRuntime code: {size} bytes of 24,576.\n");
    print(&mut table, measured());
    table.push_str(TOKENS);
    print(&mut table, measured_in_a_token());
    println!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/GAS.md");
    if std::env::var_os("HASHBUZZ_BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == table, "contracts/GAS.md is out of date; its head says how to renew it");
}

fn print(table: &mut String, rows: Vec<(String, u64, u64)>) {
    let _ = writeln!(table, "| call | gas | each | dollars |\n|---|---:|---:|---:|");
    for (call, gas, recipients) in rows {
        let each = match recipients {
            0 => String::new(),
            n => (gas / n).to_string(),
        };
        let _ = writeln!(table, "| {call} | {gas} | {each} | {} |", dollars(gas));
    }
}

/// Name, gas, and how many are paid.
fn measured() -> Vec<(String, u64, u64)> {
    let mut rows = vec![("deployment".to_owned(), Escrow::deploy().deploy_gas, 0)];
    let mut row = |name: &str, gas: u64| rows.push((name.to_owned(), gas, 0));
    let mut stage = Stage::funded();
    let sponsor = stage.sponsor;
    let mut fresh = Escrow::deploy();
    fresh.chain.fund(sponsor, ONE);
    let deposit = abi::depositAndAllowCall { amount: ONE, maxFeeBps: 1_000 };
    row("depositAndAllow, first", fresh.pay(sponsor, ONE, deposit.clone()).unwrap().gas);
    row("depositAndAllow, later", stage.escrow.pay(sponsor, ONE, deposit).unwrap().gas);
    let allow = abi::allowCall { asset: HBAR, amount: 1_000 * ONE, maxFeeBps: 1_000 };
    stage.escrow.call(sponsor, allow).unwrap();
    row("createCampaign", stage.create(BUDGET, FEE).unwrap().gas);
    let top_up = abi::topUpCall { id: stage.id, budget: ONE, fee: 0 };
    row("topUp", stage.operate(top_up).unwrap().gas);
    let mut cancelled = stage.escrow.fork();
    let operator = stage.escrow.people.operator;
    let cancel = abi::cancelCall { id: stage.id };
    row("cancel", cancelled.call(operator, cancel).unwrap().gas);
    let allocation = stage.allocation(&[ONE / 100; LINES]);
    row("close", stage.close(&allocation).unwrap().gas);
    row("refund at close", stage.refund(operator).unwrap().gas);
    batches(&stage, &mut rows);
    let mut row = |name: &str, gas: u64| rows.push((name.to_owned(), gas, 0));
    let mut claimers = ["anna", "ben"].map(address).into_iter();
    let mut claim = |position| {
        let account = claimers.next().unwrap();
        stage.escrow.chain.fund(account, 1);
        stage.claim(&allocation, position, account).unwrap().gas
    };
    row("claim out of 1,024 lines, the campaign's first payout", claim(0));
    row("claim out of 1,024 lines, later", claim(1));
    stage.escrow.chain.pass(WINDOW);
    row("finalise", stage.finalise(operator).unwrap().gas);
    let withdraw = abi::withdrawCall { asset: HBAR, amount: ONE };
    row("withdraw", stage.escrow.call(sponsor, withdraw).unwrap().gas);
    rows
}

/// The same in a token, and what only tokens have.
fn measured_in_a_token() -> Vec<(String, u64, u64)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, gas: u64| rows.push((name.to_owned(), gas, 0));
    let mut stage = Stage::funded();
    stage.escrow.chain.open_hts();
    let (sponsor, admin) = (stage.sponsor, stage.escrow.people.admin);
    let operator = stage.escrow.people.operator;
    let token = stage.escrow.chain.create_token(address("issuer"), 1);
    let list = abi::listTokenCall { token, payoutCeilingPerHour: ONE };
    row("listToken", stage.escrow.call(admin, list).unwrap().gas);
    stage = Stage::with_token();
    let (amount, allowed) = (ONE, 1_000 * ONE);
    let token = stage.asset;
    let deposit = abi::depositTokenAndAllowCall { token, amount, allowed, maxFeeBps: 1_000 };
    row("depositTokenAndAllow, later", stage.escrow.call(sponsor, deposit).unwrap().gas);
    row("createCampaign", stage.create(BUDGET, FEE).unwrap().gas);
    let allocation = stage.allocation(&[ONE / 100; LINES]);
    stage.close(&allocation).unwrap();
    batches(&stage, &mut rows);
    let mut row = |name: &str, gas: u64| rows.push((name.to_owned(), gas, 0));
    stage.pay(1, vec![entry(address("first"), 1, 1_000)]).unwrap();
    let anna = address("anna");
    stage.escrow.chain.set_holding(token, anna, ASSOCIATED);
    row("claim out of 1,024 lines, later", stage.claim(&allocation, 0, anna).unwrap().gas);
    let credit = abi::withdrawCreditCall { asset: token };
    stage.escrow.chain.set_holding(token, address("first"), ASSOCIATED);
    row("withdrawCredit", stage.escrow.call(address("first"), credit).unwrap().gas);
    stage.escrow.chain.pass(WINDOW);
    row("finalise", stage.finalise(operator).unwrap().gas);
    let withdraw = abi::withdrawCall { asset: token, amount: ONE };
    row("withdraw", stage.escrow.call(sponsor, withdraw).unwrap().gas);
    rows
}

fn batches(stage: &Stage, rows: &mut Vec<(String, u64, u64)>) {
    for n in [1_u32, 10, 80] {
        let gas = batch(stage, n);
        rows.push((format!("payBatch of {n}"), gas, n.into()));
    }
}

/// What the first batch of a campaign costs, with `n` recipients who have accounts.
fn batch(stage: &Stage, n: u32) -> u64 {
    let mut stage = Stage { escrow: stage.escrow.fork(), ..*stage };
    let accounts: Vec<Address> = (0..n).map(|i| address(&format!("recipient {i}"))).collect();
    for account in &accounts {
        stage.escrow.chain.fund(*account, 1);
        if stage.asset != HBAR {
            stage.escrow.chain.set_holding(stage.asset, *account, ASSOCIATED);
        }
    }
    let lines = accounts.iter().zip(0..);
    let entries: Vec<B256> = lines.map(|(account, i)| entry(*account, 1_000_000, i)).collect();
    stage.pay(1, entries).unwrap().gas
}

/// At 8.52e-8 a gas, to the hundredth of a cent.
fn dollars(gas: u64) -> String {
    let hundredths = (gas * 852).div_ceil(1_000_000);
    format!("{}.{:04}", hundredths / 10_000, hundredths % 10_000)
}
