//! `/blocks`, and what the network charges.

use std::net::SocketAddr;

use axum::extract::{Path, Query, State};
use axum::response::Json;
use serde_json::{Value, json};

use super::history::{History, block_hash};
use super::paging::{Order, Params};
use super::{Answer, Problem};
use crate::entity::{NODE, Stamp, display};
use crate::network::Shared;

/// Blocks, newest first unless asked otherwise. There is one for every two seconds of consensus
/// time, with or without transactions; the newest one is still growing.
pub(super) async fn list(
    State(network): State<Shared>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params = Params::new(pairs, &["block.number", "limit", "order", "timestamp"])?;
    let (limit, order) = (params.limit()?, params.order(Order::Desc)?);
    let (from, to) = params.span()?;
    let (mut low, mut high) = (from.block(), to.block());
    for bound in params.bounds("block.number")? {
        let number = bound.value.parse().map_err(|_| Problem::invalid("block.number"))?;
        let (first, last) = bound.operator.span(number);
        low = low.max(u64::try_from(first).unwrap_or_default());
        high = high.min(u64::try_from(last).unwrap_or_default());
    }
    let (rows, last) = network.with(|network| {
        let history = &network.mirror;
        let (first, newest) = history.blocks().into_inner();
        let (page, more) = order.page(low.max(first)..=high.min(newest), limit);
        let last = page.last().copied().filter(|_| more);
        (page.into_iter().map(|number| shown(history, number)).collect::<Vec<_>>(), last)
    });
    let next = last.map(|last| {
        let cursor = [("block.number", format!("{}:{last}", order.after(false)))];
        params.next("/api/v1/blocks", order, &cursor)
    });
    Ok(Json(json!({ "blocks": rows, "links": { "next": next } })))
}

/// One block.
pub(super) async fn one(State(network): State<Shared>, Path(number): Path<String>) -> Answer {
    let number: u64 = number.parse().map_err(|_| Problem::invalid("hashOrNumber"))?;
    network.with(|network| match network.mirror.blocks().contains(&number) {
        true => Ok(Json(shown(&network.mirror, number))),
        false => Err(Problem::not_found()),
    })
}

fn shown(history: &History, number: u64) -> Value {
    let (from, end) = Stamp::span_of_block(number).unwrap_or_default();
    let to = end.min(history.watermark());
    let runs = history.in_block(number).filter_map(|row| row.run.as_ref());
    json!({
        "count": history.in_block(number).count(),
        "gas_limit": crate::evm::MAX_GAS,
        "gas_used": runs.map(|run| run.gas_used).sum::<u64>(),
        "hapi_version": "0.69.0",
        "hash": block_hash(number),
        "logs_bloom": "0x",
        "name": format!("{}.rcd.gz", from.to_string().replace('.', "_")),
        "number": number,
        "previous_hash": block_hash(number.saturating_sub(1)),
        "size": null,
        "timestamp": { "from": from.to_string(), "to": to.to_string() },
    })
}

/// The price of a HBAR in cents.
pub(super) async fn exchange_rate(State(network): State<Shared>) -> Answer {
    network.with(|network| {
        let at = network.mirror.watermark();
        let rates = network.fees.rates(at);
        let shown = |rate: Option<hiero_sdk_proto::services::ExchangeRate>| {
            rate.map(|rate| {
                json!({
                    "cent_equivalent": rate.cent_equiv,
                    "expiration_time": rate.expiration_time.map(|time| time.seconds),
                    "hbar_equivalent": rate.hbar_equiv,
                })
            })
        };
        Ok(Json(json!({
            "current_rate": shown(rates.current_rate),
            "next_rate": shown(rates.next_rate),
            "timestamp": at.to_string(),
        })))
    })
}

/// The price of gas in tinybars.
pub(super) async fn fees(State(network): State<Shared>) -> Answer {
    network.with(|network| {
        let gas = network.fees.gas_price();
        let kinds = ["ContractCall", "ContractCreate", "EthereumTransaction"];
        let fees = kinds.map(|kind| json!({ "gas": gas, "transaction_type": kind }));
        let at = network.mirror.watermark().to_string();
        Ok(Json(json!({ "fees": fees, "timestamp": at })))
    })
}

/// The address book: one node.
pub(super) fn nodes(node: SocketAddr) -> Json<Value> {
    let endpoint = json!({
        "domain_name": "", "ip_address_v4": node.ip().to_string(), "port": node.port(),
    });
    let row = json!({
        "node_account_id": display(NODE), "node_id": 0, "service_endpoints": [endpoint],
    });
    Json(json!({ "nodes": [row], "links": { "next": null } }))
}
