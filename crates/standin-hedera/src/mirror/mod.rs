//! The mirror node: a REST server that knows what consensus did a little while ago.
//!
//! It has a state of its own, fed with each transaction's changes once the lag has passed, so every
//! answer (balances and simulated calls too) is as old as the others. Everything up to the
//! watermark is there and nothing after it; the newest block ends at the watermark, which moves
//! with the clock even when nothing happens.

mod accounts;
mod blocks;
mod contracts;
mod history;
mod logs;
mod paging;
mod simulate;
mod stream;
mod tokens;
mod topics;
mod transactions;

use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::faults::{On, Trouble};
use crate::net::Hangup;
use crate::network::Shared;

pub(crate) use history::History;

/// An answer of the mirror.
type Answer = Result<Json<Value>, Problem>;

/// The mirror's routes.
pub(crate) fn routes(network: &Shared, node: std::net::SocketAddr) -> Router {
    let api = Router::new()
        .route("/transactions", get(transactions::list))
        .route("/transactions/{id}", get(transactions::by_id))
        .route("/accounts/{id}", get(accounts::one))
        .route("/accounts/{id}/tokens", get(tokens::of_account))
        .route("/balances", get(accounts::balances))
        .route("/tokens", get(tokens::list))
        .route("/tokens/{id}", get(tokens::one))
        .route("/tokens/{id}/balances", get(tokens::balances))
        .route("/topics/{id}", get(topics::one))
        .route("/topics/{id}/messages", get(topics::messages))
        .route("/topics/{id}/messages/{number}", get(topics::message))
        .route("/contracts/call", post(simulate::call))
        .route("/contracts/results/{id}", get(contracts::result))
        .route("/contracts/{id}", get(contracts::one))
        .route("/contracts/{id}/results", get(contracts::results))
        .route("/contracts/{id}/results/logs", get(logs::of_contract))
        .route("/blocks", get(blocks::list))
        .route("/blocks/{number}", get(blocks::one))
        .route("/network/exchangerate", get(blocks::exchange_rate))
        .route("/network/fees", get(blocks::fees))
        .route("/network/nodes", get(move || async move { blocks::nodes(node) }))
        .fallback(|| async { Problem::not_found() })
        .with_state(network.clone());
    Router::new()
        .nest("/api/v1", api)
        .merge(stream::routes(network, node))
        .layer(middleware::from_fn_with_state(network.clone(), trouble))
}

/// Lets the script spoil a request.
async fn trouble(State(network): State<Shared>, request: Request, next: Next) -> Response {
    let hangup = request.extensions().get::<ConnectInfo<Hangup>>().map(|info| info.0.clone());
    let hangup = hangup.unwrap_or_default();
    let fault = network.strike(On::Mirror, request.uri().path());
    match fault.as_ref().map(|fault| fault.kind) {
        Some(Trouble::Status503 | Trouble::Busy | Trouble::PlatformNotActive) => {
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
                .into_response();
        }
        Some(Trouble::DropBeforeApply) => {
            hangup.cut();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        _ => {}
    }
    let response = next.run(request).await;
    match fault {
        Some(fault) if fault.kind == Trouble::DelayMs => {
            network.clock.pass(Duration::from_millis(fault.ms)).await;
        }
        Some(fault) if fault.kind == Trouble::DropAfterApply => hangup.cut(),
        _ => {}
    }
    response
}

/// An error in the mirror's own form.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    message: String,
    detail: Option<String>,
    data: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), detail: None, data: None }
    }

    fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found")
    }

    fn invalid(parameter: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("Invalid parameter: {parameter}"))
    }

    fn with(mut self, detail: String, data: String) -> Self {
        (self.detail, self.data) = (Some(detail), Some(data));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut message = json!({ "message": self.message });
        if let Some(detail) = self.detail {
            message["detail"] = detail.into();
        }
        if let Some(data) = self.data {
            message["data"] = data.into();
        }
        (self.status, Json(json!({ "_status": { "messages": [message] } }))).into_response()
    }
}

/// Bytes as the mirror shows them.
fn hex0x(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}
