//! What paying everybody will take, told before the first batch, and what it took, told after the last.

use hashbuzz_db::DbError;
use hashbuzz_domain::{Amount, Asset, CampaignId};

use super::payees::Payees;
use super::store::Paid;
use crate::App;
use crate::budget::usd;
use crate::stored::count;

/// What it will take to pay everybody who has a wallet now, in words. Prices that cannot be read hold
/// nobody's money back.
pub(super) async fn planned(app: &App, campaign: CampaignId) -> Result<String, DbError> {
    let (mut recipients, mut payees) = (0, Payees::of(campaign));
    while let Some(page) = payees.next(app).await? {
        recipients += page.len();
    }
    let plan = app.ledger.plan_payout(recipients);
    let words = format!("{recipients} people in {}", transactions(count(plan.transactions)));
    let cost = match app.ledger.prices().await {
        Ok(prices) => {
            let fee = plan.gas.saturating_mul(prices.gas_tinybar);
            format!("about {}", worth(fee, prices.usd_micros(fee)))
        }
        Err(error) => format!("and fees that are not known ({error})"),
    };
    Ok(format!("{words}, {cost}"))
}

/// What it took so far, in words.
pub(super) async fn took(app: &App, paid: &Paid) -> String {
    let prices = app.ledger.prices().await.ok();
    let usd = prices.and_then(|prices| prices.usd_micros(paid.fees));
    format!("{}, {}", transactions(paid.transactions), worth(paid.fees, usd))
}

fn transactions(count: i64) -> String {
    if count == 1 { "1 transaction".to_owned() } else { format!("{count} transactions") }
}

fn worth(tinybar: u64, usd_micros: Option<u64>) -> String {
    let dollars = usd_micros.and_then(|micros| i64::try_from(micros).ok());
    let dollars = dollars.map(|micros| format!(" (${})", usd(micros))).unwrap_or_default();
    format!("{} in fees{dollars}", Amount::new(tinybar, Asset::Hbar))
}
