//! A network under test, and three ways to talk to it: the SDK, bare gRPC, and HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ed25519_dalek::Signer;
use hashbuzz_standin_hedera::{Clock, Config, Running, ThrottleSet, start};
use hiero_sdk::{AccountId, Client, PrivateKey};
use hiero_sdk_proto::services::crypto_service_client::CryptoServiceClient;
use hiero_sdk_proto::services::query::Query as Question;
use hiero_sdk_proto::services::response::Response as Answer;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    self as proto, ResponseCodeEnum as Code, SignatureMap, SignaturePair, SignedTransaction,
    Timestamp, Transaction, TransactionBody, TransactionGetReceiptQuery, TransactionId,
    TransactionReceipt, signature_pair::Signature,
};
use prost::Message;
use serde_json::{Value, json};
use tonic::transport::Channel;

/// 14 November 2023, in seconds: where manual clocks begin.
pub(crate) const EPOCH: i64 = 1_700_000_000;
pub(crate) const HBAR: i64 = 100_000_000;

/// A running network.
pub(crate) struct Net {
    pub(crate) running: Running,
    clock: Option<Arc<AtomicI64>>,
    http: reqwest::Client,
    next_nanos: AtomicI64,
}

/// An account and its ED25519 key, from the portal.
#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) num: i64,
    pub(crate) key: ed25519_dalek::SigningKey,
    pub(crate) der: String,
    pub(crate) evm_address: String,
}

impl Owner {
    pub(crate) fn id(&self) -> AccountId {
        AccountId::new(0, 0, u64::try_from(self.num).unwrap())
    }

    pub(crate) fn sdk_key(&self) -> PrivateKey {
        self.der.parse().unwrap()
    }

    pub(crate) fn public(&self) -> proto::Key {
        let public = self.key.verifying_key().to_bytes().to_vec();
        proto::Key { key: Some(proto::key::Key::Ed25519(public)) }
    }
}

impl Net {
    /// A network on real time whose mirror is not behind.
    pub(crate) async fn real() -> Self {
        Self::with(Config { mirror_lag: Duration::ZERO, ..Config::default() }, None).await
    }

    /// A network whose clock stands still at [`EPOCH`].
    pub(crate) async fn manual() -> Self {
        let micros = Arc::new(AtomicI64::new(EPOCH * 1_000_000));
        let clock = Clock::manual(Arc::clone(&micros));
        Self::with(Config { clock, ..Config::default() }, Some(micros)).await
    }

    /// The same, kept in a file. `later` seconds have passed since [`EPOCH`].
    pub(crate) async fn kept(state: &std::path::Path, later: i64) -> Self {
        let micros = Arc::new(AtomicI64::new((EPOCH + later) * 1_000_000));
        let clock = Clock::manual(Arc::clone(&micros));
        let state = Some(state.to_owned());
        Self::with(Config { clock, state, founders: 3, ..Config::default() }, Some(micros)).await
    }

    /// A network with the limits of the real one.
    pub(crate) async fn throttled() -> Self {
        let micros = Arc::new(AtomicI64::new(EPOCH * 1_000_000));
        let clock = Clock::manual(Arc::clone(&micros));
        let throttles = ThrottleSet::Mainnet;
        Self::with(Config { clock, throttles, ..Config::default() }, Some(micros)).await
    }

    async fn with(config: Config, clock: Option<Arc<AtomicI64>>) -> Self {
        // A second test of the same process finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let running = start(config).await.unwrap();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self { running, clock, http, next_nanos: AtomicI64::new(2_100_000) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap();
        self.clock.as_ref().unwrap().fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) fn now_seconds(&self) -> i64 {
        self.clock.as_ref().unwrap().load(Ordering::SeqCst) / 1_000_000
    }

    // ---- HTTP ----

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("http://{}{path}", self.running.mirror);
        let response = self.http.get(url).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The body of a request that must succeed.
    pub(crate) async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn try_get(&self, path: &str) -> reqwest::Result<u16> {
        let url = format!("http://{}{path}", self.running.mirror);
        Ok(self.http.get(url).send().await?.status().as_u16())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("http://{}{path}", self.running.mirror);
        let response = self.http.post(url).json(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let (status, body) = self.post("/_standin/faults", &fault).await;
        assert_eq!(status, 200, "{body}");
    }

    pub(crate) async fn portal(&self, count: u32, hbar: i64, key: &str) -> Vec<Value> {
        let asked = json!({ "count": count, "balance_tinybar": hbar * HBAR, "key": key });
        let (status, body) = self.post("/_standin/accounts", &asked).await;
        assert_eq!(status, 200, "{body}");
        body.as_array().unwrap().clone()
    }

    pub(crate) async fn owners(&self, count: u32, hbar: i64) -> Vec<Owner> {
        let owner = |value: &Value| {
            let text = |name: &str| value[name].as_str().unwrap().to_owned();
            let raw = hex::decode(text("private_key_raw")).unwrap();
            Owner {
                num: text("account").strip_prefix("0.0.").unwrap().parse().unwrap(),
                key: ed25519_dalek::SigningKey::from_bytes(&raw.try_into().unwrap()),
                der: text("private_key"),
                evm_address: text("evm_address"),
            }
        };
        self.portal(count, hbar, "ed25519").await.iter().map(owner).collect()
    }

    pub(crate) async fn owner(&self, hbar: i64) -> Owner {
        self.owners(1, hbar).await.remove(0)
    }

    // ---- the SDK ----

    pub(crate) fn client(&self, owner: &Owner) -> Client {
        self.client_of(owner.id(), owner.sdk_key())
    }

    pub(crate) fn client_of(&self, id: AccountId, key: PrivateKey) -> Client {
        let node = HashMap::from([(self.running.node.to_string(), AccountId::new(0, 0, 3))]);
        let client = Client::for_network(node).unwrap();
        client.set_operator(id, key);
        client
    }

    // ---- bare gRPC ----

    /// A client with a connection of its own: on a shared one, a request after a cut may be given
    /// to the connection that is just going away.
    pub(crate) fn node(&self) -> CryptoServiceClient<Channel> {
        let channel = Channel::from_shared(format!("http://{}", self.running.node)).unwrap();
        CryptoServiceClient::new(channel.connect_lazy())
    }

    /// A body that every check lets pass; its id is new.
    pub(crate) fn body(&self, payer: &Owner, data: Data) -> TransactionBody {
        let nanos = self.next_nanos.fetch_add(1, Ordering::SeqCst);
        TransactionBody {
            transaction_id: Some(TransactionId {
                transaction_valid_start: Some(Timestamp {
                    seconds: self.now_seconds() - 1,
                    nanos: i32::try_from(nanos).unwrap(),
                }),
                account_id: Some(account(payer.num)),
                scheduled: false,
                nonce: 0,
            }),
            node_account_id: Some(account(3)),
            transaction_fee: 100 * 100_000_000,
            transaction_valid_duration: Some(proto::Duration { seconds: 120 }),
            data: Some(data),
            ..TransactionBody::default()
        }
    }

    pub(crate) async fn send(&self, transaction: &Transaction) -> Code {
        self.try_send(transaction).await.unwrap()
    }

    pub(crate) async fn try_send(&self, transaction: &Transaction) -> Result<Code, tonic::Status> {
        let response = self.node().crypto_transfer(transaction.clone()).await?.into_inner();
        Ok(Code::try_from(response.node_transaction_precheck_code).unwrap())
    }

    /// Sends a transaction that must be accepted, and returns its receipt.
    pub(crate) async fn carry_out(&self, payer: &Owner, data: Data) -> (TransactionReceipt, Code) {
        let body = self.body(payer, data);
        let id = body.transaction_id.clone();
        assert_eq!(self.send(&signed(&body, &[payer])).await, Code::Ok);
        let (header, receipt) = self.receipt(id).await;
        assert_eq!(header, Code::Ok);
        let receipt = receipt.unwrap();
        let code = Code::try_from(receipt.status).unwrap();
        (receipt, code)
    }

    pub(crate) async fn receipt(
        &self,
        id: Option<TransactionId>,
    ) -> (Code, Option<TransactionReceipt>) {
        let query = TransactionGetReceiptQuery { transaction_id: id, ..Default::default() };
        let query = proto::Query { query: Some(Question::TransactionGetReceipt(query)) };
        let response = self.node().get_transaction_receipts(query).await.unwrap().into_inner();
        let Some(Answer::TransactionGetReceipt(response)) = response.response else {
            panic!("not a receipt")
        };
        let code = response.header.unwrap().node_transaction_precheck_code;
        (Code::try_from(code).unwrap(), response.receipt)
    }

    /// Creates a contract from inline bytecode, and returns its number.
    pub(crate) async fn deploy(&self, payer: &Owner, runtime: &str) -> i64 {
        let body = proto::ContractCreateTransactionBody {
            gas: 200_000,
            auto_renew_period: Some(proto::Duration { seconds: 7_776_000 }),
            initcode_source: Some(
                proto::contract_create_transaction_body::InitcodeSource::Initcode(
                    crate::code::deployable(runtime),
                ),
            ),
            ..Default::default()
        };
        let (receipt, code) = self.carry_out(payer, Data::ContractCreateInstance(body)).await;
        assert_eq!(code, Code::Success);
        match receipt.contract_id.unwrap().contract {
            Some(proto::contract_id::Contract::ContractNum(num)) => num,
            other => panic!("{other:?}"),
        }
    }

    /// Calls a contract with whole words as its input.
    pub(crate) async fn call(
        &self,
        payer: &Owner,
        contract: i64,
        amount: i64,
        words: &[[u8; 32]],
    ) -> Code {
        self.carry_out(payer, call(contract, amount, words)).await.1
    }

    pub(crate) async fn sum_is_the_supply(&self) {
        let balances = self.ok("/_standin/balances").await;
        assert_eq!(balances["sum_tinybar"], balances["supply_tinybar"]);
    }
}

pub(crate) fn account(num: i64) -> proto::AccountId {
    proto::AccountId {
        shard_num: 0,
        realm_num: 0,
        account: Some(proto::account_id::Account::AccountNum(num)),
    }
}

pub(crate) fn call(contract: i64, amount: i64, words: &[[u8; 32]]) -> Data {
    Data::ContractCall(proto::ContractCallTransactionBody {
        contract_id: Some(proto::ContractId {
            shard_num: 0,
            realm_num: 0,
            contract: Some(proto::contract_id::Contract::ContractNum(contract)),
        }),
        gas: 200_000,
        amount,
        function_parameters: words.concat(),
    })
}

/// A transfer between numbered accounts.
pub(crate) fn transfer(adjustments: &[(i64, i64)]) -> Data {
    let amount = |&(num, amount): &(i64, i64)| proto::AccountAmount {
        account_id: Some(account(num)),
        amount,
        ..Default::default()
    };
    let account_amounts = adjustments.iter().map(amount).collect();
    Data::CryptoTransfer(proto::CryptoTransferTransactionBody {
        transfers: Some(proto::TransferList { account_amounts }),
        token_transfers: Vec::new(),
    })
}

/// A number, or the low bytes of an address, as a word.
pub(crate) fn word(bytes: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    word[32 - bytes.len()..].copy_from_slice(bytes);
    word
}

pub(crate) fn signed(body: &TransactionBody, signers: &[&Owner]) -> Transaction {
    let body_bytes = body.encode_to_vec();
    let pair = |owner: &&Owner| SignaturePair {
        pub_key_prefix: owner.key.verifying_key().to_bytes().to_vec(),
        signature: Some(Signature::Ed25519(owner.key.sign(&body_bytes).to_vec())),
    };
    let sig_map = Some(SignatureMap { sig_pair: signers.iter().map(pair).collect() });
    let signed = SignedTransaction { body_bytes, sig_map, ..Default::default() };
    Transaction { signed_transaction_bytes: signed.encode_to_vec(), ..Default::default() }
}

/// The id as the mirror writes it.
pub(crate) fn shown(id: &TransactionId) -> String {
    let start = id.transaction_valid_start.as_ref().unwrap();
    let Some(proto::account_id::Account::AccountNum(num)) = id.account_id.as_ref().unwrap().account
    else {
        panic!("no number")
    };
    format!("0.0.{num}-{}-{:09}", start.seconds, start.nanos)
}

impl Net {
    /// Associates an account with tokens.
    pub(crate) async fn associate(&self, owner: &Owner, tokens: &[i64]) {
        let body = proto::TokenAssociateTransactionBody {
            account: Some(account(owner.num)),
            tokens: tokens.iter().map(|token| token_id(*token)).collect(),
        };
        assert_eq!(self.carry_out(owner, Data::TokenAssociate(body)).await.1, Code::Success);
    }

    /// Calls a contract with any bytes and any gas.
    pub(crate) async fn call_with(
        &self,
        payer: &Owner,
        contract: i64,
        gas: i64,
        input: Vec<u8>,
    ) -> Code {
        let Data::ContractCall(mut body) = call(contract, 0, &[]) else { unreachable!() };
        body.gas = gas;
        body.function_parameters = input;
        self.carry_out(payer, Data::ContractCall(body)).await.1
    }
}

pub(crate) fn token_id(num: i64) -> proto::TokenId {
    proto::TokenId { shard_num: 0, realm_num: 0, token_num: num }
}

/// The address of an entity without an alias.
pub(crate) fn address_of(num: i64) -> alloy_sol_types::private::Address {
    alloy_sol_types::private::Address::from_word(word(&num.to_be_bytes()).into())
}

/// Makes a token with two decimals and a supply of 1,000; `change` may ask for more.
pub(crate) async fn token_of(
    net: &Net,
    treasury: &Owner,
    change: impl FnOnce(&mut proto::TokenCreateTransactionBody),
) -> i64 {
    let mut create = proto::TokenCreateTransactionBody {
        name: "Token".to_owned(),
        symbol: "T".to_owned(),
        decimals: 2,
        initial_supply: 1_000,
        treasury: Some(account(treasury.num)),
        admin_key: Some(treasury.public()),
        supply_key: Some(treasury.public()),
        auto_renew_period: Some(proto::Duration { seconds: 7_776_000 }),
        auto_renew_account: Some(account(treasury.num)),
        ..Default::default()
    };
    change(&mut create);
    let (receipt, code) = net.carry_out(treasury, Data::TokenCreation(create)).await;
    assert_eq!(code, Code::Success);
    receipt.token_id.unwrap().token_num
}

/// A transfer of a token between numbered accounts.
pub(crate) fn transfer_tokens(token: i64, adjustments: &[(i64, i64)]) -> Data {
    let Data::CryptoTransfer(hbar) = transfer(adjustments) else { unreachable!() };
    Data::CryptoTransfer(proto::CryptoTransferTransactionBody {
        transfers: None,
        token_transfers: vec![proto::TokenTransferList {
            token: Some(token_id(token)),
            transfers: hbar.transfers.unwrap().account_amounts,
            ..Default::default()
        }],
    })
}
