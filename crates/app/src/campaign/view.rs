//! A campaign as the API shows it.

use hashbuzz_domain::campaign::{Reward, State, Step, seed_name};
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{Amount, Time};
use serde::Serialize;

use super::errors::what_to_do;
use super::http::{owns, rfc3339};
use super::network_cost::{NetworkView, network_view};
use super::{Campaign, store};
use crate::account::Role;
use crate::http::{Problem, Signed};
use crate::media::{self, MediumView};
use crate::{App, closing, treasury};

/// One campaign. Amounts are decimal text in `asset`, times RFC 3339.
#[derive(Serialize)]
pub(crate) struct CampaignView {
    id: String,
    name: String,
    kind: &'static str,
    state: &'static str,
    seed_state: &'static str,
    stalled: Option<StalledView>,
    reject_reason: Option<String>,
    owner: String,
    version: i64,
    asset: String,
    budget: String,
    fee: String,
    text: String,
    content: String,
    media: Vec<MediumView>,
    rates: Option<RatesView>,
    options: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correct: Option<usize>,
    duration_seconds: i64,
    claim_window_seconds: i64,
    posts: Vec<PostView>,
    steps: Vec<StepView>,
    created_at: String,
    starts_at: Option<String>,
    closes_at: Option<String>,
    closed_at: Option<String>,
    claim_until: Option<String>,
    money: MoneyView,
    totals: TotalsView,
    network: NetworkView,
}

#[derive(Serialize)]
struct StalledView {
    origin: &'static str,
    step: &'static str,
    reason: Option<String>,
    what_to_do: &'static str,
}

#[derive(Serialize)]
struct RatesView {
    like: String,
    repost: String,
    quote: String,
    reply: String,
}

#[derive(Serialize)]
struct PostView {
    step: &'static str,
    id: String,
    url: String,
}

#[derive(Serialize)]
struct StepView {
    step: String,
    state: String,
    detail: String,
    at: String,
}

#[derive(Serialize)]
struct MoneyView {
    funded: String,
    fee: String,
    paid: String,
    refunded: String,
    held: String,
}

#[derive(Serialize)]
struct TotalsView {
    participants: i64,
    eligible: i64,
    excluded: i64,
    allocated: String,
    paid: i64,
}

/// The campaign as `signed` may see it: the right answer of a quest is hidden from everybody but
/// its owner and reviewers until it closes.
pub(super) async fn view(
    app: &App,
    signed: &Signed,
    campaign: &Campaign,
) -> Result<CampaignView, Problem> {
    let draft = &campaign.draft;
    let asset = draft.budget.asset();
    let text = |units: u64| Amount::new(units, asset).to_decimal();
    let at = |time: Option<Time>| time.map(|time| rfc3339(time.micros()));
    let knows =
        owns(signed, campaign) || signed.0.is(Role::Reviewer) || campaign.closed_at.is_some();
    let (kind, rates, options, correct) = match &draft.reward {
        Reward::Awareness(rates) => {
            let rate = |kind| text(rates.of(kind));
            let rates = RatesView {
                like: rate(Kind::Like),
                repost: rate(Kind::Repost),
                quote: rate(Kind::Quote),
                reply: rate(Kind::Reply),
            };
            ("awareness", Some(rates), None, None)
        }
        Reward::Quest(quest) => {
            let correct = knows.then(|| quest.correct().position());
            ("quest", None, Some(quest.options().to_vec()), correct)
        }
    };
    Ok(CampaignView {
        id: campaign.key(),
        name: draft.name.clone(),
        kind,
        state: campaign.state.as_str(),
        seed_state: seed_name(campaign.state),
        stalled: stalled(campaign),
        reject_reason: campaign.reject_reason.clone(),
        owner: campaign.account.to_string(),
        version: campaign.version,
        asset: asset.to_string(),
        budget: draft.budget.to_decimal(),
        fee: campaign.fee.to_decimal(),
        text: draft.text.clone(),
        content: draft.content().0,
        media: media::views(app, &draft.media).await?,
        rates,
        options,
        correct,
        duration_seconds: draft.duration.secs(),
        claim_window_seconds: draft.claim_window.secs(),
        posts: posts(app, campaign),
        steps: steps(app, campaign).await?,
        created_at: rfc3339(campaign.created_at.micros()),
        starts_at: at(campaign.starts_at),
        closes_at: at(campaign.closes_at),
        closed_at: at(campaign.closed_at),
        claim_until: at(campaign.claim_until),
        money: money(app, campaign, text).await?,
        totals: totals(app, campaign, text).await?,
        network: network_view(app, campaign).await?,
    })
}

fn stalled(campaign: &Campaign) -> Option<StalledView> {
    let State::Stalled { origin, step } = campaign.state else { return None };
    Some(StalledView {
        origin: origin.as_str(),
        step: step.as_str(),
        reason: campaign.stalled_reason.clone(),
        what_to_do: what_to_do(campaign.state),
    })
}

fn posts(app: &App, campaign: &Campaign) -> Vec<PostView> {
    let first = campaign.post_1.iter().map(|(post, _)| (Step::Post1, post));
    let second = campaign.post_2.iter().map(|post| (Step::Post2, post));
    first
        .chain(second)
        .map(|(step, post)| PostView {
            step: step.as_str(),
            id: post.to_string(),
            url: app.network.post_url(post),
        })
        .collect()
}

async fn steps(app: &App, campaign: &Campaign) -> Result<Vec<StepView>, Problem> {
    let rows = store::steps(&app.db, campaign.id).await?;
    let view = |row: store::StepRow| StepView {
        step: row.step,
        state: row.state,
        detail: row.detail,
        at: rfc3339(row.at),
    };
    Ok(rows.into_iter().map(view).collect())
}

async fn money(
    app: &App,
    campaign: &Campaign,
    text: impl Fn(u64) -> String,
) -> Result<MoneyView, Problem> {
    let books = treasury::books(&app.db, campaign.id).await?;
    Ok(MoneyView {
        funded: text(books.funded),
        fee: text(books.fee),
        paid: text(books.paid),
        refunded: text(books.refunded),
        held: text(books.held().unwrap_or(0)),
    })
}

async fn totals(
    app: &App,
    campaign: &Campaign,
    text: impl Fn(u64) -> String,
) -> Result<TotalsView, Problem> {
    let totals = closing::totals(&app.db, campaign.id).await?;
    Ok(TotalsView {
        participants: totals.participants,
        eligible: totals.eligible,
        excluded: totals.excluded,
        allocated: text(totals.allocated),
        paid: totals.paid_lines,
    })
}
