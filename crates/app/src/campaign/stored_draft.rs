//! A draft as it is stored: its own versioned type, because domain types are not serialised.

use hashbuzz_db::DbError;
use hashbuzz_domain::campaign::{Draft, Reward};
use hashbuzz_domain::quest::Quest;
use hashbuzz_domain::reward::Rates;
use hashbuzz_domain::{Amount, Asset, Span};
use serde::{Deserialize, Serialize};

use crate::stored::{json, read_json};

#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
enum Stored {
    #[serde(rename = "1")]
    V1(V1),
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
    json(&Stored::V1(V1 {
        name: draft.name.clone(),
        text: draft.text.clone(),
        reward,
        budget: draft.budget.units(),
        duration: draft.duration.micros(),
        claim_window: draft.claim_window.micros(),
        participant_cap: draft.participant_cap,
    }))
}

/// The draft that `text` is.
pub(super) fn read(text: &str) -> Result<Draft, DbError> {
    let Stored::V1(stored) = read_json(text)?;
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
        reward,
        budget: Amount::new(stored.budget, Asset::Hbar),
        duration: Span::from_micros(stored.duration),
        claim_window: Span::from_micros(stored.claim_window),
        participant_cap: stored.participant_cap,
    })
}
