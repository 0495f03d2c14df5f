//! Queries to the consensus node.
//!
//! Receipts and balances are free. Everything else is first asked for its price and then sent with
//! a transfer that pays the node, which is checked like any transaction and carried out when the
//! question has an answer.

mod entities;

use hiero_sdk_proto::services::crypto_get_account_balance_query::BalanceSource;
use hiero_sdk_proto::services::query::Query as Question;
use hiero_sdk_proto::services::response::Response as Answer;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    ConsensusGetTopicInfoResponse, ContractCallLocalQuery, ContractCallLocalResponse,
    ContractGetInfoResponse, CryptoGetAccountBalanceQuery, CryptoGetAccountBalanceResponse,
    CryptoGetAccountRecordsResponse, CryptoGetInfoResponse, FileGetContentsResponse,
    FileGetInfoResponse, NetworkGetVersionInfoResponse, Query, QueryHeader, Response,
    ResponseCodeEnum as Code, ResponseHeader, ResponseType, ScheduleGetInfoResponse,
    SemanticVersion, TokenBalance, TokenGetInfoResponse, TokenGetNftInfoResponse, Transaction,
    TransactionGetReceiptQuery, TransactionGetReceiptResponse, TransactionGetRecordQuery,
    TransactionGetRecordResponse, TransactionReceipt,
};

use super::transaction::{Parsed, asked_id};
use super::{contract, crypto};
use crate::entity::{NODE, account_id, token_id};
use crate::evm::{INTRINSIC_GAS, MAX_GAS};
use crate::network::Network;
use crate::state::{Draft, Holding};

/// The version that this network claims to be.
const VERSION: SemanticVersion =
    SemanticVersion { major: 0, minor: 69, patch: 0, pre: String::new(), build: String::new() };

/// Answers a query; `None` when it is of a kind that this network does not know.
pub(crate) fn answer(network: &mut Network, query: Query) -> Option<Response> {
    let response = match query.query? {
        Question::TransactionGetReceipt(q) => receipt(network, &q),
        Question::CryptogetAccountBalance(q) => balance(network, &q),
        Question::TransactionGetRecord(q) => record(network, &q),
        Question::NetworkGetVersionInfo(q) => version(network, q.header.as_ref()),
        Question::ContractCallLocal(q) => call_local(network, &q),
        question => entities::answer(network, question)?,
    };
    Some(Response { response: Some(response) })
}

/// Answers a query with nothing but a code, as a node does that is busy.
pub(crate) fn refuse(query: &Query, code: Code) -> Option<Response> {
    macro_rules! bare {
        ($question:expr, $($kind:ident $answer:ident)*) => {
            match $question {
                $(Question::$kind(_) => Answer::$kind($answer {
                    header: Some(header(code, 0)),
                    ..Default::default()
                }),)*
                _ => return None,
            }
        };
    }
    let response = bare! { query.query.as_ref()?,
        TransactionGetReceipt TransactionGetReceiptResponse
        CryptogetAccountBalance CryptoGetAccountBalanceResponse
        TransactionGetRecord TransactionGetRecordResponse
        CryptoGetInfo CryptoGetInfoResponse
        CryptoGetAccountRecords CryptoGetAccountRecordsResponse
        NetworkGetVersionInfo NetworkGetVersionInfoResponse
        ContractCallLocal ContractCallLocalResponse
        ContractGetInfo ContractGetInfoResponse
        FileGetContents FileGetContentsResponse
        FileGetInfo FileGetInfoResponse
        TokenGetInfo TokenGetInfoResponse
        TokenGetNftInfo TokenGetNftInfoResponse
        ConsensusGetTopicInfo ConsensusGetTopicInfoResponse
        ScheduleGetInfo ScheduleGetInfoResponse
    };
    Some(Response { response: Some(response) })
}

fn header(code: Code, cost: i64) -> ResponseHeader {
    ResponseHeader {
        node_transaction_precheck_code: code.into(),
        cost: u64::try_from(cost).unwrap_or_default(),
        ..ResponseHeader::default()
    }
}

fn receipt(network: &Network, query: &TransactionGetReceiptQuery) -> Answer {
    let (code, receipt) = match asked_id(query.transaction_id.as_ref()) {
        Err(code) => (code, None),
        Ok(id) => match network.outcome(&id) {
            None => (Code::ReceiptNotFound, None),
            Some(None) => {
                let status = Code::Unknown.into();
                (Code::Ok, Some(TransactionReceipt { status, ..Default::default() }))
            }
            Some(Some(handled)) => (Code::Ok, Some(handled.receipt(&network.fees))),
        },
    };
    Answer::TransactionGetReceipt(TransactionGetReceiptResponse {
        header: Some(header(code, 0)),
        receipt,
        ..Default::default()
    })
}

#[expect(deprecated, reason = "the SDKs still read the token balances")]
fn balance(network: &Network, query: &CryptoGetAccountBalanceQuery) -> Answer {
    let draft = Draft::new(&network.state);
    let account = match &query.balance_source {
        Some(BalanceSource::AccountId(id)) => crypto::find(&draft, id),
        Some(BalanceSource::ContractId(id)) => contract::find(&draft, Some(id)),
        None => Err(Code::InvalidAccountId),
    };
    let account = account.and_then(|account| match account.deleted {
        true => Err(Code::AccountDeleted),
        false => Ok(account),
    });
    Answer::CryptogetAccountBalance(CryptoGetAccountBalanceResponse {
        header: Some(header(account.as_ref().err().copied().unwrap_or(Code::Ok), 0)),
        account_id: account.as_ref().ok().map(|account| account_id(account.num)),
        token_balances: account.as_ref().map_or_else(
            |_| Vec::new(),
            |account| {
                let held = draft.holdings_of(account.num).into_iter();
                held.filter_map(|(num, holding)| token_balance(&draft, num, holding)).collect()
            },
        ),
        balance: account.map_or(0, |account| u64::try_from(account.balance).unwrap_or_default()),
    })
}

fn token_balance(draft: &Draft<'_>, num: i64, holding: &Holding) -> Option<TokenBalance> {
    let token = draft.token(num)?;
    Some(TokenBalance {
        token_id: Some(token_id(num)),
        balance: u64::try_from(holding.balance).unwrap_or_default(),
        decimals: token.decimals,
    })
}

/// What a paid query comes to.
type Paid<T> = (ResponseHeader, Option<T>);

/// The course of every paid query: the price on request, otherwise the answer for the payment.
fn paid<T>(
    network: &mut Network,
    asked: Option<&QueryHeader>,
    cost: i64,
    find: impl FnOnce(&Network) -> Result<(Code, T), Code>,
) -> Paid<T> {
    let asks = asked.map_or(0, |header| header.response_type);
    // The JavaScript SDK reads from the header whether it has been given a price or an answer.
    let header = |code, cost| ResponseHeader { response_type: asks, ..header(code, cost) };
    if asks == i32::from(ResponseType::CostAnswer) {
        // What cannot be answered has no price. A record may still come.
        return match find(network) {
            Err(code) if code != Code::RecordNotFound => (header(code, 0), None),
            _ => (header(Code::Ok, cost), None),
        };
    }
    if asks != i32::from(ResponseType::AnswerOnly) {
        return (header(Code::NotSupported, 0), None);
    }
    let checked = check_payment(network, asked.and_then(|header| header.payment.as_ref()), cost);
    let found = checked.and_then(|payment| find(network).map(|found| (payment, found)));
    match found {
        Err(code) => (header(code, cost), None),
        Ok((payment, (code, found))) => {
            network.accept(payment, None);
            (header(code, cost), Some(found))
        }
    }
}

/// The payment must be a transfer that is in order and gives the node what the query costs.
fn check_payment(
    network: &Network,
    payment: Option<&Transaction>,
    cost: i64,
) -> Result<Parsed, Code> {
    let payment = Parsed::read(payment.ok_or(Code::InsufficientTxFee)?)?;
    let Data::CryptoTransfer(transfer) = &payment.data else {
        return Err(Code::InsufficientTxFee);
    };
    network.check(&payment)?;
    let node = account_id(NODE);
    let adjustments = transfer.transfers.as_ref().map(|list| list.account_amounts.as_slice());
    let to_node = adjustments
        .unwrap_or_default()
        .iter()
        .filter(|adjustment| adjustment.account_id.as_ref() == Some(&node))
        .fold(0_i64, |sum, adjustment| sum.saturating_add(adjustment.amount));
    if to_node < cost { Err(Code::InsufficientTxFee) } else { Ok(payment) }
}

fn record(network: &mut Network, query: &TransactionGetRecordQuery) -> Answer {
    let cost = network.fees.query();
    let (header, transaction_record) = paid(network, query.header.as_ref(), cost, |network| {
        let id = asked_id(query.transaction_id.as_ref())?;
        let handled = network.outcome(&id).flatten().ok_or(Code::RecordNotFound)?;
        Ok((Code::Ok, handled.record(&network.fees)))
    });
    Answer::TransactionGetRecord(TransactionGetRecordResponse {
        header: Some(header),
        transaction_record,
        ..Default::default()
    })
}

fn version(network: &mut Network, asked: Option<&QueryHeader>) -> Answer {
    let cost = network.fees.query();
    let (header, found) = paid(network, asked, cost, |_| Ok((Code::Ok, VERSION)));
    Answer::NetworkGetVersionInfo(NetworkGetVersionInfoResponse {
        header: Some(header),
        hapi_proto_version: found.clone(),
        hedera_services_version: found,
    })
}

fn call_local(network: &mut Network, query: &ContractCallLocalQuery) -> Answer {
    let gas = u64::try_from(query.gas).unwrap_or_default();
    let cost = network.fees.gas(gas.min(MAX_GAS)) + network.fees.query();
    let payer = query
        .header
        .as_ref()
        .and_then(|header| header.payment.as_ref())
        .and_then(|payment| Parsed::read(payment).ok())
        .map(|payment| payment.id.payer);
    let (header, function_result) = paid(network, query.header.as_ref(), cost, |network| {
        match gas {
            ..INTRINSIC_GAS => return Err(Code::InsufficientGas),
            INTRINSIC_GAS..=MAX_GAS => {}
            _ => return Err(Code::MaxGasLimitExceeded),
        }
        let draft = Draft::new(&network.state);
        let callee = contract::callee(&draft, query.contract_id.as_ref())?;
        let sender = match &query.sender_id {
            Some(id) => crypto::find(&draft, id)?,
            // A price is asked for without a payment, so by nobody in particular.
            None => draft.account(payer.unwrap_or(NODE)).ok_or(Code::InvalidAccountId)?,
        };
        let input = query.function_parameters.clone().into();
        let at = network.now();
        let world = (at, &network.fees);
        let (run, result) = contract::call_local(&draft, world, callee, sender.address, input, gas);
        let code = result.err().map_or(Code::Ok, |failure| failure.code());
        tracing::debug!(contract = callee.0, code = code.as_str_name(), "local call");
        Ok((code, run.result(sender.num)))
    });
    Answer::ContractCallLocal(ContractCallLocalResponse { header: Some(header), function_result })
}
