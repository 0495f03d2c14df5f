//! Tokens as the network has them: association and its slots, KYC, freeze, allowances, fees.

use std::time::Duration;

use hiero_sdk_proto::services::custom_fee::Fee;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{self as proto, ResponseCodeEnum as Code};
use serde_json::{Value, json};

use crate::harness::{Net, Owner, account, token_id, token_of, transfer_tokens};

async fn held(net: &Net, account: i64) -> Value {
    net.advance(Duration::from_secs(1));
    net.ok(&format!("/api/v1/accounts/0.0.{account}/tokens")).await["tokens"].clone()
}

/// Opens an account with automatic slots.
async fn with_slots(net: &Net, payer: &Owner, slots: i32) -> i64 {
    let create = proto::CryptoCreateTransactionBody {
        key: Some(payer.public()),
        auto_renew_period: Some(proto::Duration { seconds: 7_776_000 }),
        max_automatic_token_associations: slots,
        ..Default::default()
    };
    let (receipt, code) = net.carry_out(payer, Data::CryptoCreateAccount(create)).await;
    assert_eq!(code, Code::Success);
    match receipt.account_id.unwrap().account {
        Some(proto::account_id::Account::AccountNum(num)) => num,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_receiver_is_associated_or_has_a_slot() {
    let net = Net::manual().await;
    let treasury = net.owner(10_000).await;
    let (a, b) = (token_of(&net, &treasury, |_| {}).await, token_of(&net, &treasury, |_| {}).await);
    let none = with_slots(&net, &treasury, 0).await;
    let one = with_slots(&net, &treasury, 1).await;
    let any = with_slots(&net, &treasury, -1).await;
    for (receiver, token, expected) in [
        (none, a, Code::TokenNotAssociatedToAccount),
        (one, a, Code::Success),
        (one, b, Code::NoRemainingAutomaticAssociations),
        (any, a, Code::Success),
        (any, b, Code::Success),
    ] {
        let give = transfer_tokens(token, &[(treasury.num, -5), (receiver, 5)]);
        assert_eq!(net.carry_out(&treasury, give).await.1, expected, "{receiver} {token}");
    }
    // Who takes a slot is paid for by whoever sends: a tenth of a cent, and five cents.
    net.advance(Duration::from_secs(1));
    let rows = net.ok("/api/v1/transactions?limit=2&result=success&transactiontype=cryptotransfer");
    let rows = rows.await["transactions"].clone();
    assert_eq!(rows[0]["charged_tx_fee"], 1_250_000 + 62_375_000);
    let rows = held(&net, one).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(rows[0]["automatic_association"], true);
    assert_eq!(rows[0]["balance"], 5);
    let shown = net.ok(&format!("/api/v1/tokens/0.0.{a}/balances?account.id=0.0.{any}")).await;
    assert_eq!(shown["balances"][0]["balance"], 5);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn without_kyc_and_while_frozen_nothing_moves() {
    let net = Net::manual().await;
    let treasury = net.owner(10_000).await;
    let token = token_of(&net, &treasury, |create| {
        create.kyc_key = create.admin_key.clone();
        create.freeze_key = create.admin_key.clone();
    })
    .await;
    let receiver = net.owner(100).await;
    net.associate(&receiver, &[token]).await;
    let give = || transfer_tokens(token, &[(treasury.num, -5), (receiver.num, 5)]);
    let pair = (Some(token_id(token)), Some(account(receiver.num)));
    assert_eq!(net.carry_out(&treasury, give()).await.1, Code::AccountKycNotGrantedForToken);
    let grant = proto::TokenGrantKycTransactionBody { token: pair.0, account: pair.1.clone() };
    assert_eq!(net.carry_out(&treasury, Data::TokenGrantKyc(grant)).await.1, Code::Success);
    assert_eq!(net.carry_out(&treasury, give()).await.1, Code::Success);
    let freeze =
        proto::TokenFreezeAccountTransactionBody { token: pair.0, account: pair.1.clone() };
    // Only who has the key may.
    let refused = net.carry_out(&receiver, Data::TokenFreeze(freeze.clone())).await.1;
    assert_eq!(refused, Code::InvalidSignature);
    assert_eq!(net.carry_out(&treasury, Data::TokenFreeze(freeze)).await.1, Code::Success);
    assert_eq!(net.carry_out(&treasury, give()).await.1, Code::AccountFrozenForToken);
    let rows = held(&net, receiver.num).await;
    assert_eq!(rows[0]["freeze_status"], "FROZEN");
    assert_eq!(rows[0]["kyc_status"], "GRANTED");
    assert_eq!(rows[0]["balance"], 5);
}

#[tokio::test]
async fn an_allowance_is_used_up_by_what_is_taken() {
    let net = Net::manual().await;
    let treasury = net.owner(10_000).await;
    let spender = net.owner(100).await;
    let token = token_of(&net, &treasury, |_| {}).await;
    net.associate(&spender, &[token]).await;
    let approve = proto::CryptoApproveAllowanceTransactionBody {
        token_allowances: vec![proto::TokenAllowance {
            token_id: Some(token_id(token)),
            owner: Some(account(treasury.num)),
            spender: Some(account(spender.num)),
            amount: 8,
        }],
        ..Default::default()
    };
    let done = net.carry_out(&treasury, Data::CryptoApproveAllowance(approve)).await.1;
    assert_eq!(done, Code::Success);
    let take = |amount: i64| {
        let mut data = transfer_tokens(token, &[(treasury.num, -amount), (spender.num, amount)]);
        let Data::CryptoTransfer(body) = &mut data else { unreachable!() };
        body.token_transfers[0].transfers[0].is_approval = true;
        data
    };
    assert_eq!(net.carry_out(&spender, take(5)).await.1, Code::Success);
    assert_eq!(net.carry_out(&spender, take(5)).await.1, Code::AmountExceedsAllowance);
    assert_eq!(net.carry_out(&spender, take(3)).await.1, Code::Success);
    assert_eq!(net.carry_out(&spender, take(1)).await.1, Code::SpenderDoesNotHaveAllowance);
    assert_eq!(held(&net, spender.num).await[0]["balance"], 8);
}

#[tokio::test]
async fn a_fixed_fee_goes_from_the_sender_to_the_collector() {
    let net = Net::manual().await;
    let owners = net.owners(3, 10_000).await;
    let [treasury, sender, receiver] = owners.as_slice() else { panic!("three") };
    let fee = proto::CustomFee {
        fee: Some(Fee::FixedFee(proto::FixedFee { amount: 700, denominating_token_id: None })),
        fee_collector_account_id: Some(account(treasury.num)),
        all_collectors_are_exempt: false,
    };
    let token = token_of(&net, treasury, |create| create.custom_fees = vec![fee]).await;
    net.associate(sender, &[token]).await;
    net.associate(receiver, &[token]).await;
    // The treasury pays no fee; everybody else does.
    let give = transfer_tokens(token, &[(treasury.num, -10), (sender.num, 10)]);
    assert_eq!(net.carry_out(treasury, give).await.1, Code::Success);
    let give = transfer_tokens(token, &[(sender.num, -10), (receiver.num, 10)]);
    assert_eq!(net.carry_out(sender, give).await.1, Code::Success);
    net.advance(Duration::from_secs(1));
    let rows = net.ok("/api/v1/transactions?limit=1").await;
    let transfers = rows["transactions"][0]["transfers"].as_array().unwrap();
    let got = transfers.iter().find(|row| row["account"] == format!("0.0.{}", treasury.num));
    assert_eq!(got.unwrap()["amount"], 700);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn the_mirror_shows_a_token_once_it_has_seen_it() {
    let net = Net::manual().await;
    let treasury = net.owner(10_000).await;
    let token = token_of(&net, &treasury, |_| {}).await;
    let path = format!("/api/v1/tokens/0.0.{token}");
    assert_eq!(net.get(&path).await.0, 404);
    net.advance(Duration::from_secs(1));
    let shown = net.ok(&path).await;
    assert_eq!(shown["symbol"], "T");
    assert_eq!(shown["decimals"], "2");
    assert_eq!(shown["total_supply"], "1000");
    assert_eq!(shown["treasury_account_id"], format!("0.0.{}", treasury.num));
    let list = net.ok(&format!("/api/v1/tokens?account.id=0.0.{}", treasury.num)).await;
    assert_eq!(list["tokens"][0]["token_id"], format!("0.0.{token}"));
    let account = net.ok(&format!("/api/v1/accounts/0.0.{}", treasury.num)).await;
    let expected = json!([{ "token_id": format!("0.0.{token}"), "balance": 1_000 }]);
    assert_eq!(account["balance"]["tokens"], expected);
}
