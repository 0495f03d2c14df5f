//! Whatever happens, no tinybar is made or lost.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::code::{FORWARDER, REVERTER, STORE};
use crate::harness::{HBAR, Net, Owner, call, signed, transfer, word};

const OWNERS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    /// From, to, amount; `true` when the giver signs.
    Give(usize, usize, i64, bool),
    /// Through a contract that forwards, to an account or to nobody.
    Forward(usize, Option<usize>, i64),
    /// To a contract that reverts.
    Revert(usize, i64),
    /// To a contract that keeps it, or fails with all its gas.
    Keep(usize, i64, bool),
    /// The next transaction's answer is lost, or it is copied.
    Fault(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let owner = || 0..OWNERS;
    // Sometimes more than anybody has.
    let amount = || prop_oneof![0..2 * HBAR, 0..40 * HBAR];
    let fault = prop_oneof![
        Just("drop_after_apply"),
        Just("drop_before_apply"),
        Just("duplicate"),
        Just("busy")
    ];
    prop_oneof![
        4 => (owner(), owner(), amount(), any::<bool>())
            .prop_map(|(from, to, amount, signs)| Step::Give(from, to, amount, signs)),
        4 => (owner(), proptest::option::of(owner()), amount())
            .prop_map(|(from, to, amount)| Step::Forward(from, to, amount)),
        1 => (owner(), amount()).prop_map(|(from, amount)| Step::Revert(from, amount)),
        2 => (owner(), amount(), any::<bool>())
            .prop_map(|(from, amount, fails)| Step::Keep(from, amount, fails)),
        1 => fault.prop_map(Step::Fault),
    ]
}

struct Scene {
    net: Net,
    owners: Vec<Owner>,
    contracts: [i64; 3],
}

impl Scene {
    async fn new() -> Self {
        let net = Net::manual().await;
        let owners = net.owners(u32::try_from(OWNERS).unwrap(), 40).await;
        let deployer = net.owner(1_000).await;
        let mut contracts = [0; 3];
        for (contract, code) in contracts.iter_mut().zip([FORWARDER, REVERTER, STORE]) {
            *contract = net.deploy(&deployer, code).await;
        }
        Self { net, owners, contracts }
    }

    /// How transactions ended, and how often.
    async fn ends(&self) -> Vec<(String, u64)> {
        let counters = self.net.ok("/_standin/counters").await;
        let mut all = Vec::new();
        for (kind, ends) in counters["transactions"].as_object().unwrap() {
            for (end, count) in ends.as_object().unwrap() {
                all.push((format!("{kind} {end}"), count.as_u64().unwrap()));
            }
        }
        all
    }

    async fn take(&self, step: &Step) {
        let [forwarder, reverter, store] = self.contracts;
        let num = |i: usize| self.owners[i].num;
        let (payer, signers, data) = match *step {
            Step::Fault(kind) => {
                return self.net.fault(serde_json::json!({ "on": "submit", "kind": kind })).await;
            }
            Step::Give(from, to, amount, signs) => {
                // The receiver pays the fee.
                let signers = if signs { vec![to, from] } else { vec![to] };
                (to, signers, transfer(&[(num(from), -amount), (num(to), amount)]))
            }
            Step::Forward(from, to, amount) => {
                let address = to.map_or("00".repeat(20), |i| {
                    self.owners[i].evm_address.trim_start_matches("0x").to_owned()
                });
                let target = word(&hex::decode(address).unwrap());
                (from, vec![from], call(forwarder, amount, &[target]))
            }
            Step::Revert(from, amount) => (from, vec![from], call(reverter, amount, &[])),
            Step::Keep(from, amount, fails) => {
                let words = [word(&[1]), word(&[2]), word(&[3])];
                let words = if fails { &words[..] } else { &words[..2] };
                (from, vec![from], call(store, amount, words))
            }
        };
        let body = self.net.body(&self.owners[payer], data);
        let script = self.net.ok("/_standin/faults").await;
        let waiting = script["waiting"][0]["kind"].as_str().map(str::to_owned);
        let mut signers: Vec<_> = signers.into_iter().map(|i| &self.owners[i]).collect();
        signers.dedup_by_key(|owner| owner.num);
        let sent = self.net.try_send(&signed(&body, &signers)).await;
        let dropped = waiting.as_deref().is_some_and(|kind| kind.starts_with("drop"));
        assert_eq!(sent.is_err(), dropped, "{sent:?}: only the script loses answers");
    }
}

#[test]
fn hbar_is_conserved_whatever_is_sent() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    // Always the same steps: that each way to end was taken must not be a matter of luck.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let results = RefCell::new(BTreeMap::<String, u64>::new());
    let steps = proptest::collection::vec(step(), 1..40);
    let result = TestRunner::new_with_rng(config, rng).run(&steps, |steps| {
        runtime.block_on(async {
            let scene = Scene::new().await;
            for step in &steps {
                scene.take(step).await;
                scene.net.sum_is_the_supply().await;
            }
            // The mirror, which applies the same changes, comes to the same sum.
            scene.net.advance(std::time::Duration::from_secs(1));
            let balances = scene.net.ok("/api/v1/balances?limit=100").await;
            let rows = balances["balances"].as_array().unwrap();
            let sum: i64 = rows.iter().map(|row| row["balance"].as_i64().unwrap()).sum();
            assert_eq!(sum, 5_000_000_000_000_000_000);
            assert!(rows.iter().all(|row| row["balance"].as_i64().unwrap() >= 0));
            let ends = scene.ends().await;
            let mut results = results.borrow_mut();
            ends.into_iter().for_each(|(end, n)| *results.entry(end).or_default() += n);
        });
        Ok(())
    });
    result.unwrap();
    // The steps must have been worth something: every way to end was taken.
    let results = results.into_inner();
    for wanted in [
        "CryptoTransfer SUCCESS",
        "CryptoTransfer INVALID_SIGNATURE",
        "CryptoTransfer INSUFFICIENT_ACCOUNT_BALANCE",
        "CryptoTransfer DUPLICATE_TRANSACTION",
        "ContractCall SUCCESS",
        "ContractCall CONTRACT_REVERT_EXECUTED",
        "ContractCall CONTRACT_EXECUTION_EXCEPTION",
    ] {
        assert!(results.contains_key(wanted), "never happened: {wanted}; {results:?}");
    }
}
