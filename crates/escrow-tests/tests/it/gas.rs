//! What calls cost: `contracts/GAS.md` is what this measures, or the test says how to renew it.

use std::fmt::Write as _;
use std::path::Path;

use alloy_primitives::{Address, B256};
use hashbuzz_escrow_tests::abi::HashbuzzEscrow as abi;
use hashbuzz_escrow_tests::allocation::entry;
use hashbuzz_escrow_tests::artefact::runtime_size;
use hashbuzz_escrow_tests::chain::address;
use hashbuzz_escrow_tests::escrow::{Escrow, HBAR, ONE};
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

#[test]
fn the_gas_table_is_what_is_measured() {
    let mut table = String::from(HEAD);
    let size = runtime_size();
    let _ = writeln!(table, "\nRuntime code: {size} bytes of 24,576.\n");
    let _ = writeln!(table, "| call | gas | each | dollars |\n|---|---:|---:|---:|");
    for (call, gas, recipients) in measured() {
        let each = match recipients {
            0 => String::new(),
            n => (gas / n).to_string(),
        };
        let _ = writeln!(table, "| {call} | {gas} | {each} | {} |", dollars(gas));
    }
    println!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/GAS.md");
    if std::env::var_os("HASHBUZZ_BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == table, "contracts/GAS.md is out of date; its head says how to renew it");
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
    for n in [1_u32, 10, 80] {
        let gas = batch(&stage, n);
        rows.push((format!("payBatch of {n}"), gas, n.into()));
    }
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

/// What the first batch of a campaign costs, with `n` recipients who have accounts.
fn batch(stage: &Stage, n: u32) -> u64 {
    let mut stage = Stage { escrow: stage.escrow.fork(), ..*stage };
    let accounts: Vec<Address> = (0..n).map(|i| address(&format!("recipient {i}"))).collect();
    for account in &accounts {
        stage.escrow.chain.fund(*account, 1);
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
