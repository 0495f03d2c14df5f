//! Tokens inside contracts: the token service at 0x167 and the ERC-20 facade.

use std::time::Duration;

use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{self as proto, ResponseCodeEnum as Code};
use serde_json::{Value, json};

use crate::code::{CALLER, IGNORER, REGRETTER};
use crate::harness::{Net, Owner, address_of, token_of, transfer_tokens, word};

sol! {
    function associateToken(address account, address token) returns (int64);
    function transferToken(address token, address sender, address recipient, int64 amount) returns (int64);
    function approve(address spender, uint256 amount) returns (bool);
    function allowance(address owner, address spender) returns (uint256);
    function balanceOf(address account) returns (uint256);
    function decimals() returns (uint8);
    function symbol() returns (string);
    function transfer(address to, uint256 amount) returns (bool);
    function transferFrom(address from, address to, uint256 amount) returns (bool);
    function associate() returns (uint256);
    function isAssociated() returns (bool);
    function isToken(address token) returns (int64, bool);
    event Transfer(address indexed from, address indexed to, uint256 value);
}

const TOKEN_SERVICE: i64 = 0x167;
/// What associating costs in gas: five cents and a fifth.
const ASSOCIATION_GAS: i64 = 704_000;

/// Lets a contract call an address; answers the receipt's code and what the contract returned.
async fn through(
    net: &Net,
    payer: &Owner,
    contract: i64,
    to: i64,
    data: Vec<u8>,
) -> (Code, Vec<u8>) {
    let input = [word(address_of(to).as_slice()).to_vec(), data].concat();
    called(net, payer, contract, input).await
}

async fn called(net: &Net, payer: &Owner, contract: i64, input: Vec<u8>) -> (Code, Vec<u8>) {
    let call = proto::ContractCallTransactionBody {
        contract_id: Some(proto::ContractId {
            shard_num: 0,
            realm_num: 0,
            contract: Some(proto::contract_id::Contract::ContractNum(contract)),
        }),
        gas: 2_000_000,
        amount: 0,
        function_parameters: input,
    };
    let (_, code) = net.carry_out(payer, Data::ContractCall(call)).await;
    net.advance(Duration::from_secs(1));
    let result = last_result(net, contract).await;
    let output = result["call_result"].as_str().unwrap().trim_start_matches("0x").to_owned();
    (code, hex::decode(output).unwrap())
}

async fn last_result(net: &Net, contract: i64) -> Value {
    // A token has results of its own, but is no contract that the mirror lists.
    let rows = net.ok("/api/v1/transactions?limit=1").await;
    let id = rows["transactions"][0]["transaction_id"].as_str().unwrap().to_owned();
    let result = net.ok(&format!("/api/v1/contracts/results/{id}")).await;
    assert_eq!(result["contract_id"], format!("0.0.{contract}"));
    result
}

fn code(output: &[u8]) -> Code {
    Code::try_from(i32::try_from(i64::abi_decode(output).unwrap()).unwrap()).unwrap()
}

async fn held(net: &Net, account: i64) -> Value {
    net.advance(Duration::from_secs(1));
    net.ok(&format!("/api/v1/accounts/0.0.{account}/tokens")).await["tokens"].clone()
}

/// A token with 1,000 at its treasury, who is returned with it and with a contract that calls.
async fn world() -> (Net, Owner, i64, i64) {
    let net = Net::manual().await;
    let treasury = net.owner(10_000).await;
    let token = token_of(&net, &treasury, |_| {}).await;
    let contract = net.deploy(&treasury, CALLER).await;
    (net, treasury, token, contract)
}

#[tokio::test]
async fn a_contract_associates_itself_and_hands_on_what_it_gets() {
    let (net, treasury, token, contract) = world().await;
    let receiver = net.owner(10).await;
    let address = address_of(token);
    let me = address_of(contract);

    let ask = associateTokenCall { account: me, token: address }.abi_encode();
    let (outcome, output) = through(&net, &treasury, contract, TOKEN_SERVICE, ask.clone()).await;
    assert_eq!((outcome, code(&output)), (Code::Success, Code::Success));
    let (outcome, output) = through(&net, &treasury, contract, TOKEN_SERVICE, ask).await;
    // What the ledger refuses is a code and no revert.
    assert_eq!(outcome, Code::Success);
    assert_eq!(code(&output), Code::TokenAlreadyAssociatedToAccount);

    let give = transfer_tokens(token, &[(treasury.num, -300), (contract, 300)]);
    assert_eq!(net.carry_out(&treasury, give).await.1, Code::Success);
    let to = address_of(receiver.num);
    let give = transferTokenCall { token: address, sender: me, recipient: to, amount: 120 };
    let give = give.abi_encode();
    let (_, output) = through(&net, &treasury, contract, TOKEN_SERVICE, give.clone()).await;
    assert_eq!(code(&output), Code::TokenNotAssociatedToAccount);
    net.associate(&receiver, &[token]).await;
    let (_, output) = through(&net, &treasury, contract, TOKEN_SERVICE, give).await;
    assert_eq!(code(&output), Code::Success);

    assert_eq!(held(&net, receiver.num).await[0]["balance"], 120);
    assert_eq!(held(&net, contract).await[0]["balance"], 180);
    let rows = net.ok("/api/v1/transactions?limit=1&transactiontype=contractcall").await;
    let moved = rows["transactions"][0]["token_transfers"].as_array().unwrap().len();
    assert_eq!(moved, 2);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn somebody_else_s_tokens_move_only_by_allowance() {
    let (net, treasury, token, contract) = world().await;
    let address = address_of(token);
    let (me, owner) = (address_of(contract), address_of(treasury.num));
    let ask = associateTokenCall { account: me, token: address }.abi_encode();
    through(&net, &treasury, contract, TOKEN_SERVICE, ask).await;

    // The signature of who pays does not count behind a contract.
    let take = transferTokenCall { token: address, sender: owner, recipient: me, amount: 10 };
    let (_, output) = through(&net, &treasury, contract, TOKEN_SERVICE, take.abi_encode()).await;
    assert_eq!(code(&output), Code::SpenderDoesNotHaveAllowance);
    let take = transferFromCall { from: owner, to: me, amount: alloy(10) }.abi_encode();
    let (outcome, output) = through(&net, &treasury, contract, token, take.clone()).await;
    assert_eq!(outcome, Code::ContractRevertExecuted);
    assert_eq!(output, Vec::<u8>::new());
    let result = last_result(&net, contract).await;
    let reason = hex::encode("SPENDER_DOES_NOT_HAVE_ALLOWANCE");
    assert_eq!(result["error_message"], format!("0x{reason}"));

    // An allowance from the token itself, called without a contract in between.
    let allow = approveCall { spender: me, amount: alloy(15) }.abi_encode();
    assert_eq!(called(&net, &treasury, token, allow).await.0, Code::Success);
    let ask = allowanceCall { owner, spender: me }.abi_encode();
    let (_, output) = through(&net, &treasury, contract, token, ask.clone()).await;
    assert_eq!(output, alloy(15).abi_encode());
    let (outcome, output) = through(&net, &treasury, contract, token, take.clone()).await;
    assert_eq!((outcome, output), (Code::Success, true.abi_encode()));
    let (_, output) = through(&net, &treasury, contract, token, ask).await;
    assert_eq!(output, alloy(5).abi_encode());
    // What is left of it is not enough for the second time.
    let (outcome, _) = through(&net, &treasury, contract, token, take).await;
    assert_eq!(outcome, Code::ContractRevertExecuted);
    assert_eq!(held(&net, contract).await[0]["balance"], 10);
}

#[tokio::test]
async fn a_token_answers_like_an_erc_20_and_emits_its_events() {
    let (net, treasury, token, contract) = world().await;
    let owner = address_of(treasury.num);
    let ask = |call: Vec<u8>| through(&net, &treasury, contract, token, call);
    assert_eq!(ask(decimalsCall {}.abi_encode()).await.1, alloy(2).abi_encode());
    assert_eq!(ask(symbolCall {}.abi_encode()).await.1, "T".abi_encode());
    let balance = ask(balanceOfCall { account: owner }.abi_encode()).await.1;
    assert_eq!(balance, alloy(1_000).abi_encode());
    let known = isTokenCall { token: address_of(token) }.abi_encode();
    let (_, output) = through(&net, &treasury, contract, TOKEN_SERVICE, known).await;
    assert_eq!(output[63], 1);

    // Whoever signs may associate, and may give, without a contract in between.
    let receiver = net.owner(100).await;
    let (_, output) = called(&net, &receiver, token, isAssociatedCall {}.abi_encode()).await;
    assert_eq!(output, false.abi_encode());
    called(&net, &receiver, token, associateCall {}.abi_encode()).await;
    let (_, output) = called(&net, &receiver, token, isAssociatedCall {}.abi_encode()).await;
    assert_eq!(output, true.abi_encode());
    let to = address_of(receiver.num);
    let give = transferCall { to, amount: alloy(7) }.abi_encode();
    let (outcome, output) = called(&net, &treasury, token, give).await;
    assert_eq!((outcome, output), (Code::Success, true.abi_encode()));
    let result = last_result(&net, token).await;
    let log = &result["logs"][0];
    assert_eq!(log["address"], format!("0x{}", hex::encode(address_of(token))));
    assert_eq!(log["topics"][0], format!("0x{}", hex::encode(Transfer::SIGNATURE_HASH)));
    assert_eq!(log["data"], format!("0x{}", hex::encode(alloy(7).abi_encode())));
    assert_eq!(held(&net, receiver.num).await[0]["balance"], 7);

    // The mirror simulates it too.
    let asked = json!({
        "to": format!("0x{}", hex::encode(address_of(token))),
        "data": format!("0x{}", hex::encode(balanceOfCall { account: to }.abi_encode())),
    });
    let (status, body) = net.post("/api/v1/contracts/call", &asked).await;
    assert_eq!((status, &body["result"]), (200, &json!(format!("0x{:064x}", 7))));
}

#[tokio::test]
async fn what_a_frame_did_with_tokens_goes_when_the_frame_reverts() {
    let (net, treasury, token, contract) = world().await;
    let (regrets, ignores) =
        (net.deploy(&treasury, REGRETTER).await, net.deploy(&treasury, IGNORER).await);
    let associate = |account: i64| {
        associateTokenCall { account: address_of(account), token: address_of(token) }.abi_encode()
    };
    // `ignores` calls `regrets`, which associates itself and reverts; `ignores` succeeds.
    let inner = [word(address_of(TOKEN_SERVICE).as_slice()).to_vec(), associate(regrets)].concat();
    let (outcome, _) = through(&net, &treasury, ignores, regrets, inner.clone()).await;
    assert_eq!(outcome, Code::Success);
    assert_eq!(held(&net, regrets).await, json!([]));
    // The same through a contract that keeps what it did.
    let inner = [word(address_of(TOKEN_SERVICE).as_slice()).to_vec(), associate(contract)].concat();
    let (outcome, _) = through(&net, &treasury, ignores, contract, inner).await;
    assert_eq!(outcome, Code::Success);
    assert_eq!(held(&net, contract).await[0]["automatic_association"], false);
}

#[tokio::test]
async fn associating_in_a_contract_costs_five_cents_and_a_fifth_in_gas() {
    let (net, treasury, token, contract) = world().await;
    let ask = associateTokenCall { account: address_of(contract), token: address_of(token) };
    through(&net, &treasury, contract, TOKEN_SERVICE, ask.abi_encode()).await;
    let used = last_result(&net, contract).await["gas_used"].as_i64().unwrap();
    assert!((ASSOCIATION_GAS..ASSOCIATION_GAS + 40_000).contains(&used), "{used}");
    // With less, the call fails and nothing is associated.
    let other = net.deploy(&treasury, CALLER).await;
    let ask = associateTokenCall { account: address_of(other), token: address_of(token) };
    let input = [word(address_of(TOKEN_SERVICE).as_slice()).to_vec(), ask.abi_encode()].concat();
    let outcome = net.call_with(&treasury, other, 400_000, input).await;
    assert_eq!(outcome, Code::ContractRevertExecuted);
    assert_eq!(held(&net, other).await, json!([]));
}

fn alloy(n: u64) -> alloy_sol_types::private::U256 {
    alloy_sol_types::private::U256::from(n)
}
