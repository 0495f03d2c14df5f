//! A draft as the API reads it.

use hashbuzz_db::Tx;
use hashbuzz_domain::campaign::{Draft, FieldError, Reward};
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::quest::Quest;
use hashbuzz_domain::reward::{Rates, default_rate};
use hashbuzz_domain::{AccountId, Amount, Asset, CampaignId, Span};
use serde::Deserialize;

use crate::http::Problem;
use crate::{App, media};

/// What an owner sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftBody {
    name: String,
    text: String,
    /// Ids of pictures or a video, in the order in which the post shows them.
    #[serde(default)]
    media: Vec<String>,
    kind: KindBody,
    #[serde(default = "hbar")]
    asset: String,
    budget: String,
    rates: Option<RatesBody>,
    expected_participants: Option<u32>,
    options: Option<Vec<String>>,
    correct: Option<usize>,
    duration_seconds: Option<u32>,
    claim_window_seconds: Option<u32>,
    participant_cap: Option<String>,
}

fn hbar() -> String {
    "HBAR".to_owned()
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindBody {
    Awareness,
    Quest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatesBody {
    like: Option<String>,
    repost: Option<String>,
    quote: Option<String>,
    reply: Option<String>,
}

/// 24 hours: of 3,333 real cascades 32% of the engagement arrives in 1 h and 97% in 24 h.
const DURATION: u32 = 86_400;
/// Seven days.
const CLAIM_WINDOW: u32 = 7 * 86_400;
/// The most that `expected_participants` may be.
const PARTICIPANTS: u32 = 1_000_000;

fn wrong(field: &'static str, code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError { field, code, message: message.into() }
}

/// The draft of `owner`, checked against this deployment and the network, and its fee.
pub(super) async fn read(
    app: &App,
    owner: AccountId,
    body: DraftBody,
) -> Result<(Draft, Amount), Problem> {
    let mut errors = Vec::new();
    let media = match media::choose(app, owner, &body.media).await? {
        Ok(media) => media,
        Err(error) => {
            errors.push(error);
            Vec::new()
        }
    };
    if body.asset != "HBAR" {
        errors.push(wrong("asset", "unknown", "this deployment pays in HBAR"));
    }
    let budget = amount("budget", &body.budget, &mut errors);
    let cap = body.participant_cap.as_ref().map(|cap| amount("participant_cap", cap, &mut errors));
    let reward = match body.kind {
        KindBody::Awareness => awareness(&body, budget, &mut errors).map(Reward::Awareness),
        KindBody::Quest => quest(&body, &mut errors).map(Reward::Quest),
    };
    let (Some(reward), true) = (reward, errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let draft = Draft {
        name: body.name.trim().to_owned(),
        text: body.text,
        media,
        reward,
        budget: Amount::new(budget, Asset::Hbar),
        duration: Span::from_secs(body.duration_seconds.unwrap_or(DURATION)),
        claim_window: Span::from_secs(body.claim_window_seconds.unwrap_or(CLAIM_WINDOW)),
        participant_cap: cap,
    };
    let measure = app.network.measure(&draft.content().0);
    draft
        .check(&app.settings.bounds, measure.length, measure.limit)
        .map_err(|error| Problem::invalid(error.0))?;
    let fee = draft.budget.basis_points(app.settings.fee_bps);
    let cost = fee.and_then(|fee| draft.budget.checked_add(fee));
    match (fee, cost) {
        (Some(fee), Some(cost)) if i64::try_from(cost.units()).is_ok() => Ok((draft, fee)),
        _ => {
            let error = wrong("budget", "too_large", "there is not that much of this asset");
            Err(Problem::invalid(vec![error]))
        }
    }
}

/// Stores which media the draft shows, in the transaction that stores the draft.
pub(super) async fn show(tx: &Tx, campaign: CampaignId, draft: &Draft) -> Result<(), Problem> {
    if media::attach(tx, campaign, &draft.media).await? {
        return Ok(());
    }
    Err(Problem::conflict(
        "media.deleted",
        "one of its media was deleted meanwhile: upload it again",
    ))
}

fn amount(field: &'static str, text: &str, errors: &mut Vec<FieldError>) -> u64 {
    match Asset::Hbar.parse(text) {
        Ok(amount) => amount.units(),
        Err(error) => {
            errors.push(wrong(field, "malformed", error.to_string()));
            0
        }
    }
}

fn awareness(body: &DraftBody, budget: u64, errors: &mut Vec<FieldError>) -> Option<Rates> {
    if body.options.is_some() || body.correct.is_some() {
        errors.push(wrong("options", "not_here", "only quests have options and a correct answer"));
    }
    match (&body.rates, body.expected_participants) {
        (Some(rates), None) => {
            let mut rate = |text: &Option<String>| {
                text.as_ref().map_or(0, |text| amount("rates", text, errors))
            };
            Some(Rates {
                like: rate(&rates.like),
                repost: rate(&rates.repost),
                quote: rate(&rates.quote),
                reply: rate(&rates.reply),
            })
        }
        (None, Some(people)) if (1..=PARTICIPANTS).contains(&people) => {
            let rate = default_rate(budget, people, 4);
            if rate == 0 {
                let message = "the budget is too small for so many participants";
                errors.push(wrong("expected_participants", "too_many", message));
            }
            Some(Rates::equal(rate, &Kind::ALL))
        }
        (None, Some(_)) => {
            let message = format!("expect 1 to {PARTICIPANTS} participants");
            errors.push(wrong("expected_participants", "range", message));
            None
        }
        (_, _) => {
            let message = "give either `rates` or `expected_participants`";
            errors.push(wrong("rates", "missing", message));
            None
        }
    }
}

fn quest(body: &DraftBody, errors: &mut Vec<FieldError>) -> Option<Quest> {
    if body.rates.is_some() || body.expected_participants.is_some() {
        errors.push(wrong("rates", "not_here", "a quest has no rates: winners share equally"));
    }
    let Some(correct) = body.correct else {
        errors.push(wrong("correct", "missing", "say which option is correct, counted from 0"));
        return None;
    };
    match Quest::new(body.options.clone().unwrap_or_default(), correct) {
        Ok(quest) => Some(quest),
        Err(error) => {
            errors.push(wrong("options", "malformed", error.to_string()));
            None
        }
    }
}
