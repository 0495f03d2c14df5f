//! `/accounts` and `/balances`.

use axum::extract::{Path, Query, State};
use axum::response::Json;
use serde_json::{Value, json};

use super::history::History;
use super::paging::{Order, Params};
use super::{Answer, Problem, hex0x, tokens, transactions};
use crate::entity::{Stamp, display, parse_num};
use crate::keys;
use crate::network::Shared;
use crate::state::Account;

/// One account, with its newest transactions.
pub(super) async fn one(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let known = ["limit", "order", "timestamp", "transactions", "transactiontype"];
    let params = Params::new(pairs, &known)?;
    let limit = params.limit()?;
    network.with(|network| {
        let history = &network.mirror;
        let account = history.account(&id);
        let account = account.ok_or_else(|| Problem::invalid("idOrAliasOrEvmAddress"))?;
        let account = account.ok_or_else(Problem::not_found)?;
        let mut body = shown(account, history.watermark());
        body["balance"]["tokens"] = tokens::balances_of(&history.state, account.num).into();
        let wanted = params.one("transactions") != Some("false");
        let recent = history.all().rev().filter(|row| transactions::concerns(row, account.num));
        let recent: Vec<Value> =
            recent.take(if wanted { limit } else { 0 }).map(transactions::shown).collect();
        body["transactions"] = recent.into();
        body["links"] = json!({ "next": null });
        Ok(Json(body))
    })
}

/// The balances of many accounts.
pub(super) async fn balances(
    State(network): State<Shared>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params = Params::new(pairs, &["account.id", "limit", "order"])?;
    let (limit, order) = (params.limit()?, params.order(Order::Desc)?);
    let (mut low, mut high) = (0, i64::MAX);
    for bound in params.bounds("account.id")? {
        let num = parse_num(&bound.value).ok_or_else(|| Problem::invalid("account.id"))?;
        let (from, to) = bound.operator.span(num);
        (low, high) = (low.max(from), high.min(to));
    }
    let (rows, last, at) = network.with(|network| {
        let history: &History = &network.mirror;
        let accounts = history.state.accounts();
        let accounts = accounts.filter(|account| (low..=high).contains(&account.num));
        let (page, more) = order.page(accounts, limit);
        let last = page.last().filter(|_| more).map(|account| account.num);
        let row = |account: &&Account| {
            json!({
                "account": display(account.num),
                "balance": account.balance,
                "tokens": tokens::balances_of(&history.state, account.num),
            })
        };
        let rows: Vec<Value> = page.iter().map(row).collect();
        (rows, last, history.watermark())
    });
    let next = last.map(|last| {
        let cursor = [("account.id", format!("{}:{}", order.after(false), display(last)))];
        params.next("/api/v1/balances", order, &cursor)
    });
    Ok(Json(json!({ "timestamp": at.to_string(), "balances": rows, "links": { "next": next } })))
}

fn shown(account: &Account, at: Stamp) -> Value {
    let key = account.key.as_ref().map(keys::shown);
    json!({
        "account": display(account.num),
        "alias": null,
        "auto_renew_period": account.auto_renew,
        "balance": { "timestamp": at.to_string(), "balance": account.balance, "tokens": [] },
        "created_timestamp": account.created.to_string(),
        "decline_reward": account.stake.declines_reward,
        "deleted": account.deleted,
        "ethereum_nonce": 0,
        "evm_address": hex0x(account.address),
        "expiry_timestamp": account.expires.to_string(),
        "key": key.map(|(kind, text)| json!({ "_type": kind, "key": text })),
        "max_automatic_token_associations": account.max_associations,
        "memo": account.memo,
        "pending_reward": 0,
        "receiver_sig_required": account.receiver_sig_required,
        "staked_account_id": account.stake.account.map(display),
        "staked_node_id": account.stake.node,
        "stake_period_start": null,
    })
}
