//! Queries to the node and what they cost.

use hiero_sdk_proto::services::query::Query as Question;
use hiero_sdk_proto::services::response::Response as Answer;
use hiero_sdk_proto::services::{
    self as proto, CryptoGetInfoQuery, CryptoGetInfoResponse, QueryHeader,
    ResponseCodeEnum as Code, ResponseType, Transaction,
};

use crate::harness::{Net, account, signed, transfer};

async fn info(
    net: &Net,
    num: i64,
    kind: ResponseType,
    payment: Option<Transaction>,
) -> (Code, u64, CryptoGetInfoResponse) {
    let query = CryptoGetInfoQuery {
        header: Some(QueryHeader { payment, response_type: kind.into() }),
        account_id: Some(account(num)),
    };
    let query = proto::Query { query: Some(Question::CryptoGetInfo(query)) };
    let response = net.node().get_account_info(query).await.unwrap().into_inner();
    let Some(Answer::CryptoGetInfo(response)) = response.response else { panic!("not an info") };
    let header = response.header.clone().unwrap();
    (Code::try_from(header.node_transaction_precheck_code).unwrap(), header.cost, response)
}

#[tokio::test]
async fn a_paid_query_is_answered_for_its_price_once() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    let (code, cost, response) = info(&net, payer.num, ResponseType::CostAnswer, None).await;
    assert_eq!((code, cost, response.account_info), (Code::Ok, 125_000, None));

    let pay = |amount: i64| {
        let body = net.body(&payer, transfer(&[(payer.num, -amount), (3, amount)]));
        signed(&body, &[&payer])
    };
    let ask = async |payment| info(&net, payer.num, ResponseType::AnswerOnly, payment).await;
    assert_eq!(ask(None).await.0, Code::InsufficientTxFee);
    assert_eq!(ask(Some(pay(124_999))).await.0, Code::InsufficientTxFee);
    let payment = pay(125_000);
    let (code, _, response) = ask(Some(payment.clone())).await;
    assert_eq!(code, Code::Ok);
    assert_eq!(response.account_info.unwrap().balance, 1_000_000_000);
    assert_eq!(ask(Some(payment)).await.0, Code::DuplicateTransaction);

    // The price and the fee of the transfer that paid it.
    let (_, _, after) = ask(Some(pay(125_000))).await;
    assert_eq!(after.account_info.unwrap().balance, 1_000_000_000 - 250_000);
    net.sum_is_the_supply().await;
}

#[tokio::test]
async fn a_question_without_an_answer_is_not_paid_for() {
    let net = Net::manual().await;
    let payer = net.owner(10).await;
    let body = net.body(&payer, transfer(&[(payer.num, -125_000), (3, 125_000)]));
    let payment = Some(signed(&body, &[&payer]));
    let (code, ..) = info(&net, 999_999, ResponseType::AnswerOnly, payment.clone()).await;
    assert_eq!(code, Code::InvalidAccountId);
    let (code, _, response) = info(&net, payer.num, ResponseType::AnswerOnly, payment).await;
    assert_eq!(code, Code::Ok, "the payment was not used up");
    assert_eq!(response.account_info.unwrap().balance, 1_000_000_000);
}
