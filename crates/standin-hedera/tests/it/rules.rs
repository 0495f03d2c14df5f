//! What the node refuses, and with which code.

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    self as proto, ResponseCodeEnum as Code, SignedTransaction, Transaction, TransactionBody,
};
use prost::Message;

use crate::code::FORWARDER;
use crate::harness::{HBAR, Net, Owner, account, call, signed, transfer};

type Spoil = fn(&mut TransactionBody);

#[tokio::test]
async fn each_wrong_body_is_refused_with_its_own_code() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let cases: Vec<(Spoil, Code)> = vec![
        (|body| body.node_account_id = Some(account(4)), Code::InvalidNodeAccount),
        (|body| body.node_account_id = None, Code::InvalidNodeAccount),
        (|body| shift(body, 3), Code::InvalidTransactionStart),
        (|body| shift(body, -110), Code::TransactionExpired),
        (|body| last(body, 14), Code::InvalidTransactionDuration),
        (|body| last(body, 181), Code::InvalidTransactionDuration),
        (|body| body.transaction_valid_duration = None, Code::InvalidTransactionDuration),
        (|body| body.transaction_id = None, Code::InvalidTransactionId),
        (|body| payer_of(body, 999_999), Code::PayerAccountNotFound),
        (|body| payer_of(body, 3), Code::PayerAccountNotFound),
        (|body| id(body).scheduled = true, Code::TransactionIdFieldNotAllowed),
        (|body| id(body).nonce = 1, Code::TransactionIdFieldNotAllowed),
        (|body| body.memo = "é".repeat(51), Code::MemoTooLong),
        (|body| body.memo = "\0".to_owned(), Code::InvalidZeroByteInString),
        (|body| body.transaction_fee = 124_999, Code::InsufficientTxFee),
        (|body| body.data = None, Code::InvalidTransactionBody),
        (|body| body.data = Some(transfer(&[(1001, -5), (2, 4)])), Code::InvalidAccountAmounts),
        (
            |body| body.data = Some(transfer(&[(1001, -5), (2, 4), (2, 1)])),
            Code::AccountRepeatedInAccountAmounts,
        ),
        (
            |body| body.data = Some(transfer(&[(1001, -2000 * HBAR), (2, 2000 * HBAR)])),
            Code::InsufficientPayerBalance,
        ),
        (|body| gas(body, 20_999), Code::InsufficientGas),
        (|body| gas(body, 15_000_001), Code::MaxGasLimitExceeded),
        (|body| gas(body, -1), Code::ContractNegativeGas),
        (
            |body| body.data = Some(Data::Freeze(proto::FreezeTransactionBody::default())),
            Code::NotSupported,
        ),
    ];
    assert_eq!(payer.num, 1001);
    for (spoil, expected) in cases {
        let mut body = net.body(&payer, transfer(&[(1001, -5), (2, 5)]));
        spoil(&mut body);
        assert_eq!(net.send(&signed(&body, &[&payer])).await, expected);
    }
    let counters = net.ok("/_standin/counters").await;
    assert_eq!(counters["transactions"]["CryptoTransfer"], serde_json::Value::Null);
}

fn id(body: &mut TransactionBody) -> &mut proto::TransactionId {
    body.transaction_id.as_mut().unwrap()
}

fn shift(body: &mut TransactionBody, seconds: i64) {
    id(body).transaction_valid_start.as_mut().unwrap().seconds += seconds;
}

fn last(body: &mut TransactionBody, seconds: i64) {
    body.transaction_valid_duration = Some(proto::Duration { seconds });
}

fn payer_of(body: &mut TransactionBody, num: i64) {
    id(body).account_id = Some(account(num));
}

fn gas(body: &mut TransactionBody, gas: i64) {
    let Data::ContractCall(mut inner) = call(1001, 0, &[]) else { unreachable!() };
    inner.gas = gas;
    body.data = Some(Data::ContractCall(inner));
}

#[tokio::test]
async fn a_refused_transaction_does_not_use_up_its_id() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    let mut body = net.body(&payer, transfer(&[(payer.num, -5), (2, 5)]));
    body.transaction_fee = 1;
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::InsufficientTxFee);
    body.transaction_fee = 125_000;
    assert_eq!(net.send(&signed(&body, &[&payer])).await, Code::Ok);
}

#[tokio::test]
async fn the_same_bytes_are_applied_once_and_then_refused_as_a_duplicate() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    let transaction = signed(&net.body(&payer, transfer(&[(payer.num, -5), (2, 5)])), &[&payer]);
    assert_eq!(net.send(&transaction).await, Code::Ok);
    for _ in 0..3 {
        assert_eq!(net.send(&transaction).await, Code::DuplicateTransaction);
    }
    let counters = net.ok("/_standin/counters").await;
    assert_eq!(counters["transactions"]["CryptoTransfer"]["SUCCESS"], 1);
    assert_eq!(counters["submits_seen"], 4);
    assert_eq!(counters["duplicates_refused"], 3);
}

#[tokio::test]
#[expect(deprecated, reason = "the old fields are what is to be refused")]
async fn the_old_fields_are_refused_beside_the_signed_bytes_and_alone() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    let body = net.body(&payer, transfer(&[(payer.num, -5), (2, 5)]));
    let good = signed(&body, &[&payer]);
    let inner = SignedTransaction::decode(good.signed_transaction_bytes.as_slice()).unwrap();

    let mut both = good.clone();
    both.body_bytes = inner.body_bytes.clone();
    both.sig_map = inner.sig_map.clone();
    assert_eq!(net.send(&both).await, Code::InvalidTransaction);
    let mut map_too = good.clone();
    map_too.sig_map = inner.sig_map.clone();
    assert_eq!(net.send(&map_too).await, Code::InvalidTransaction);
    let old = Transaction { signed_transaction_bytes: Vec::new(), ..both };
    assert_eq!(net.send(&old).await, Code::InvalidTransactionBody);
    assert_eq!(net.send(&good).await, Code::Ok);
}

#[tokio::test]
async fn signatures_are_checked() {
    let net = Net::manual().await;
    let [payer, other]: [Owner; 2] = net.owners(2, 10).await.try_into().ok().unwrap();
    let body = net.body(&payer, transfer(&[(payer.num, -5), (2, 5)]));
    assert_eq!(net.send(&signed(&body, &[])).await, Code::InvalidSignature);
    assert_eq!(net.send(&signed(&body, &[&other])).await, Code::InvalidSignature);
    assert_eq!(net.send(&signed(&body, &[&payer, &payer])).await, Code::KeyPrefixMismatch);

    // A signature over other bytes.
    let mut later = body.clone();
    later.memo = "changed".to_owned();
    let mut forged =
        SignedTransaction::decode(signed(&body, &[&payer]).signed_transaction_bytes.as_slice())
            .unwrap();
    forged.body_bytes = later.encode_to_vec();
    let forged =
        Transaction { signed_transaction_bytes: forged.encode_to_vec(), ..Default::default() };
    assert_eq!(net.send(&forged).await, Code::InvalidSignature);

    // Whoever else gives must have signed, but that is found out by consensus, and paid for.
    let gift = transfer(&[(other.num, -5), (payer.num, 5)]);
    let (_, code) = net.carry_out(&payer, gift.clone()).await;
    assert_eq!(code, Code::InvalidSignature);
    let body = net.body(&payer, gift);
    assert_eq!(net.send(&signed(&body, &[&payer, &other])).await, Code::Ok);
    let (_, receipt) = net.receipt(body.transaction_id.clone()).await;
    assert_eq!(receipt.unwrap().status, i32::from(Code::Success));
}

#[tokio::test]
async fn a_transaction_of_more_than_6144_bytes_is_refused() {
    let net = Net::manual().await;
    let payer = net.owner(1_000).await;
    let file = |length: usize| {
        Data::FileCreate(proto::FileCreateTransactionBody {
            expiration_time: Some(proto::Timestamp { seconds: net.now_seconds() + 999, nanos: 0 }),
            keys: Some(proto::KeyList { keys: vec![payer.public()] }),
            contents: vec![0; length],
            ..Default::default()
        })
    };
    let length = |data| signed(&net.body(&payer, data), &[&payer]).signed_transaction_bytes.len();
    let most = 6_144 - (length(file(5_000)) - 5_000);
    let fitting = signed(&net.body(&payer, file(most)), &[&payer]);
    assert_eq!(fitting.signed_transaction_bytes.len(), 6_144);
    assert_eq!(net.send(&fitting).await, Code::Ok);
    let long = signed(&net.body(&payer, file(most + 1)), &[&payer]);
    assert_eq!(net.send(&long).await, Code::TransactionOversize);
}

#[tokio::test]
async fn ten_adjustments_are_allowed_and_eleven_are_not() {
    let net = Net::manual().await;
    let owners = net.owners(11, 10).await;
    let list = |n: usize| -> Vec<(i64, i64)> {
        let others = i64::try_from(n - 1).unwrap();
        let credits = owners[1..n].iter().map(|owner| (owner.num, 1));
        std::iter::once((owners[0].num, -others)).chain(credits).collect()
    };
    assert_eq!(net.carry_out(&owners[0], transfer(&list(10))).await.1, Code::Success);
    let (_, code) = net.carry_out(&owners[0], transfer(&list(11))).await;
    assert_eq!(code, Code::TransferListSizeLimitExceeded);
}

#[tokio::test]
async fn the_payer_must_have_and_offer_the_price_of_all_the_gas_and_pays_what_was_used() {
    let net = Net::manual().await;
    let rich = net.owner(1_000).await;
    let poor = net.owner(1).await;
    let contract = net.deploy(&rich, FORWARDER).await;

    let mut body = net.body(&rich, call(contract, 0, &[]));
    body.transaction_fee = 200_000 * 106 - 1;
    assert_eq!(net.send(&signed(&body, &[&rich])).await, Code::InsufficientTxFee);
    body.transaction_fee += 1;
    assert_eq!(net.send(&signed(&body, &[&rich])).await, Code::Ok);

    let gift = call(contract, HBAR - 200_000 * 106 + 1, &[]);
    let body = net.body(&poor, gift);
    assert_eq!(net.send(&signed(&body, &[&poor])).await, Code::InsufficientPayerBalance);

    net.call(&poor, contract, 0, &[]).await;
    net.advance(std::time::Duration::from_secs(1));
    let results = net.ok(&format!("/api/v1/contracts/{contract}/results?limit=1")).await;
    let used = results["results"][0]["gas_used"].as_i64().unwrap();
    let shown = net.ok(&format!("/api/v1/accounts/0.0.{}", poor.num)).await;
    assert_eq!(shown["balance"]["balance"], HBAR - used * 106);
}
