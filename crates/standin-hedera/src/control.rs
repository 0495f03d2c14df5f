//! `/_standin/`: the routes that no real network has. They open accounts, write the script of
//! faults, show the counters and move a manual clock.

use std::time::Duration;

use axum::Router;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::founders;
use crate::keys::Pair;
use crate::network::Shared;
use crate::state::SUPPLY;

/// The most accounts that one request may open.
const MAX_ACCOUNTS: u32 = 1_000;

/// Why a control request was refused.
type Refusal = (StatusCode, &'static str);

/// The control routes.
pub(crate) fn routes(network: &Shared) -> Router {
    Router::new()
        .route("/_standin/accounts", post(open_accounts))
        .route("/_standin/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/_standin/counters", get(counters))
        .route("/_standin/balances", get(balances))
        .route("/_standin/clock", get(clock).post(advance))
        .route("/_standin/mirror", post(mirror))
        .with_state(network.clone())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accounts {
    count: u32,
    balance_tinybar: i64,
    #[serde(default)]
    key: KeyKind,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KeyKind {
    #[default]
    Ed25519,
    Ecdsa,
}

async fn open_accounts(
    State(network): State<Shared>,
    Json(asked): Json<Accounts>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let all = asked.balance_tinybar.checked_mul(asked.count.into());
    if asked.count > MAX_ACCOUNTS || asked.balance_tinybar < 0 || all.is_none() {
        return Err((StatusCode::BAD_REQUEST, "count or balance_tinybar is out of range"));
    }
    let open = |_| {
        let make = |random: &mut _| match asked.key {
            KeyKind::Ed25519 => Pair::ed25519(random),
            KeyKind::Ecdsa => Pair::ecdsa(random),
        };
        let opened =
            network.with(|network| network.open_account(asked.balance_tinybar, false, make));
        let (account, pair) =
            opened.map_err(|_| (StatusCode::BAD_REQUEST, "the treasury is empty"))?;
        Ok(founders::shown(&account, &pair))
    };
    (0..asked.count).map(open).collect::<Result<Vec<_>, _>>().map(Json)
}

/// One fault, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Script {
    Many(Vec<Fault>),
    One(Fault),
}

async fn add_faults(State(network): State<Shared>, Json(script): Json<Script>) -> Json<Value> {
    let script = match script {
        Script::Many(script) => script,
        Script::One(fault) => vec![fault],
    };
    network.with(|network| network.faults.add(script));
    faults(State(network)).await
}

async fn clear_faults(State(network): State<Shared>) -> Json<Value> {
    network.with(|network| network.faults.clear());
    faults(State(network)).await
}

async fn faults(State(network): State<Shared>) -> Json<Value> {
    network.with(|network| {
        let faults = &network.faults;
        Json(json!({ "waiting": faults.script(), "fired": faults.fired() }))
    })
}

async fn counters(State(network): State<Shared>) -> Json<Value> {
    network.with(|network| {
        let mut counters = json!(network.counters);
        counters["faults_fired"] = network.faults.fired().into();
        Json(counters)
    })
}

/// The sum of all balances on the node, and what it must be.
async fn balances(State(network): State<Shared>) -> Json<Value> {
    network.with(|network| {
        let total = i64::try_from(network.state.total()).unwrap_or(i64::MAX);
        Json(json!({ "sum_tinybar": total, "supply_tinybar": SUPPLY }))
    })
}

async fn clock(State(network): State<Shared>) -> Json<Value> {
    Json(json!({ "now_micros": network.clock.now_micros() }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

async fn advance(
    State(network): State<Shared>,
    Json(asked): Json<Advance>,
) -> Result<Json<Value>, Refusal> {
    if !network.clock.advance(Duration::from_millis(asked.advance_ms)) {
        return Err((StatusCode::CONFLICT, "the clock is the machine's"));
    }
    Ok(clock(State(network)).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    lag_ms: u64,
}

async fn mirror(State(network): State<Shared>, Json(asked): Json<Mirror>) -> Json<Value> {
    network.with(|network| network.set_mirror_lag(Duration::from_millis(asked.lag_ms)));
    Json(json!({ "lag_ms": asked.lag_ms }))
}
