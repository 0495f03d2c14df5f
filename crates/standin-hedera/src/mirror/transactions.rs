//! `/transactions`.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use serde_json::{Value, json};

use super::paging::{Order, Params};
use super::{Answer, Problem};
use crate::entity::{NODE, TxId, display, parse_num};
use crate::network::Shared;
use crate::record::Handled;
use crate::state::{NftTransfer, TokenTransfer};

/// One transaction and its copies.
pub(super) async fn by_id(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params = Params::new(pairs, &["nonce", "scheduled"])?;
    let id = TxId::parse(&id).ok_or_else(|| {
        let message = "Invalid Transaction id. Please use \"shard.realm.num-sss-nnn\" format \
                       where sss are seconds and nnn are nanoseconds";
        Problem::new(StatusCode::BAD_REQUEST, message)
    })?;
    let nonce = params.one("nonce").map(str::parse::<u32>).transpose();
    let nonce = nonce.map_err(|_| Problem::invalid("nonce"))?.unwrap_or(0);
    let scheduled = match params.one("scheduled") {
        None => None,
        Some("false") => Some(false),
        Some("true") => Some(true),
        Some(_) => return Err(Problem::invalid("scheduled")),
    };
    // There are no child transactions with a nonce here.
    let wanted = nonce == 0;
    let ids = [false, true].map(|scheduled| TxId { scheduled, ..id });
    let ids = ids.iter().filter(|id| scheduled.is_none_or(|wanted| wanted == id.scheduled));
    let found: Vec<Value> = network.with(|network| {
        ids.flat_map(|id| network.mirror.by_id(id)).filter(|_| wanted).map(shown).collect()
    });
    if found.is_empty() {
        return Err(Problem::not_found());
    }
    Ok(Json(json!({ "transactions": found })))
}

/// Transactions, newest first unless asked otherwise.
pub(super) async fn list(
    State(network): State<Shared>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let known = ["account.id", "limit", "order", "result", "timestamp", "transactiontype"];
    let params = Params::new(pairs, &known)?;
    let (limit, order) = (params.limit()?, params.order(Order::Desc)?);
    let (from, to) = params.span()?;
    let account = params.one("account.id").map(|text| {
        parse_num(text.strip_prefix("eq:").unwrap_or(text))
            .ok_or_else(|| Problem::invalid("account.id"))
    });
    let account = account.transpose()?;
    let succeeded = match params.one("result") {
        None => None,
        Some("success") => Some(true),
        Some("fail") => Some(false),
        Some(_) => return Err(Problem::invalid("result")),
    };
    let kind = params.one("transactiontype").map(str::to_ascii_uppercase);
    let page = network.with(|network| {
        let rows = network.mirror.between(from, to).filter(|row| {
            account.is_none_or(|account| concerns(row, account))
                && succeeded.is_none_or(|wanted| wanted == (row.code == Code::Success))
                && kind.as_deref().is_none_or(|kind| kind == row.kind.mirror_name())
        });
        let (rows, more) = order.page(rows, limit);
        let last = rows.last().filter(|_| more).map(|row| row.at);
        (rows.into_iter().map(shown).collect::<Vec<_>>(), last)
    });
    let next = page.1.map(|last| {
        let cursor = [("timestamp", format!("{}:{last}", order.after(false)))];
        params.next("/api/v1/transactions", order, &cursor)
    });
    Ok(Json(json!({ "transactions": page.0, "links": { "next": next } })))
}

pub(super) fn concerns(row: &Handled, account: i64) -> bool {
    row.id.payer == account
        || row.transfers.iter().any(|(num, _)| *num == account)
        || row.token_transfers.iter().any(|change| change.account == account)
}

/// A transaction as the mirror shows it.
pub(super) fn shown(row: &Handled) -> Value {
    let transfer = |(num, amount): &(i64, i64)| json!({ "account": display(*num), "amount": amount, "is_approval": false });
    let token = |change: &TokenTransfer| {
        json!({
            "token_id": display(change.token),
            "account": display(change.account),
            "amount": change.amount,
            "is_approval": false,
        })
    };
    let piece = |piece: &NftTransfer| {
        json!({
            "token_id": display(piece.token),
            "serial_number": piece.serial,
            "sender_account_id": piece.from.map(display),
            "receiver_account_id": piece.to.map(display),
            "is_approval": false,
        })
    };
    json!({
        "batch_key": null,
        "bytes": null,
        "charged_tx_fee": row.fee,
        "consensus_timestamp": row.at.to_string(),
        "entity_id": row.entity.map(display),
        "max_custom_fees": [],
        "max_fee": row.max_fee.to_string(),
        "memo_base64": BASE64.encode(&row.memo),
        "name": row.kind.mirror_name(),
        "nft_transfers": row.nft_transfers.iter().map(piece).collect::<Vec<_>>(),
        "node": display(NODE),
        "nonce": 0,
        "parent_consensus_timestamp": null,
        "result": row.code.as_str_name(),
        "scheduled": row.id.scheduled,
        "staking_reward_transfers": [],
        "token_transfers": row.token_transfers.iter().map(token).collect::<Vec<_>>(),
        "transaction_hash": BASE64.encode(row.hash),
        "transaction_id": row.id.to_string(),
        "transfers": row.transfers.iter().map(transfer).collect::<Vec<_>>(),
        "valid_duration_seconds": row.duration.to_string(),
        "valid_start_timestamp": row.id.start.to_string(),
    })
}
