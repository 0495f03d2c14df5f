//! Transactions that wait for signatures.

use hiero_sdk_proto::services::schedulable_transaction_body::Data as Inner;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{self as proto, ResponseCodeEnum as Code};

use crate::harness::{Net, Owner, transfer};

fn scheduled(transfer: Data, memo: &str) -> Data {
    let Data::CryptoTransfer(transfer) = transfer else { panic!("a transfer") };
    Data::ScheduleCreate(proto::ScheduleCreateTransactionBody {
        scheduled_transaction_body: Some(proto::SchedulableTransactionBody {
            transaction_fee: 100_000_000,
            memo: memo.to_owned(),
            data: Some(Inner::CryptoTransfer(transfer)),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn sign(id: Option<proto::ScheduleId>) -> Data {
    Data::ScheduleSign(proto::ScheduleSignTransactionBody { schedule_id: id })
}

async fn three() -> (Net, Vec<Owner>) {
    let net = Net::manual().await;
    let owners = net.owners(3, 100).await;
    (net, owners)
}

#[tokio::test]
async fn it_is_carried_out_with_the_last_signature_and_not_before() {
    let (net, owners) = three().await;
    let [creator, giver, other] = owners.as_slice() else { panic!("three") };
    let waits = scheduled(transfer(&[(giver.num, -5), (other.num, 5)]), "");
    let (receipt, code) = net.carry_out(creator, waits).await;
    assert_eq!(code, Code::Success);
    let id = receipt.scheduled_transaction_id.clone();
    assert_eq!(net.receipt(id.clone()).await.0, Code::ReceiptNotFound);
    // A signature that nobody waits for changes nothing.
    net.carry_out(other, sign(receipt.schedule_id)).await;
    assert_eq!(net.receipt(id.clone()).await.0, Code::ReceiptNotFound);
    assert_eq!(net.carry_out(giver, sign(receipt.schedule_id)).await.1, Code::Success);
    let (_, done) = net.receipt(id).await;
    assert_eq!(done.unwrap().status(), Code::Success);
    let again = net.carry_out(giver, sign(receipt.schedule_id)).await.1;
    assert_eq!(again, Code::ScheduleAlreadyExecuted);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn the_same_schedule_exists_once_and_its_second_receipt_names_the_first() {
    let (net, owners) = three().await;
    let [creator, giver, other] = owners.as_slice() else { panic!("three") };
    let waits = |memo| scheduled(transfer(&[(giver.num, -5), (other.num, 5)]), memo);
    let (first, _) = net.carry_out(creator, waits("a")).await;
    let (second, code) = net.carry_out(creator, waits("a")).await;
    assert_eq!(code, Code::IdenticalScheduleAlreadyCreated);
    assert_eq!(second.schedule_id, first.schedule_id);
    assert_eq!(second.scheduled_transaction_id, first.scheduled_transaction_id);
    assert_eq!(net.carry_out(creator, waits("b")).await.1, Code::Success);
}
