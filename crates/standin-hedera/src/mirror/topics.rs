//! `/topics` and their messages.

use axum::extract::{Path, Query, State};
use axum::response::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::paging::{Order, Params};
use super::{Answer, Problem};
use crate::entity::{Stamp, TxId, display, parse_num};
use crate::keys;
use crate::network::Shared;
use crate::record::{Handled, Message};

fn num(name: &str) -> Result<i64, Problem> {
    parse_num(name).ok_or_else(|| Problem::invalid("topicId"))
}

/// One topic.
pub(super) async fn one(State(network): State<Shared>, Path(id): Path<String>) -> Answer {
    let num = num(&id)?;
    network.with(|network| {
        let topic = network.mirror.state.topic(num).ok_or_else(Problem::not_found)?;
        let key = |key: &Option<hiero_sdk_proto::services::Key>| {
            let shown = key.as_ref().map(keys::shown);
            shown.map_or(Value::Null, |(kind, text)| json!({ "_type": kind, "key": text }))
        };
        Ok(Json(json!({
            "admin_key": key(&topic.admin),
            "auto_renew_account": topic.auto_renew_account.map(display),
            "auto_renew_period": topic.auto_renew,
            "created_timestamp": topic.created.to_string(),
            "deleted": topic.deleted,
            "fee_schedule_key": key(&topic.fee_schedule),
            "memo": topic.memo,
            "submit_key": key(&topic.submit),
            "timestamp": { "from": topic.created.to_string(), "to": null },
            "topic_id": display(topic.num),
        })))
    })
}

/// The messages of a topic, oldest first unless asked otherwise.
pub(super) async fn messages(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params =
        Params::new(pairs, &["encoding", "limit", "order", "sequencenumber", "timestamp"])?;
    let (limit, order) = (params.limit()?, params.order(Order::Asc)?);
    let (from, to) = params.span()?;
    let num = num(&id)?;
    let (mut low, mut high) = (0, i64::MAX);
    for bound in params.bounds("sequencenumber")? {
        let number = bound.value.parse().map_err(|_| Problem::invalid("sequencenumber"))?;
        let (from, to) = bound.operator.span(number);
        (low, high) = (low.max(from), high.min(to));
    }
    let (rows, last) = network.with(|network| {
        network.mirror.state.topic(num).ok_or_else(Problem::not_found)?;
        let rows = network.mirror.between(from, to).filter_map(|row| {
            let message = row.extra.message.as_ref()?;
            let number = i64::try_from(message.sequence).ok()?;
            (message.topic == num && (low..=high).contains(&number)).then_some((row, message))
        });
        let (page, more) = order.page(rows, limit);
        let last = page.last().filter(|_| more).map(|(row, _)| row.at);
        let rows: Vec<Value> = page.into_iter().map(|(row, message)| shown(row, message)).collect();
        Ok((rows, last))
    })?;
    let next = last.map(|last: Stamp| {
        let cursor = [("timestamp", format!("{}:{last}", order.after(false)))];
        params.next(&format!("/api/v1/topics/{id}/messages"), order, &cursor)
    });
    Ok(Json(json!({ "messages": rows, "links": { "next": next } })))
}

/// One message, by its number.
pub(super) async fn message(
    State(network): State<Shared>,
    Path((id, number)): Path<(String, u64)>,
) -> Answer {
    let num = num(&id)?;
    network.with(|network| {
        let found = network.mirror.all().find_map(|row| {
            let message = row.extra.message.as_ref()?;
            (message.topic == num && message.sequence == number).then_some((row, message))
        });
        let (row, message) = found.ok_or_else(Problem::not_found)?;
        Ok(Json(shown(row, message)))
    })
}

fn shown(row: &Handled, message: &Message) -> Value {
    let chunk = message.chunk.as_ref().map(|chunk| {
        let id = chunk.initial_transaction_id.as_ref().and_then(TxId::from_proto);
        json!({
            "initial_transaction_id": id.map(|id| json!({
                "account_id": display(id.payer),
                "nonce": 0,
                "scheduled": false,
                "transaction_valid_start": id.start.to_string(),
            })),
            "number": chunk.number,
            "total": chunk.total,
        })
    });
    json!({
        "chunk_info": chunk,
        "consensus_timestamp": row.at.to_string(),
        "message": BASE64.encode(&message.contents),
        "payer_account_id": display(row.id.payer),
        "running_hash": BASE64.encode(message.running_hash),
        "running_hash_version": 3,
        "sequence_number": message.sequence,
        "topic_id": display(message.topic),
    })
}
