//! `/contracts` and the results of their runs.

use axum::extract::{Path, Query, State};
use axum::response::Json;
use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use serde_json::{Value, json};

use super::history::{History, block_hash};
use super::paging::{Order, Params};
use super::{Answer, Problem, hex0x, logs};
use crate::entity::{TxId, display};
use crate::evm::CHAIN_ID;
use crate::keys;
use crate::network::Shared;
use crate::record::{Handled, Run};
use crate::state::{Account, Contract};

/// The contract that a path names.
pub(super) fn named<'a>(
    history: &'a History,
    name: &str,
) -> Result<(&'a Account, &'a Contract), Problem> {
    let account = history.account(name).ok_or_else(|| Problem::invalid("contractId"))?;
    let found = account.and_then(|account| Some((account, account.contract.as_ref()?)));
    found.ok_or_else(Problem::not_found)
}

/// One contract.
pub(super) async fn one(State(network): State<Shared>, Path(id): Path<String>) -> Answer {
    network.with(|network| {
        let (account, contract) = named(&network.mirror, &id)?;
        let key = account.key.as_ref().map(keys::shown);
        Ok(Json(json!({
            "admin_key": key.map(|(kind, text)| json!({ "_type": kind, "key": text })),
            "auto_renew_account": account.auto_renew_account.map(display),
            "auto_renew_period": account.auto_renew,
            "bytecode": hex0x(&contract.init_code),
            "contract_id": display(account.num),
            "created_timestamp": account.created.to_string(),
            "deleted": account.deleted,
            "evm_address": hex0x(account.address),
            "expiration_timestamp": account.expires.to_string(),
            "file_id": contract.file.map(display),
            "max_automatic_token_associations": account.max_associations,
            "memo": account.memo,
            "nonce": contract.nonce,
            "obtainer_id": null,
            "permanent_removal": null,
            "proxy_account_id": null,
            "runtime_bytecode": hex0x(contract.code.original_byte_slice()),
            "timestamp": { "from": account.created.to_string(), "to": null },
        })))
    })
}

/// The runs of one contract, newest first unless asked otherwise.
pub(super) async fn results(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params = Params::new(pairs, &["limit", "order", "timestamp"])?;
    let (limit, order) = (params.limit()?, params.order(Order::Desc)?);
    let (from, to) = params.span()?;
    let (rows, last) = network.with(|network| {
        let history = &network.mirror;
        let num = named(history, &id)?.0.num;
        let runs = history
            .between(from, to)
            .filter_map(|row| row.run.as_ref().map(|run| (row, run)))
            .filter(|(_, run)| run.contract == Some(num));
        let (page, more) = order.page(runs, limit);
        let last = page.last().filter(|_| more).map(|(row, _)| row.at);
        let rows: Vec<Value> = page.iter().map(|(row, run)| shown(history, row, run)).collect();
        Ok((rows, last))
    })?;
    let next = last.map(|last| {
        let cursor = [("timestamp", format!("{}:{last}", order.after(false)))];
        params.next(&format!("/api/v1/contracts/{id}/results"), order, &cursor)
    });
    Ok(Json(json!({ "results": rows, "links": { "next": next } })))
}

/// One run in full, by its transaction's id or hash.
pub(super) async fn result(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params = Params::new(pairs, &["nonce"])?;
    let nonce = params.one("nonce").unwrap_or("0").parse::<u32>();
    // A call's own contract calls have no transactions, hence no nonces, of their own.
    let nonce = nonce.map_err(|_| Problem::invalid("nonce"))?;
    let invalid = || Problem::invalid("transactionIdOrHash");
    network.with(|network| {
        let history = &network.mirror;
        let row = if let Some(id) = TxId::parse(&id) {
            history.by_id(&id).find(|row| row.code != Code::DuplicateTransaction)
        } else {
            let hash = hex::decode(id.strip_prefix("0x").unwrap_or(&id)).map_err(|_| invalid())?;
            if !matches!(hash.len(), 32 | 48) {
                return Err(invalid());
            }
            history.all().find(|row| row.hash.starts_with(&hash))
        };
        let row = row.filter(|_| nonce == 0);
        let found = row.and_then(|row| Some((row, row.run.as_ref()?)));
        let (row, run) = found.ok_or_else(Problem::not_found)?;
        let mut body = shown(history, row, run);
        let events = run.logs.iter().enumerate();
        body["logs"] = events.map(|(i, event)| logs::brief(i, event)).collect::<Vec<_>>().into();
        body["state_changes"] = json!([]);
        body["failed_initcode"] = match run.creates && run.error.is_some() {
            true => hex0x(&run.input).into(),
            false => Value::Null,
        };
        Ok(Json(body))
    })
}

fn shown(history: &History, row: &Handled, run: &Run) -> Value {
    let block = row.at.block();
    let succeeded = row.code == Code::Success;
    let gas_in_block: u64 =
        history.in_block(block).filter_map(|row| row.run.as_ref()).map(|run| run.gas_used).sum();
    json!({
        "access_list": "0x",
        "address": run.address.map(hex0x),
        "amount": run.amount,
        "block_gas_used": gas_in_block,
        "block_hash": block_hash(block),
        "block_number": block,
        "bloom": "0x",
        "call_result": hex0x(&run.output),
        "chain_id": format!("{CHAIN_ID:#x}"),
        "contract_id": run.contract.map(display),
        "created_contract_ids": run.born.iter().copied().map(display).collect::<Vec<_>>(),
        "error_message": run.error,
        "from": hex0x(run.from),
        "function_parameters": hex0x(if run.creates { &[][..] } else { &run.input[..] }),
        "gas_consumed": run.gas_used,
        "gas_limit": run.gas_limit,
        "gas_price": "0x",
        "gas_used": run.gas_used,
        "hash": hex0x(row.hash),
        "max_fee_per_gas": null,
        "max_priority_fee_per_gas": null,
        "nonce": null,
        "r": null,
        "result": row.code.as_str_name(),
        "s": null,
        "status": if succeeded { "0x1" } else { "0x0" },
        "timestamp": row.at.to_string(),
        "to": run.address.map(hex0x),
        "transaction_index": history.index_in_block(row),
        "type": null,
        "v": null,
    })
}
