//! What following a campaign costs at the network: estimated before it is funded, recorded when its
//! owner publishes it, and compared with what was spent.

use hashbuzz_db::DbError;
use hashbuzz_domain::campaign::Reward;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_social::{Expected, Forecast};
use serde::Serialize;

use super::Campaign;
use super::publish_second_content::announcement;
use crate::budget::{spent_on, usd};
use crate::{App, stored};

/// Of a quest nobody says how many will answer.
const QUEST: u64 = 1_000;
/// As many as a campaign may expect.
const MOST: u64 = 1_000_000;
/// Posts that end the thread: the announcement and the last word.
const CLOSING: usize = 2;

/// The network's part of a campaign's view.
#[derive(Serialize)]
pub(super) struct NetworkView {
    /// The estimate is for so many people, each engaging in every kind.
    assumed_participants: u64,
    estimated_usd: String,
    /// The estimate as its owner saw it when they published.
    accepted_usd: Option<String>,
    spent_usd: String,
    calls: Vec<CallsView>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct CallsView {
    endpoint: &'static str,
    requests: u64,
    at_close: u64,
    usd: String,
    app_window: u64,
    profile_window: u64,
    window_seconds: i64,
}

/// As many people as the budget pays in full.
fn participants(campaign: &Campaign) -> u64 {
    match &campaign.draft.reward {
        Reward::Awareness(rates) => {
            let each: u64 = Kind::ALL.iter().map(|kind| rates.of(*kind)).sum();
            campaign.draft.budget.units().checked_div(each).unwrap_or(QUEST).clamp(1, MOST)
        }
        Reward::Quest(_) => QUEST,
    }
}

/// What it will take.
pub(super) fn forecast(app: &App, campaign: &Campaign) -> Forecast {
    let mut texts =
        vec![campaign.draft.content().0, announcement(campaign, &app.settings.join_url)];
    let watched = texts.len();
    texts.extend(std::iter::repeat_n(String::new(), CLOSING));
    app.network.forecast(&Expected {
        texts: &texts,
        watched,
        kinds: &campaign.draft.collected(),
        participants: participants(campaign),
        duration: campaign.draft.duration,
        sweep_every: app.settings.sweep_every,
    })
}

/// The estimate, what was accepted, what was spent.
pub(super) async fn network_view(app: &App, campaign: &Campaign) -> Result<NetworkView, DbError> {
    let forecast = forecast(app, campaign);
    let calls = forecast.calls.iter().map(|calls| CallsView {
        endpoint: calls.endpoint,
        requests: calls.requests,
        at_close: calls.at_close,
        usd: usd(stored::units(calls.micros)),
        app_window: calls.app_window,
        profile_window: calls.profile_window,
        window_seconds: calls.window.secs(),
    });
    Ok(NetworkView {
        assumed_participants: participants(campaign),
        estimated_usd: usd(stored::units(forecast.micros)),
        accepted_usd: campaign.network_micros.map(usd),
        spent_usd: usd(spent_on(&app.db, &campaign.key()).await?),
        calls: calls.collect(),
        warnings: forecast.warnings,
    })
}
