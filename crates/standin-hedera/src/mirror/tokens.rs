//! `/tokens` and what accounts hold.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::response::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hiero_sdk_proto::services::Key;
use hiero_sdk_proto::services::custom_fee::Fee;
use serde_json::{Value, json};

use super::paging::{Order, Params};
use super::{Answer, Problem};
use crate::entity::{account_num, display, long_zero_num, parse_address, parse_num, token_num};
use crate::keys;
use crate::network::Shared;
use crate::state::{State as Ledger, Token};

/// The token that a path names: by number or by its long-zero address.
fn named<'a>(ledger: &'a Ledger, name: &str) -> Result<&'a Token, Problem> {
    let address = parse_address(name).filter(|_| name.len() >= 40);
    let num = address.map_or_else(|| parse_num(name), |address| long_zero_num(&address));
    let num = num.ok_or_else(|| Problem::invalid("tokenId"))?;
    ledger.token(num).ok_or_else(Problem::not_found)
}

/// One token.
pub(super) async fn one(State(network): State<Shared>, Path(id): Path<String>) -> Answer {
    network.with(|network| Ok(Json(shown(named(&network.mirror.state, &id)?))))
}

/// Tokens, oldest first unless asked otherwise.
pub(super) async fn list(
    State(network): State<Shared>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let known = ["account.id", "limit", "name", "order", "token.id", "type"];
    let params = Params::new(pairs, &known)?;
    let (limit, order) = (params.limit()?, params.order(Order::Asc)?);
    let (low, high) = span(&params, "token.id")?;
    let account = params.one("account.id").map(|text| {
        parse_num(text.strip_prefix("eq:").unwrap_or(text))
            .ok_or_else(|| Problem::invalid("account.id"))
    });
    let account = account.transpose()?;
    let (name, kind) = (params.one("name"), params.one("type").map(str::to_ascii_uppercase));
    let (rows, last) = network.with(|network| {
        let ledger = &network.mirror.state;
        let tokens = ledger.tokens().filter(|token| {
            (low..=high).contains(&token.num)
                && account.is_none_or(|account| ledger.holding(account, token.num).is_some())
                && name.is_none_or(|name| token.name.contains(name))
                && kind.as_deref().is_none_or(|kind| kind == kind_of(token))
        });
        let (page, more) = order.page(tokens, limit);
        let last = page.last().filter(|_| more).map(|token| token.num);
        (page.into_iter().map(brief).collect::<Vec<_>>(), last)
    });
    let next = last.map(|last| {
        let cursor = [("token.id", format!("{}:{}", order.after(false), display(last)))];
        params.next("/api/v1/tokens", order, &cursor)
    });
    Ok(Json(json!({ "tokens": rows, "links": { "next": next } })))
}

/// The associations of an account, by token.
pub(super) async fn of_account(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params = Params::new(pairs, &["limit", "order", "token.id"])?;
    let (limit, order) = (params.limit()?, params.order(Order::Asc)?);
    let (low, high) = span(&params, "token.id")?;
    let (rows, last) = network.with(|network| {
        let ledger = &network.mirror.state;
        let account = network.mirror.account(&id);
        let account = account.ok_or_else(|| Problem::invalid("idOrAliasOrEvmAddress"))?;
        let account = account.ok_or_else(Problem::not_found)?;
        let held = ledger.holdings_of(account.num);
        let held = held.filter(|(token, _)| (low..=high).contains(token));
        let (page, more) = order.page(held, limit);
        let last = page.last().filter(|_| more).map(|(token, _)| *token);
        let rows = page.into_iter().filter_map(|(num, holding)| {
            let token = ledger.token(num)?;
            let freeze = match (&token.keys.freeze, holding.frozen) {
                (None, _) => "NOT_APPLICABLE",
                (Some(_), true) => "FROZEN",
                (Some(_), false) => "UNFROZEN",
            };
            let kyc = match (&token.keys.kyc, holding.kyc) {
                (None, _) => "NOT_APPLICABLE",
                (Some(_), true) => "GRANTED",
                (Some(_), false) => "REVOKED",
            };
            Some(json!({
                "automatic_association": holding.automatic,
                "balance": holding.balance,
                "created_timestamp": holding.created.to_string(),
                "decimals": token.decimals,
                "freeze_status": freeze,
                "kyc_status": kyc,
                "token_id": display(num),
            }))
        });
        Ok((rows.collect::<Vec<_>>(), last))
    })?;
    let next = last.map(|last| {
        let cursor = [("token.id", format!("{}:{}", order.after(false), display(last)))];
        params.next(&format!("/api/v1/accounts/{id}/tokens"), order, &cursor)
    });
    Ok(Json(json!({ "tokens": rows, "links": { "next": next } })))
}

/// Who holds how much of a token.
pub(super) async fn balances(
    State(network): State<Shared>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let params = Params::new(pairs, &["account.id", "limit", "order"])?;
    let (limit, order) = (params.limit()?, params.order(Order::Desc)?);
    let (low, high) = span(&params, "account.id")?;
    let (rows, last, at) = network.with(|network| {
        let token = named(&network.mirror.state, &id)?;
        let (num, decimals) = (token.num, token.decimals);
        let holders: BTreeMap<i64, i64> = network
            .mirror
            .state
            .holders_of(num)
            .filter(|(account, _)| (low..=high).contains(account))
            .map(|(account, holding)| (account, holding.balance))
            .collect();
        let (page, more) = order.page(holders.into_iter(), limit);
        let last = page.last().filter(|_| more).map(|(account, _)| *account);
        let row = |(account, balance)| {
            json!({ "account": display(account), "balance": balance, "decimals": decimals })
        };
        let rows: Vec<Value> = page.into_iter().map(row).collect();
        Ok((rows, last, network.mirror.watermark()))
    })?;
    let next = last.map(|last| {
        let cursor = [("account.id", format!("{}:{}", order.after(false), display(last)))];
        params.next(&format!("/api/v1/tokens/{id}/balances"), order, &cursor)
    });
    Ok(Json(json!({ "timestamp": at.to_string(), "balances": rows, "links": { "next": next } })))
}

/// The balances of an account, as they stand beside its HBAR.
pub(super) fn balances_of(ledger: &Ledger, account: i64) -> Vec<Value> {
    let row = |(token, holding): (i64, &crate::state::Holding)| json!({ "token_id": display(token), "balance": holding.balance });
    ledger.holdings_of(account).map(row).collect()
}

fn span(params: &Params, name: &str) -> Result<(i64, i64), Problem> {
    let (mut low, mut high) = (0, i64::MAX);
    for bound in params.bounds(name)? {
        let num = parse_num(&bound.value).ok_or_else(|| Problem::invalid(name))?;
        let (from, to) = bound.operator.span(num);
        (low, high) = (low.max(from), high.min(to));
    }
    Ok((low, high))
}

fn kind_of(token: &Token) -> &'static str {
    if token.unique { "NON_FUNGIBLE_UNIQUE" } else { "FUNGIBLE_COMMON" }
}

fn key(key: &Option<Key>) -> Value {
    let shown = key.as_ref().map(keys::shown);
    shown.map_or(Value::Null, |(kind, text)| json!({ "_type": kind, "key": text }))
}

fn brief(token: &Token) -> Value {
    json!({
        "admin_key": key(&token.keys.admin),
        "decimals": token.decimals,
        "metadata": BASE64.encode(&token.metadata),
        "name": token.name,
        "symbol": token.symbol,
        "token_id": display(token.num),
        "type": kind_of(token),
    })
}

fn shown(token: &Token) -> Value {
    let keys = &token.keys;
    let pause = match (&keys.pause, token.paused) {
        (None, _) => "NOT_APPLICABLE",
        (Some(_), true) => "PAUSED",
        (Some(_), false) => "UNPAUSED",
    };
    json!({
        "admin_key": key(&keys.admin),
        "auto_renew_account": token.auto_renew_account.map(display),
        "auto_renew_period": token.auto_renew,
        "created_timestamp": token.created.to_string(),
        "custom_fees": fees(token),
        "decimals": token.decimals.to_string(),
        "deleted": token.deleted,
        "expiry_timestamp": token.expires.0,
        "fee_schedule_key": key(&keys.fee_schedule),
        "freeze_default": token.freeze_default,
        "freeze_key": key(&keys.freeze),
        "initial_supply": null,
        "kyc_key": key(&keys.kyc),
        "max_supply": token.max_supply.to_string(),
        "memo": token.memo,
        "metadata": BASE64.encode(&token.metadata),
        "metadata_key": key(&keys.metadata),
        "modified_timestamp": null,
        "name": token.name,
        "pause_key": key(&keys.pause),
        "pause_status": pause,
        "supply_key": key(&keys.supply),
        "supply_type": if token.max_supply > 0 { "FINITE" } else { "INFINITE" },
        "symbol": token.symbol,
        "token_id": display(token.num),
        "total_supply": token.supply.to_string(),
        "treasury_account_id": display(token.treasury),
        "type": kind_of(token),
        "wipe_key": key(&keys.wipe),
    })
}

fn fees(token: &Token) -> Value {
    let (mut fixed, mut fractional, mut royalty) = (Vec::new(), Vec::new(), Vec::new());
    for fee in &token.fees {
        let collector = account_num(fee.fee_collector_account_id.as_ref()).map(display);
        let exempt = fee.all_collectors_are_exempt;
        match &fee.fee {
            Some(Fee::FixedFee(fee)) => fixed.push(json!({
                "all_collectors_are_exempt": exempt,
                "amount": fee.amount,
                "collector_account_id": collector,
                "denominating_token_id": token_num(fee.denominating_token_id).map(display),
            })),
            Some(Fee::FractionalFee(fee)) => {
                let amount = fee.fractional_amount.unwrap_or_default();
                fractional.push(json!({
                    "all_collectors_are_exempt": exempt,
                    "amount": { "numerator": amount.numerator, "denominator": amount.denominator },
                    "collector_account_id": collector,
                    "denominating_token_id": display(token.num),
                    "maximum": (fee.maximum_amount > 0).then_some(fee.maximum_amount),
                    "minimum": fee.minimum_amount,
                    "net_of_transfers": fee.net_of_transfers,
                }));
            }
            Some(Fee::RoyaltyFee(fee)) => {
                let amount = fee.exchange_value_fraction.unwrap_or_default();
                let fallback = fee.fallback_fee.map(|fee| {
                    let paid_in = token_num(fee.denominating_token_id).map(display);
                    json!({ "amount": fee.amount, "denominating_token_id": paid_in })
                });
                royalty.push(json!({
                    "all_collectors_are_exempt": exempt,
                    "amount": { "numerator": amount.numerator, "denominator": amount.denominator },
                    "collector_account_id": collector,
                    "fallback_fee": fallback,
                }));
            }
            None => {}
        }
    }
    let mut fees = json!({
        "created_timestamp": token.created.to_string(),
        "fixed_fees": fixed,
    });
    match token.unique {
        true => fees["royalty_fees"] = royalty.into(),
        false => fees["fractional_fees"] = fractional.into(),
    }
    fees
}
