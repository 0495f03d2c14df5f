//! The three campaigns of the demo.

use std::time::Duration;

use hashbuzz_domain::Asset;
use hashbuzz_media::samples;
use serde_json::{Value, json};

use super::engagement::Asks;

/// How long a campaign runs: the model's day.
pub(super) const LENGTH: Duration = Duration::from_secs(20);
/// How long people without a wallet can link one after the close.
pub(super) const CLAIM_WINDOW: Duration = Duration::from_secs(10);
/// The deployment's fee in ten-thousandths of a budget.
pub(super) const FEE_BASIS_POINTS: u16 = 1_000;

/// A campaign that the demo runs.
#[derive(Clone, Debug)]
pub(super) struct Show {
    pub(super) name: &'static str,
    /// Which campaigner, from 0.
    pub(super) owner: usize,
    text: &'static str,
    budget: &'static str,
    /// What is to be seen in its picture, if it has one.
    pub(super) picture: Option<&'static str>,
    /// What people do with it; nothing when nobody sees it.
    pub(super) asks: Option<Asks>,
}

/// All of them.
pub(super) fn all() -> Vec<Show> {
    let options = ["It keeps it", "It goes back to the campaigner", "It is burnt", "A raffle"];
    let answer = Asks::Answer { options: options.map(str::to_owned).to_vec(), correct: 1 };
    vec![
        Show {
            name: "Summer launch",
            owner: 0,
            text: "Our new summer collection is here. Tell your friends what you think of it!",
            budget: "25",
            picture: Some("stripes"),
            asks: Some(Asks::Attention),
        },
        Show {
            name: "Reward quiz",
            owner: 1,
            text: "What happens to a reward that nobody claims? Answer with a reply.",
            budget: "40",
            picture: None,
            asks: Some(answer),
        },
        Show {
            name: "Quiet Tuesday",
            owner: 0,
            text: "We have repainted our office. Here is a long story about the colour.",
            budget: "10",
            picture: None,
            asks: None,
        },
    ]
}

impl Show {
    /// The picture, which nobody had to draw.
    pub(super) fn drawn() -> Vec<u8> {
        samples::png(640, 360, 120)
    }

    /// What is sent to the API to draft it; `media` were handed in before.
    pub(super) fn draft(&self, media: &[String]) -> Value {
        let mut draft = json!({
            "name": self.name,
            "text": self.text,
            "kind": "awareness",
            "asset": "HBAR",
            "budget": self.budget,
            "media": media,
            "duration_seconds": LENGTH.as_secs(),
            "claim_window_seconds": CLAIM_WINDOW.as_secs(),
        });
        if let Some(Asks::Answer { options, correct }) = &self.asks {
            draft["kind"] = "quest".into();
            draft["options"] = json!(options);
            draft["correct"] = json!(correct);
        } else {
            draft["rates"] =
                json!({ "like": "0.02", "repost": "0.08", "reply": "0.05", "quote": "0.12" });
        }
        draft
    }

    /// What the campaigner has to deposit for it, fee included, in tinybars.
    pub(super) fn cost(&self) -> u64 {
        let budget = Asset::Hbar.parse(self.budget).expect("the budgets above are decimals");
        let fee = budget.basis_points(FEE_BASIS_POINTS).expect("a tenth of a budget fits");
        budget.units() + fee.units()
    }
}
