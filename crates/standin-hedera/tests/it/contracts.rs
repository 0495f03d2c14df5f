//! What contracts may do here, and how that differs from Ethereum.

use std::time::Duration;

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{self as proto, ResponseCodeEnum as Code};
use serde_json::json;

use crate::code::{BEQUEATHER, FACTORY, FORWARDER, LOGGER, REVERTER, STORE};
use crate::harness::{HBAR, Net, call, signed, transfer, word};

async fn balance(net: &Net, num: i64) -> i64 {
    net.advance(Duration::from_secs(1));
    let shown = net.ok(&format!("/api/v1/accounts/0.0.{num}")).await;
    shown["balance"]["balance"].as_i64().unwrap()
}

/// Lets a contract send one HBAR to an address; tells whether it arrived.
async fn forward(net: &Net, contract: i64, address: &str) -> bool {
    let payer = net.owner(100).await;
    let bytes = hex::decode(address.trim_start_matches("0x")).unwrap();
    assert_eq!(net.call(&payer, contract, HBAR, &[word(&bytes)]).await, Code::Success);
    net.advance(Duration::from_secs(1));
    let results = net.ok(&format!("/api/v1/contracts/{contract}/results?limit=1")).await;
    let result = results["results"][0]["call_result"].as_str().unwrap().to_owned();
    result.ends_with('1')
}

#[tokio::test]
async fn value_moves_between_native_accounts_and_contracts_as_one_balance() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let receiver = net.owner(0).await;
    let contract = net.deploy(&payer, FORWARDER).await;
    assert!(forward(&net, contract, &receiver.evm_address).await);
    assert_eq!(balance(&net, receiver.num).await, HBAR);
    assert_eq!(balance(&net, contract).await, 0);
    // A native transfer to the contract, which it sees too.
    let (_, code) = net.carry_out(&payer, transfer(&[(payer.num, -7), (contract, 7)])).await;
    assert_eq!(code, Code::Success);
    assert_eq!(balance(&net, contract).await, 7);
    // Nobody has the key of a contract without an administrator.
    let (_, code) = net.carry_out(&payer, transfer(&[(payer.num, 7), (contract, -7)])).await;
    assert_eq!(code, Code::InvalidSignature);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn a_contract_cannot_send_value_to_where_there_is_no_account() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let contract = net.deploy(&payer, FORWARDER).await;
    let nobody = "0x00000000000000000000000000000000000f4240";
    let unknown = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let treasury = "0x0000000000000000000000000000000000000002";
    for address in [nobody, unknown, treasury] {
        assert!(!forward(&net, contract, address).await, "{address}");
    }
    assert_eq!(balance(&net, contract).await, 3 * HBAR);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn an_account_with_an_alias_is_reached_by_its_alias_and_not_by_its_number() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let contract = net.deploy(&payer, FORWARDER).await;
    let account = net.portal(1, 0, "ecdsa").await.remove(0);
    let name = account["account"].as_str().unwrap();
    let num: i64 = name.strip_prefix("0.0.").unwrap().parse().unwrap();
    assert!(!forward(&net, contract, &format!("0x{num:040x}")).await);
    assert!(forward(&net, contract, account["evm_address"].as_str().unwrap()).await);
    assert_eq!(balance(&net, num).await, HBAR);
    // The mirror's paths know it by both.
    let by_number = net.ok(&format!("/api/v1/accounts/0x{num:040x}")).await;
    assert_eq!(by_number["evm_address"], account["evm_address"]);
}

#[tokio::test]
async fn a_failed_call_changes_nothing_but_the_payer_s_balance() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let store = net.deploy(&payer, STORE).await;
    let reverter = net.deploy(&payer, REVERTER).await;
    let before = balance(&net, payer.num).await;

    assert_eq!(net.call(&payer, reverter, HBAR, &[]).await, Code::ContractRevertExecuted);
    let words = [word(&[1]), word(&[2]), word(&[3])];
    assert_eq!(net.call(&payer, store, HBAR, &words).await, Code::ContractExecutionException);
    assert_eq!(balance(&net, store).await + balance(&net, reverter).await, 0);

    let results = net.ok(&format!("/api/v1/contracts/{reverter}/results?limit=1")).await;
    let reverted = &results["results"][0];
    assert_eq!(reverted["error_message"], "0xdeadbeef");
    assert_eq!((&reverted["status"], &reverted["amount"]), (&json!("0x0"), &json!(HBAR)));
    let results = net.ok(&format!("/api/v1/contracts/{store}/results?limit=1")).await;
    let broken = &results["results"][0];
    assert_eq!(broken["gas_used"], 200_000, "an invalid instruction takes all the gas");
    let gas = reverted["gas_used"].as_i64().unwrap() + 200_000;
    assert_eq!(balance(&net, payer.num).await, before - gas * 106);

    let used = net.call(&payer, store, 0, &words[..2]).await;
    assert_eq!(used, Code::Success);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn a_call_without_enough_gas_or_without_a_contract_fails_at_consensus() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let store = net.deploy(&payer, STORE).await;
    let Data::ContractCall(mut little) = call(store, 0, &[word(&[1]), word(&[2])]) else {
        unreachable!()
    };
    little.gas = 30_000;
    let code = net.carry_out(&payer, Data::ContractCall(little)).await.1;
    assert_eq!(code, Code::InsufficientGas);
    assert_eq!(net.call(&payer, payer.num, 0, &[]).await, Code::InvalidContractId);
    assert_eq!(net.call(&payer, 777_777, 0, &[]).await, Code::InvalidContractId);
}

#[tokio::test]
async fn calls_are_counted_with_their_function_and_first_words() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let logger = net.deploy(&payer, LOGGER).await;
    let mut input = [[0; 32]; 3];
    input[0][..4].copy_from_slice(&[1, 2, 3, 4]);
    input[0][4] = 0xaa;
    input[1][4] = 0xbb;
    let body = net.body(&payer, call(logger, 0, &input));
    let transaction = signed(&body, &[&payer]);
    assert_eq!(net.send(&transaction).await, Code::Ok);
    assert_eq!(net.send(&transaction).await, Code::DuplicateTransaction);
    let counters = net.ok("/_standin/counters").await;
    let calls = counters["contract_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["selector"], "01020304");
    assert_eq!(calls[0]["first_argument"], format!("aa{}", "0".repeat(62)));
    assert_eq!(calls[0]["second_word"], format!("bb{}", "0".repeat(62)));
    assert_eq!(calls[0]["contract"], format!("0.0.{logger}"));
    assert_eq!(calls[0]["payer"], format!("0.0.{}", payer.num));
    assert_eq!(calls[0]["result"], "SUCCESS");
}

#[tokio::test]
async fn an_estimate_is_enough_gas_and_one_less_is_not() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let store = net.deploy(&payer, STORE).await;
    net.advance(Duration::from_secs(1));
    let ask = |estimate: bool, gas: u64| {
        let data = hex::encode([word(&[1]), word(&[2])].concat());
        let to = format!("0x{store:040x}");
        json!({ "to": to, "data": data, "gas": gas, "estimate": estimate, "block": "latest" })
    };
    let (_, body) = net.post("/api/v1/contracts/call", &ask(true, 1_000_000)).await;
    let least = body["result"].as_str().unwrap().trim_start_matches("0x");
    let least = u64::from_str_radix(least, 16).unwrap();
    assert_eq!(net.post("/api/v1/contracts/call", &ask(false, least)).await.0, 200);
    let (status, body) = net.post("/api/v1/contracts/call", &ask(false, least - 1)).await;
    assert_eq!(
        (status, &body["_status"]["messages"][0]["message"]),
        (400, &json!("INSUFFICIENT_GAS"))
    );
}

#[tokio::test]
async fn a_contract_s_contract_has_a_number_and_is_reached_by_its_own_address_only() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let factory = net.deploy(&payer, FACTORY).await;
    let forwarder = net.deploy(&payer, FORWARDER).await;
    let mut addresses = Vec::new();
    for _ in 0..2 {
        assert_eq!(net.call(&payer, factory, 5, &[]).await, Code::Success);
        net.advance(Duration::from_secs(1));
        let results = net.ok(&format!("/api/v1/contracts/{factory}/results?limit=1")).await;
        let result = &results["results"][0];
        let address = format!("0x{}", &result["call_result"].as_str().unwrap()[26..]);
        let child = net.ok(&format!("/api/v1/contracts/{address}")).await;
        assert_eq!(result["created_contract_ids"], json!([child["contract_id"]]));
        assert_eq!(child["runtime_bytecode"], "0x00");
        let num: i64 = child["contract_id"].as_str().unwrap()[4..].parse().unwrap();
        assert_eq!(balance(&net, num).await, 5);
        assert!(forward(&net, forwarder, &address).await);
        assert!(!forward(&net, forwarder, &format!("0x{num:040x}")).await);
        assert_eq!(balance(&net, num).await, 5 + HBAR);
        addresses.push(address);
    }
    assert_ne!(addresses[0], addresses[1]);
    let shown = net.ok(&format!("/api/v1/contracts/{factory}")).await;
    assert_eq!(shown["nonce"], 3, "it begins at 1 and counts two creations");
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn a_contract_cannot_leave_its_value_to_nobody() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let heir = net.owner(0).await;
    let contract = net.deploy(&payer, BEQUEATHER).await;
    let code = net.call(&payer, contract, 9, &[word(&[0xee; 20])]).await;
    assert_eq!(code, Code::InvalidSolidityAddress);
    assert_eq!(balance(&net, contract).await, 0);
    let address = hex::decode(heir.evm_address.trim_start_matches("0x")).unwrap();
    assert_eq!(net.call(&payer, contract, 9, &[word(&address)]).await, Code::Success);
    assert_eq!(balance(&net, heir.num).await, 9);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn an_account_that_signs_its_receipts_gets_nothing_without_its_signature() {
    let net = Net::manual().await;
    let [payer, shy]: [_; 2] = net.owners(2, 1_000).await.try_into().ok().unwrap();
    let contract = net.deploy(&payer, FORWARDER).await;
    let create = Data::CryptoCreateAccount(proto::CryptoCreateTransactionBody {
        key: Some(shy.public()),
        receiver_sig_required: true,
        auto_renew_period: Some(proto::Duration { seconds: 7_776_000 }),
        ..Default::default()
    });
    let (receipt, code) = net.carry_out(&shy, create).await;
    assert_eq!(code, Code::Success);
    let Some(proto::account_id::Account::AccountNum(num)) = receipt.account_id.unwrap().account
    else {
        panic!("no number")
    };
    let (_, code) = net.carry_out(&payer, transfer(&[(payer.num, -1), (num, 1)])).await;
    assert_eq!(code, Code::InvalidSignature);
    assert!(!forward(&net, contract, &format!("0x{num:040x}")).await);

    let target = word(&num.to_be_bytes());
    let body = net.body(&payer, call(contract, HBAR, &[target]));
    assert_eq!(net.send(&signed(&body, &[&payer, &shy])).await, Code::Ok);
    assert_eq!(balance(&net, num).await, HBAR);
}
