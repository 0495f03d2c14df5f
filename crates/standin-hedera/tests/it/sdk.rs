//! The unmodified SDK works against the network.

use alloy_sol_types::{SolCall, SolConstructor, SolError, sol};
use hiero_sdk::{
    AccountBalanceQuery, AccountCreateTransaction, AccountId, AccountInfoQuery, Client,
    ContractCallQuery, ContractCreateFlow, ContractExecuteTransaction, ContractId, Error, Hbar,
    Key, KeyList, NetworkVersionInfoQuery, PrivateKey, Status, TransactionId,
    TransactionReceiptQuery, TransactionRecordQuery, TransferTransaction,
};

use crate::harness::Net;

sol! {
    contract Escrow {
        constructor(address admin, address operator, address guardian, address treasury, uint128 c);
        function deposit() external payable;
        function withdraw(address asset, uint128 amount) external;
        function freeBalance(address sponsor, address asset) external view returns (uint256);
        error InsufficientBalance(uint256 available, uint256 needed);
    }
}

fn escrow_bytecode() -> Vec<u8> {
    let artefact = include_str!("../../../../contracts/artifacts/HashbuzzEscrow.json");
    let artefact: serde_json::Value = serde_json::from_str(artefact).unwrap();
    hex::decode(artefact["bytecode"].as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

async fn deploy_escrow(client: &Client, key: &PrivateKey, roles: [&str; 4]) -> ContractId {
    let [admin, operator, guardian, treasury] = roles.map(|address| address.parse().unwrap());
    let arguments =
        Escrow::constructorCall { admin, operator, guardian, treasury, c: u128::from(u64::MAX) };
    ContractCreateFlow::new()
        .bytecode(escrow_bytecode())
        .constructor_parameters(arguments.abi_encode())
        .gas(6_000_000)
        .sign(key.clone())
        .execute(client)
        .await
        .unwrap()
        .get_receipt(client)
        .await
        .unwrap()
        .contract_id
        .unwrap()
}

#[tokio::test]
async fn an_account_is_created_and_gets_a_transfer() {
    let net = Net::real().await;
    let owner = net.owner(1_000).await;
    let client = net.client(&owner);

    let key = PrivateKey::generate_ed25519();
    let response = AccountCreateTransaction::new()
        .set_key_without_alias(key.public_key())
        .initial_balance(Hbar::new(10))
        .execute(&client)
        .await
        .unwrap();
    let account = response.get_receipt(&client).await.unwrap().account_id.unwrap();

    let response = TransferTransaction::new()
        .hbar_transfer(owner.id(), Hbar::from_tinybars(-700))
        .hbar_transfer(account, Hbar::from_tinybars(700))
        .transaction_memo("seven hundred")
        .execute(&client)
        .await
        .unwrap();
    let record = response.get_record(&client).await.unwrap();
    assert_eq!(record.receipt.status, Status::Success);
    assert_eq!(record.transaction_memo, "seven hundred");
    assert_eq!(record.transaction_fee, Hbar::from_tinybars(125_000));
    let sum: i64 = record.transfers.iter().map(|t| t.amount.to_tinybars()).sum();
    assert_eq!(sum, 0);

    let balance = AccountBalanceQuery::new().account_id(account).execute(&client).await.unwrap();
    assert_eq!(balance.hbars, Hbar::from_tinybars(1_000_000_700));
    let info = AccountInfoQuery::new().account_id(account).execute(&client).await.unwrap();
    assert_eq!(info.key, Key::Single(key.public_key()));
    let version = NetworkVersionInfoQuery::new().execute(&client).await.unwrap();
    assert_eq!(version.services_version.minor, 69);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn an_account_with_an_ecdsa_key_pays_and_has_its_alias_as_its_address() {
    let net = Net::real().await;
    let account = net.portal(1, 100, "ecdsa").await.remove(0);
    let text = |name: &str| account[name].as_str().unwrap().to_owned();
    let key: PrivateKey = text("private_key").parse().unwrap();
    let address = key.public_key().to_evm_address().unwrap().to_string();
    assert_eq!(text("evm_address").trim_start_matches("0x"), address.trim_start_matches("0x"));

    let id: AccountId = text("account").parse().unwrap();
    let client = net.client_of(id, key);
    let response = TransferTransaction::new()
        .hbar_transfer(id, Hbar::from_tinybars(-1))
        .hbar_transfer(AccountId::new(0, 0, 2), Hbar::from_tinybars(1))
        .execute(&client)
        .await
        .unwrap();
    response.get_receipt(&client).await.unwrap();

    let created = PrivateKey::generate_ecdsa();
    let response = AccountCreateTransaction::new()
        .set_ecdsa_key_with_alias(created.clone())
        .freeze_with(&client)
        .unwrap()
        .sign(created.clone())
        .execute(&client)
        .await
        .unwrap();
    let new = response.get_receipt(&client).await.unwrap().account_id.unwrap();
    let address = created.public_key().to_evm_address().unwrap().to_string();
    let shown = net.ok(&format!("/api/v1/accounts/{address}")).await;
    assert_eq!(shown["account"], new.to_string());
    assert_eq!(shown["key"]["_type"], "ECDSA_SECP256K1");
}

#[tokio::test]
async fn a_threshold_key_needs_as_many_signatures_as_it_says() {
    let net = Net::real().await;
    let owner = net.owner(1_000).await;
    let client = net.client(&owner);
    let keys = [
        PrivateKey::generate_ed25519(),
        PrivateKey::generate_ecdsa(),
        PrivateKey::generate_ed25519(),
    ];
    let list = KeyList {
        keys: keys.iter().map(|key| Key::Single(key.public_key())).collect(),
        threshold: Some(2),
    };
    let account = AccountCreateTransaction::new()
        .set_key_without_alias(list)
        .initial_balance(Hbar::new(1))
        .execute(&client)
        .await
        .unwrap()
        .get_receipt(&client)
        .await
        .unwrap()
        .account_id
        .unwrap();
    for (signers, expected) in [(1, Status::InvalidSignature), (2, Status::Success)] {
        let mut transfer = TransferTransaction::new();
        transfer
            .hbar_transfer(account, Hbar::from_tinybars(-5))
            .hbar_transfer(owner.id(), Hbar::from_tinybars(5))
            .freeze_with(&client)
            .unwrap();
        for key in &keys[..signers] {
            transfer.sign(key.clone());
        }
        let response = transfer.execute(&client).await.unwrap();
        let receipt = TransactionReceiptQuery::new()
            .transaction_id(response.transaction_id)
            .execute(&client)
            .await
            .unwrap();
        assert_eq!(receipt.status, expected);
    }
}

#[tokio::test]
async fn the_escrow_is_deployed_paid_into_and_asked() {
    let net = Net::real().await;
    let owners = net.owners(5, 1_000).await;
    let client = net.client(&owners[0]);
    let key = owners[0].sdk_key();
    let roles = [1, 2, 3, 4].map(|i: usize| owners[i].evm_address.as_str());
    let contract = deploy_escrow(&client, &key, roles).await;

    let response = ContractExecuteTransaction::new()
        .contract_id(contract)
        .gas(300_000)
        .payable_amount(Hbar::from_tinybars(12_345))
        .function_parameters(Escrow::depositCall {}.abi_encode())
        .execute(&client)
        .await
        .unwrap();
    let record = response.get_record(&client).await.unwrap();
    let result = record.contract_function_result.unwrap();
    assert_eq!(result.contract_id, contract);
    assert_eq!(result.logs.len(), 1);
    assert!(result.gas_used > 21_000);

    let sponsor = owners[0].evm_address.parse().unwrap();
    let asset = alloy_sol_types::private::Address::ZERO;
    let query = Escrow::freeBalanceCall { sponsor, asset }.abi_encode();
    let answer = ContractCallQuery::new()
        .contract_id(contract)
        .gas(100_000)
        .function_parameters(query.clone())
        .execute(&client)
        .await
        .unwrap();
    assert_eq!(answer.get_u256(0).unwrap().to_string(), "12345");

    // The same through the mirror, by either form of the contract's name.
    let number = format!("0x{:040x}", contract.num);
    let simulated = serde_json::json!({ "to": number, "data": hex::encode(query) });
    let (status, body) = net.post("/api/v1/contracts/call", &simulated).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["result"], format!("0x{:064x}", 12_345));
    let by_address = net.ok(&format!("/api/v1/contracts/{number}")).await;
    assert_eq!(by_address["contract_id"], contract.to_string());
    assert!(by_address["runtime_bytecode"].as_str().unwrap().len() > 10_000);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn a_revert_is_paid_for_and_its_reason_is_visible() {
    let net = Net::real().await;
    let owners = net.owners(5, 1_000).await;
    let client = net.client(&owners[0]);
    let roles = [1, 2, 3, 4].map(|i: usize| owners[i].evm_address.as_str());
    let contract = deploy_escrow(&client, &owners[0].sdk_key(), roles).await;

    let asset = alloy_sol_types::private::Address::ZERO;
    let data = Escrow::withdrawCall { asset, amount: 5 }.abi_encode();
    let response = ContractExecuteTransaction::new()
        .contract_id(contract)
        .gas(200_000)
        .function_parameters(data.clone())
        .execute(&client)
        .await
        .unwrap();
    let error = response.get_receipt(&client).await.unwrap_err();
    let Error::ReceiptStatus { status, .. } = error else { panic!("{error:?}") };
    assert_eq!(status, Status::ContractRevertExecuted);

    let record = TransactionRecordQuery::new()
        .transaction_id(response.transaction_id)
        .execute(&client)
        .await
        .unwrap();
    assert!(record.transaction_fee > Hbar::from_tinybars(21_000 * 106));
    let message = record.contract_function_result.unwrap().error_message.unwrap();

    let shown =
        net.ok(&format!("/api/v1/contracts/results/{}", dashed(&response.transaction_id))).await;
    assert_eq!(shown["result"], "CONTRACT_REVERT_EXECUTED");
    assert_eq!(shown["error_message"], message);
    let reason = hex::decode(message.strip_prefix("0x").unwrap()).unwrap();
    let reason = Escrow::InsufficientBalance::abi_decode(&reason).unwrap();
    assert_eq!(reason.needed.to_string(), "5");

    let simulated = serde_json::json!({
        "to": format!("0x{:040x}", contract.num),
        "from": owners[0].evm_address,
        "data": format!("0x{}", hex::encode(data)),
    });
    let (status, body) = net.post("/api/v1/contracts/call", &simulated).await;
    assert_eq!(status, 400);
    let said = &body["_status"]["messages"][0];
    assert_eq!(said["message"], "CONTRACT_REVERT_EXECUTED");
    assert_eq!(said["data"], message);
}

fn dashed(id: &TransactionId) -> String {
    let (seconds, nanos) = (id.valid_start.unix_timestamp(), id.valid_start.nanosecond());
    format!("{}-{seconds}-{nanos:09}", id.account_id)
}

#[tokio::test]
async fn a_transfer_to_a_new_address_opens_an_account_that_gets_its_key_later() {
    let net = Net::real().await;
    let owner = net.owner(1_000).await;
    let client = net.client(&owner);
    let key = PrivateKey::generate_ecdsa();
    let address = key.public_key().to_evm_address().unwrap();
    TransferTransaction::new()
        .hbar_transfer(owner.id(), Hbar::new(-10))
        .hbar_transfer(AccountId::from_evm_address(&address, 0, 0), Hbar::new(10))
        .execute(&client)
        .await
        .unwrap()
        .get_receipt(&client)
        .await
        .unwrap();
    let shown = net.ok(&format!("/api/v1/accounts/{address}")).await;
    assert_eq!(shown["key"], serde_json::Value::Null);
    assert_eq!(shown["max_automatic_token_associations"], -1);

    let id: AccountId = shown["account"].as_str().unwrap().parse().unwrap();
    let pay = |client: Client| async move {
        TransferTransaction::new()
            .hbar_transfer(id, Hbar::from_tinybars(-1))
            .hbar_transfer(AccountId::new(0, 0, 2), Hbar::from_tinybars(1))
            .execute(&client)
            .await
    };
    // Nobody else's signature opens it.
    let refused = pay(net.client_of(id, PrivateKey::generate_ecdsa())).await.unwrap_err();
    let Error::TransactionPreCheckStatus { status, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(status, Status::InvalidSignature);
    pay(net.client_of(id, key.clone())).await.unwrap().get_receipt(&client).await.unwrap();
    let info = AccountInfoQuery::new().account_id(id).execute(&client).await.unwrap();
    assert_eq!(info.key, Key::Single(key.public_key()));
    net.sum_is_the_supply().await;
}
