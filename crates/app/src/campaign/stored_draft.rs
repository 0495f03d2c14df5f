//! A draft as it is stored: its own versioned type, because domain types are not serialised.

use hashbuzz_db::DbError;
use hashbuzz_domain::campaign::{Draft, Reward};
use hashbuzz_domain::quest::Quest;
use hashbuzz_domain::reward::Rates;
use hashbuzz_domain::{Amount, Asset, MediumId, Span};
use serde::{Deserialize, Serialize};

use crate::stored::{json, parse, read_json};

#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
enum Stored {
    #[serde(rename = "1")]
    V1(V1),
    /// With media: a program that knows of none has to refuse it, not to post it without them.
    #[serde(rename = "2")]
    V2(V2),
}

#[derive(Serialize, Deserialize)]
struct V2 {
    #[serde(flatten)]
    draft: V1,
    media: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct V1 {
    name: String,
    text: String,
    reward: V1Reward,
    budget: u64,
    duration: i64,
    claim_window: i64,
    participant_cap: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum V1Reward {
    Awareness { like: u64, repost: u64, quote: u64, reply: u64 },
    Quest { options: Vec<String>, correct: usize },
}

/// The draft as text.
pub(super) fn write(draft: &Draft) -> Result<String, DbError> {
    let reward = match &draft.reward {
        Reward::Awareness(rates) => V1Reward::Awareness {
            like: rates.like,
            repost: rates.repost,
            quote: rates.quote,
            reply: rates.reply,
        },
        Reward::Quest(quest) => V1Reward::Quest {
            options: quest.options().to_vec(),
            correct: quest.correct().position(),
        },
    };
    let media: Vec<String> = draft.media.iter().map(ToString::to_string).collect();
    let draft = V1 {
        name: draft.name.clone(),
        text: draft.text.clone(),
        reward,
        budget: draft.budget.units(),
        duration: draft.duration.micros(),
        claim_window: draft.claim_window.micros(),
        participant_cap: draft.participant_cap,
    };
    json(&if media.is_empty() { Stored::V1(draft) } else { Stored::V2(V2 { draft, media }) })
}

/// The draft that `text` is.
pub(super) fn read(text: &str) -> Result<Draft, DbError> {
    let (stored, media) = match read_json(text)? {
        Stored::V1(draft) => (draft, Vec::new()),
        Stored::V2(V2 { draft, media }) => (draft, media),
    };
    let media: Result<Vec<MediumId>, DbError> = media.iter().map(|id| parse(id)).collect();
    let reward = match stored.reward {
        V1Reward::Awareness { like, repost, quote, reply } => {
            Reward::Awareness(Rates { like, repost, quote, reply })
        }
        V1Reward::Quest { options, correct } => Reward::Quest(
            Quest::new(options, correct).map_err(|error| DbError::Corrupt(error.to_string()))?,
        ),
    };
    Ok(Draft {
        name: stored.name,
        text: stored.text,
        media: media?,
        reward,
        budget: Amount::new(stored.budget, Asset::Hbar),
        duration: Span::from_micros(stored.duration),
        claim_window: Span::from_micros(stored.claim_window),
        participant_cap: stored.participant_cap,
    })
}
