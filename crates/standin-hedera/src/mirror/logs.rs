//! `/contracts/{id}/results/logs`.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Json;
use revm::primitives::B256;
use serde_json::{Value, json};

use super::contracts::named;
use super::history::{History, block_hash};
use super::paging::{Operator, Order, Params};
use super::{Answer, Problem, hex0x};
use crate::entity::{Stamp, display};
use crate::network::Shared;
use crate::record::{Event, Handled};

/// The longest span of time in which topics may be searched.
const WEEK_SECONDS: i64 = 7 * 24 * 3600;

/// An event with where it happened.
type Entry<'a> = (&'a Handled, usize, &'a Event);

/// The place of an event: its time, and its index at that time.
type Place = (Stamp, usize);

/// The events of one contract, newest first unless asked otherwise.
pub(super) async fn of_contract(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let known = ["index", "limit", "order", "timestamp", "topic0", "topic1", "topic2", "topic3"];
    let params = Params::new(pairs, &known)?;
    let (limit, order) = (params.limit()?, params.order(Order::Desc)?);
    let (from, to) = params.span()?;
    let (first, last) = index_span(&params, order, from, to)?;
    let topics = topics(&params)?;
    if topics.iter().any(|values| !values.is_empty()) {
        check_week(&params, from, to)?;
    }
    let (rows, last) = network.with(|network| {
        let history = &network.mirror;
        let num = named(history, &id)?.0.num;
        let entries = history
            .between(from, to)
            .filter_map(|row| row.run.as_ref().map(|run| (row, run)))
            .flat_map(|(row, run)| run.logs.iter().enumerate().map(move |(i, e)| (row, i, e)))
            .filter(|(row, i, event)| {
                event.contract == num
                    && (row.at, *i) >= first
                    && (row.at, *i) <= last
                    && matches(event, &topics)
            });
        let (page, more) = order.page(entries, limit);
        let last = page.last().filter(|_| more).map(|(row, index, _)| (row.at, *index));
        let rows: Vec<Value> = page.iter().map(|entry| shown(history, entry)).collect();
        Ok((rows, last))
    })?;
    let next = last.map(|(at, index)| {
        let cursor = [
            ("timestamp", format!("{}:{at}", order.after(true))),
            ("index", format!("{}:{index}", order.after(false))),
        ];
        params.next(&format!("/api/v1/contracts/{id}/results/logs"), order, &cursor)
    });
    Ok(Json(json!({ "logs": rows, "links": { "next": next } })))
}

/// Where in the earliest (or, for a descending list, the latest) transaction the page begins: the
/// `index` parameter only ever narrows that one.
fn index_span(
    params: &Params,
    order: Order,
    from: Stamp,
    to: Stamp,
) -> Result<(Place, Place), Problem> {
    let (mut first, mut last) = ((from, 0), (to, usize::MAX));
    // An index has a meaning only beside a bound that includes its transaction.
    let including = match order {
        Order::Asc => Operator::Gte,
        Order::Desc => Operator::Lte,
    };
    let anchored = params.compares("timestamp", &[Operator::Eq, including])?;
    for bound in params.bounds("index")? {
        if !anchored {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "Unsupported combination"));
        }
        let index: i64 = bound.value.parse().map_err(|_| Problem::invalid("index"))?;
        let (low, high) = bound.operator.span(index);
        let wide = |index: i64| usize::try_from(index).unwrap_or(usize::MAX);
        // `lt:0` leaves nothing of the transaction at the end of the span.
        match order {
            Order::Asc => first = (from, wide(low)),
            Order::Desc if high < 0 => last = (Stamp(to.0 - 1), usize::MAX),
            Order::Desc => last = (to, wide(high)),
        }
    }
    Ok((first, last))
}

/// Topics may only be searched within a week: the mirror wants an exact time, or both bounds.
fn check_week(params: &Params, from: Stamp, to: Stamp) -> Result<(), Problem> {
    use Operator::{Eq, Gt, Gte, Lt, Lte};
    let exact = params.compares("timestamp", &[Eq])?;
    let bounded =
        params.compares("timestamp", &[Gt, Gte])? && params.compares("timestamp", &[Lt, Lte])?;
    let why = match (exact || bounded, from <= to && to < from.plus_seconds(WEEK_SECONDS)) {
        (true, true) => return Ok(()),
        (false, _) => "No timestamp range or eq operator provided",
        (true, false) => {
            "Timestamp range by the lower and upper bounds must be positive and within 7d"
        }
    };
    let message = format!("Cannot search topics without a valid timestamp range: {why}");
    Err(Problem::new(StatusCode::BAD_REQUEST, message))
}

/// The values asked of each topic; several values of one topic are alternatives.
fn topics(params: &Params) -> Result<[Vec<B256>; 4], Problem> {
    let mut wanted = [const { Vec::new() }; 4];
    for (i, wanted) in wanted.iter_mut().enumerate() {
        let name = format!("topic{i}");
        for text in params.all(&name) {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            if digits.is_empty() || digits.len() > 64 {
                return Err(Problem::invalid(&name));
            }
            let bytes = hex::decode(format!("{digits:0>64}"));
            let bytes = bytes.map_err(|_| Problem::invalid(&name))?;
            wanted.push(B256::from_slice(&bytes));
        }
    }
    Ok(wanted)
}

fn matches(event: &Event, wanted: &[Vec<B256>; 4]) -> bool {
    let fits = |(i, wanted): (usize, &Vec<B256>)| {
        wanted.is_empty() || event.topics.get(i).is_some_and(|topic| wanted.contains(topic))
    };
    wanted.iter().enumerate().all(fits)
}

/// An event as part of a run.
pub(super) fn brief(index: usize, event: &Event) -> Value {
    json!({
        "address": hex0x(event.address),
        "bloom": "0x",
        "contract_id": display(event.contract),
        "data": hex0x(&event.data),
        "index": index,
        "topics": event.topics.iter().map(hex0x).collect::<Vec<_>>(),
    })
}

fn shown(history: &History, (row, index, event): &Entry<'_>) -> Value {
    let mut body = brief(*index, event);
    let block = row.at.block();
    let root = row.run.as_ref().and_then(|run| run.contract);
    body["block_hash"] = block_hash(block).into();
    body["block_number"] = block.into();
    body["root_contract_id"] = root.map(display).into();
    body["timestamp"] = row.at.to_string().into();
    body["transaction_hash"] = hex0x(row.hash).into();
    body["transaction_index"] = history.index_in_block(row).into();
    body
}
