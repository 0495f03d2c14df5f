//! What an owner writes, and what makes it a campaign that can be published.
//!
//! Everything is checked when the draft is written, on the exact text that will be posted: a
//! campaign that fails at publication because of its own words has failed too late.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use crate::engagement::Kind;
use crate::quest::Quest;
use crate::reward::Rates;
use crate::{Amount, MediumId, Span};

/// What participants are paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reward {
    /// Kinds of engagement, each at its own rate (in the asset's smallest unit; 0 = not paid).
    Awareness(Rates),
    /// The right answer to a question; winners share equally.
    Quest(Quest),
}

/// A campaign as its owner writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// 3 to 50 characters.
    pub name: String,
    /// The text of the first post, without what the system adds.
    pub text: String,
    /// Pictures or a video of the first post, in the order in which it shows them.
    pub media: Vec<MediumId>,
    /// What is paid for.
    pub reward: Reward,
    /// What participants may receive together.
    pub budget: Amount,
    /// How long it runs.
    pub duration: Span,
    /// How long participants can link a wallet after the end.
    pub claim_window: Span,
    /// The most that one participant receives, in the asset's smallest unit.
    pub participant_cap: Option<u64>,
}

/// What this deployment allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How long campaigns may run (default 5 minutes to 30 days).
    pub duration: RangeInclusive<Span>,
    /// How long claim windows may be (default 0 to 30 days).
    pub claim_window: RangeInclusive<Span>,
    /// Kinds that may be paid here.
    pub payable: Vec<Kind>,
}

impl Default for Bounds {
    fn default() -> Self {
        const DAY: u32 = 86_400;
        Self {
            duration: Span::from_secs(300)..=Span::from_secs(30 * DAY),
            claim_window: Span::ZERO..=Span::from_secs(30 * DAY),
            payable: Kind::ALL.to_vec(),
        }
    }
}

/// The exact text of the first post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(pub String);

/// One thing that is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Which field, as the API names it.
    pub field: &'static str,
    /// A stable code.
    pub code: &'static str,
    /// What to do.
    pub message: String,
}

/// Everything that is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the draft has {} mistakes", .0.len())]
pub struct DraftError(pub Vec<FieldError>);

impl Draft {
    /// The exact text of the first post: a quest's options stand below its question.
    pub fn content(&self) -> Content {
        let mut text = self.text.trim().to_owned();
        if let Reward::Quest(quest) = &self.reward {
            text.push('\n');
            for (letter, option) in quest.lettered_options() {
                let _ = write!(text, "\n{letter}) {option}");
            }
        }
        Content(text)
    }

    /// The kinds that are paid; for a quest those by which one answers.
    pub fn collected(&self) -> Vec<Kind> {
        match &self.reward {
            Reward::Awareness(rates) => {
                Kind::ALL.into_iter().filter(|kind| rates.of(*kind) > 0).collect()
            }
            Reward::Quest(_) => vec![Kind::Quote, Kind::Reply],
        }
    }

    /// Checks everything that can be checked without asking anybody. `fits` is the network's word
    /// on the first post: its length and its limit.
    ///
    /// # Errors
    /// Every mistake, not just the first.
    pub fn check(&self, bounds: &Bounds, length: u32, limit: u32) -> Result<(), DraftError> {
        let mut errors = Vec::new();
        let mut wrong = |field, code, message: String| {
            errors.push(FieldError { field, code, message });
        };
        let name = self.name.trim().chars().count();
        if !(3..=50).contains(&name) {
            wrong("name", "length", format!("give a name of 3 to 50 characters (it has {name})"));
        }
        if self.text.trim().is_empty() {
            wrong("text", "empty", "write what the first post says".to_owned());
        } else if length > limit {
            wrong(
                "text",
                "length",
                format!("the post has {length} of {limit} characters as the network counts them"),
            );
        }
        if self.budget.units() == 0 {
            wrong("budget", "zero", "give a budget above zero".to_owned());
        }
        if !bounds.duration.contains(&self.duration) {
            let (from, to) = (bounds.duration.start(), bounds.duration.end());
            wrong("duration_seconds", "range", format!("choose a duration from {from} to {to}"));
        }
        if !bounds.claim_window.contains(&self.claim_window) {
            let (from, to) = (bounds.claim_window.start(), bounds.claim_window.end());
            wrong(
                "claim_window_seconds",
                "range",
                format!("choose a claim window from {from} to {to}"),
            );
        }
        if self.participant_cap == Some(0) {
            wrong("participant_cap", "zero", "leave the cap out, or set it above zero".to_owned());
        }
        self.check_reward(bounds, &mut wrong);
        if errors.is_empty() { Ok(()) } else { Err(DraftError(errors)) }
    }

    fn check_reward(
        &self,
        bounds: &Bounds,
        wrong: &mut impl FnMut(&'static str, &'static str, String),
    ) {
        if let Reward::Awareness(rates) = &self.reward {
            if self.collected().is_empty() {
                wrong("rates", "zero", "pay at least one kind of engagement".to_owned());
            }
            let above = Kind::ALL.into_iter().find(|kind| rates.of(*kind) > self.budget.units());
            if let Some(kind) = above {
                wrong(
                    "rates",
                    "above_budget",
                    format!("the rate for a {kind} is above the budget"),
                );
            }
        }
        for kind in self.collected() {
            if !bounds.payable.contains(&kind) {
                wrong(
                    "rates",
                    "not_payable",
                    format!(
                        "a {kind} cannot be paid on this network in this deployment; its operator \
                         has to acknowledge the network's policy first"
                    ),
                );
            }
        }
    }
}
