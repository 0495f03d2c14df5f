//! Asking other systems so that nothing is done twice and nothing is lost.
//!
//! Both ways end in [`Asked`]: the handler either has a result to record in its own transaction, or
//! knows how its turn ends. See `docs/decisions/0006-effects.md` for the waits chosen here.

mod ledger;
mod social;
pub(crate) mod upload;

use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::CampaignId;
use hashbuzz_domain::campaign::Step;
use hashbuzz_outbox::effect::{Effect, Next, State};
use hashbuzz_outbox::{Failure, Turn, Verdict};

use crate::App;
use crate::campaign::{self, Mark, StepState};

pub(crate) use ledger::transact;
pub(crate) use social::{PostEffect, delete, post};

/// One second in microseconds.
const SECOND: i64 = 1_000_000;

/// How a fee is written, after its number.
const TINYBAR: &str = " tinybar";

/// What came of asking.
pub(crate) enum Asked<T> {
    /// The result, and the effect that the caller finishes in its own transaction.
    Result(T, Box<Done>),
    /// It was refused for good; nothing was done. The words are the other system's.
    Refused(String),
    /// The turn ends here: wait, or give up until a person acts.
    Turn(Verdict),
}

/// An effect whose result is known and not recorded yet.
pub(crate) struct Done {
    effect: Effect,
    remote_id: Option<String>,
    cost: Option<String>,
    seen: String,
    already: bool,
}

impl Done {
    /// Records the effect as done, in the transaction that stores what follows from it.
    pub(crate) async fn record(&mut self, tx: &Tx, turn: &Turn) -> Result<(), Failure> {
        if self.already {
            return Ok(());
        }
        let next = Next::Done { remote_id: self.remote_id.clone(), cost: self.cost.clone() };
        Ok(self.effect.next(tx, turn, next, &self.seen).await?)
    }

    /// When it was last sent, by our clock in microseconds: what came of it is not older. `now`
    /// stands for an effect that never says.
    pub(crate) fn sent_at(&self, now: i64) -> i64 {
        self.effect.started_at.unwrap_or(now)
    }

    /// What a transaction cost, in tinybars, where the ledger said so.
    pub(crate) fn fee_tinybar(&self) -> Option<u64> {
        let cost = self.cost.as_ref().or(self.effect.cost.as_ref())?;
        cost.strip_suffix(TINYBAR)?.parse().ok()
    }

    /// What to add to the step's words when the answer had been lost and the result was found.
    pub(crate) fn found_words(&self) -> &'static str {
        if self.seen.starts_with(FOUND) { " (its answer was lost; found by looking)" } else { "" }
    }
}

/// Shows the step as started, in the transaction that plans its effect.
async fn show_started(tx: &Tx, campaign: CampaignId, step: Step, now: i64) -> Result<(), DbError> {
    campaign::mark(tx, campaign, Mark { step, state: StepState::Started, detail: "" }, now).await
}

/// Records how an effect goes on, in a transaction of its own.
async fn record(
    app: &App,
    turn: &Turn,
    effect: &mut Effect,
    next: Next,
    seen: &str,
) -> Result<(), Failure> {
    let tx = app.db.begin().await?;
    effect.next(&tx, turn, next, seen).await?;
    Ok(tx.commit().await?)
}

/// What happens by itself to an effect: who looks where, or why nobody does.
pub(crate) fn next_look(effect: &Effect) -> String {
    match effect.state {
        State::Planned => "nothing was sent; its event sends it".to_owned(),
        State::Done | State::Rejected => "nothing: it is over".to_owned(),
        State::NeedsPerson => format!(
            "nothing by itself: look at {} for it, decide, and resume the campaign",
            effect.target
        ),
        State::Started | State::Unknown => match effect.kind.as_str() {
            ledger::KIND => ledger::next_look(effect),
            social::POST => social::next_look(effect),
            social::DELETE => {
                "it is deleted once more: deleting what is gone is a success".to_owned()
            }
            other => upload::next_look(other)
                .unwrap_or_else(|| format!("nobody here looks for `{other}`: a newer program may")),
        },
    }
}

/// How evidence of a result begins that was looked up and not answered.
const FOUND: &str = "found";

fn later<T>(until: i64, why: impl Into<String>) -> Asked<T> {
    Asked::Turn(Verdict::Later { until, why: why.into() })
}

fn never<T>(why: impl Into<String>) -> Asked<T> {
    Asked::Turn(Verdict::Never { why: why.into() })
}
