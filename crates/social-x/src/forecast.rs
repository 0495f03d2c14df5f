//! What following a campaign to its end takes at X: requests by endpoint, money, and what X will
//! not show. An upper bound: everybody who is expected engages in every kind, with the first post.

use hashbuzz_domain::Span;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_social::{Calls, Expected, Forecast};

use crate::endpoint::{PAGE, create_post, liking_users, posts, quote_tweets, retweeted_by, search};
use crate::rates::{Billed, Rate, WINDOW};
use crate::settings::Prices;

/// How often the counts are looked at: every so many parts of a campaign's age. See the pace of
/// tracking; only the order of magnitude matters here, since what is read twice a day is billed
/// once.
const LOOKS: u64 = 60;

pub(crate) fn forecast(campaign: &Expected<'_>, prices: &Prices) -> Forecast {
    let days = days(campaign.duration);
    let watched = campaign.watched as u64;
    let people = campaign.participants;
    let sweeps = sweeps(campaign);
    let mut calls = Vec::new();

    let texts = campaign.texts.iter();
    let micros = texts.map(|text| create_post::billed(text).price(prices)).sum();
    let made = campaign.texts.len() as u64;
    calls.push(line(&create_post::RATE, made, made.saturating_sub(watched), micros));

    let counted = watched * (days + 1);
    let requests = (LOOKS * watched).div_ceil(posts::IDS as u64);
    calls.push(line(&posts::RATE, requests, 1, counted * Billed::Post.price(prices)));

    let listed = |kind| campaign.kinds.contains(&kind);
    // Read once as they come and once more at the end, which may be on another day.
    let readings = if sweeps > 0 { 2 } else { 1 };
    let mut add = |rate: &'static Rate, lists: u64, rows: u64| {
        if lists > 0 {
            let last = lists + rows.div_ceil(PAGE);
            let requests = lists * sweeps + rows.div_ceil(PAGE) * (readings - 1) + last;
            let micros = rows * readings * rate.billed.price(prices);
            calls.push(line(rate, requests, last, micros));
        }
    };
    if campaign.duration < search::WINDOW {
        let kinds = [Kind::Reply, Kind::Quote, Kind::Repost].into_iter().filter(|k| listed(*k));
        let kinds = kinds.count() as u64;
        add(&search::RATE, kinds.min(1), kinds * people);
    } else {
        add(&search::RATE, u64::from(listed(Kind::Reply)) * watched, people);
        add(&quote_tweets::RATE, u64::from(listed(Kind::Quote)) * watched, people);
        add(&retweeted_by::RATE, u64::from(listed(Kind::Repost)) * watched, people);
    }
    if listed(Kind::Like) {
        add(&liking_users::RATE, watched, people.min(liking_users::EVER_SHOWN));
    }
    let micros = calls.iter().map(|calls| calls.micros).sum();
    Forecast { calls, micros, warnings: warnings(campaign) }
}

fn line(rate: &'static Rate, requests: u64, at_close: u64, micros: u64) -> Calls {
    let (app_window, profile_window) = (rate.app, rate.profile);
    Calls {
        endpoint: rate.name,
        requests,
        at_close,
        micros,
        app_window,
        profile_window,
        window: WINDOW,
    }
}

fn days(duration: Span) -> u64 {
    u64::try_from(duration.secs().div_euclid(86_400)).unwrap_or(0) + 1
}

/// Walks while it runs, at most.
fn sweeps(campaign: &Expected<'_>) -> u64 {
    let every = campaign.sweep_every.secs().max(1);
    u64::try_from(campaign.duration.secs().div_euclid(every)).unwrap_or(0)
}

fn warnings(campaign: &Expected<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if campaign.kinds.contains(&Kind::Like) && campaign.participants > liking_users::EVER_SHOWN {
        warnings.push(format!(
            "X shows at most {} of the people who like a post, ever: likes beyond these are \
             counted by X and cannot be paid",
            liking_users::EVER_SHOWN
        ));
    }
    let searched = |kind| campaign.kinds.contains(kind);
    if campaign.duration >= search::WINDOW
        && [Kind::Reply, Kind::Quote, Kind::Repost].iter().any(searched)
    {
        warnings.push(
            "X's search reaches back 7 days: a reply that is older at the close counts as it was \
             last seen, even if it was deleted since"
                .to_owned(),
        );
    }
    warnings
}
