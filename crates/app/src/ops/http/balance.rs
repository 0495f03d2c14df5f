//! `GET /v2/balance`: what the caller has in the escrow.

use axum::Json;
use axum::extract::State;
use hashbuzz_domain::{Amount, Asset};
use serde::Serialize;

use crate::App;
use crate::http::{Problem, Signed};
use crate::treasury::available;

#[derive(Serialize)]
pub(crate) struct Balance {
    asset: String,
    free: String,
    allowance: String,
    max_fee_bps: u16,
    reserved: String,
    available: String,
}

/// What the caller has in the escrow, as the ledger says, and what of it is promised to campaigns.
pub(crate) async fn balance(
    State(app): State<App>,
    signed: Signed,
) -> Result<Json<Balance>, Problem> {
    let available = available(&app, signed.0.account).await?;
    let text = |units| Amount::new(units, Asset::Hbar).to_decimal();
    Ok(Json(Balance {
        asset: Asset::Hbar.to_string(),
        free: text(available.funds.free),
        allowance: text(available.funds.allowance),
        max_fee_bps: available.funds.max_fee_bps,
        reserved: text(available.reserved),
        available: text(available.units()),
    }))
}
