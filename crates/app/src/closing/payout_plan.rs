//! What paying everybody will take, told before the first batch, and what it took, told after the last.

use hashbuzz_db::DbError;
use hashbuzz_domain::{Amount, Asset, CampaignId};
use hashbuzz_outbox::Failure;

use super::store;
use crate::budget::usd;
use crate::stored::count;
use crate::{App, account};

/// Lines looked at at a time.
const PAGE: i64 = 500;

/// What it will take to pay everybody who has a wallet now, in words. Prices that cannot be read hold
/// nobody's money back.
pub(super) async fn planned(app: &App, campaign: CampaignId) -> Result<String, Failure> {
    let recipients = with_wallet(app, campaign).await?;
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
pub(super) async fn took(app: &App, campaign: CampaignId) -> Result<String, DbError> {
    let taken = store::taken(&app.db, campaign).await?;
    let prices = app.ledger.prices().await.ok();
    let usd = prices.and_then(|prices| prices.usd_micros(taken.fees));
    Ok(format!("{}, {}", transactions(taken.transactions), worth(taken.fees, usd)))
}

fn transactions(count: i64) -> String {
    if count == 1 { "1 transaction".to_owned() } else { format!("{count} transactions") }
}

fn worth(tinybar: u64, usd_micros: Option<u64>) -> String {
    let dollars = usd_micros.and_then(|micros| i64::try_from(micros).ok());
    let dollars = dollars.map(|micros| format!(" (${})", usd(micros))).unwrap_or_default();
    format!("{} in fees{dollars}", Amount::new(tinybar, Asset::Hbar))
}

/// Unpaid lines whose people have a wallet.
async fn with_wallet(app: &App, campaign: CampaignId) -> Result<usize, DbError> {
    let (mut found, mut position) = (0, 0);
    loop {
        let page = store::unpaid(&app.db, campaign, position, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        position = i64::from(last.position) + 1;
        let profiles: Vec<_> = page.into_iter().map(|line| line.profile).collect();
        found += account::wallets_of(&app.db, app.network.name(), &profiles).await?.len();
    }
}
