//! What refund and finalise have in common: the contract may give something back, the books follow
//! what it says, and the next step begins.

use hashbuzz_db::Tx;
use hashbuzz_domain::campaign::Step;
use hashbuzz_domain::{Amount, Time};
use hashbuzz_outbox::{Failure, Turn, Verdict};

use crate::App;
use crate::campaign::{Campaign, Mark, StepState, mark, transition};
use crate::effects::Done;
use crate::treasury::{self, Entry};

/// Between two tries while the contract's clock is behind ours.
const EARLY_WAIT: i64 = 2_000_000;

/// The contract's clock has not reached the end of the claim window.
pub(super) fn too_early(turn: &Turn) -> Verdict {
    let why = "the contract says: too early".to_owned();
    Verdict::Later { until: turn.now() + EARLY_WAIT, why }
}

/// One of the two steps.
pub(super) struct Returning<'a> {
    pub(super) campaign: &'a Campaign,
    pub(super) step: Step,
    /// Of the books' entry.
    pub(super) sequence: i64,
    pub(super) next: Step,
    /// What the step says of the amount that went back.
    pub(super) words: fn(Amount) -> String,
}

/// Records a step that the contract took (or had nothing to do for), books what went back by the
/// contract's own word, and begins the next.
pub(super) async fn conclude(
    app: &App,
    turn: Turn,
    returning: Returning<'_>,
    done: Option<Box<Done>>,
) -> Result<Verdict, Failure> {
    let Returning { campaign, step, sequence, next, words } = returning;
    let there =
        app.ledger.campaign(campaign.id).await.map_err(|error| Failure(error.to_string()))?;
    let now = turn.now();
    let tx = app.db.begin().await?;
    let mut found = "";
    if let Some(mut done) = done {
        done.record(&tx, &turn).await?;
        found = done.found_words();
    }
    let refunded = book_refunds(&tx, campaign, sequence, there.refunded, now).await?;
    let refunded = Amount::new(refunded, campaign.draft.budget.asset());
    let detail = format!("{}{found}", words(refunded));
    mark(&tx, campaign.id, Mark { step, state: StepState::Done, detail: &detail }, now).await?;
    transition::begin(&tx, campaign, next, Time::from_micros(now)).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// Books the part of `refunded` (the contract's running total, in units) that is not in the books
/// yet, under `sequence`, and says how much that is.
async fn book_refunds(
    tx: &Tx,
    campaign: &Campaign,
    sequence: i64,
    refunded: u64,
    now: i64,
) -> Result<u64, Failure> {
    let books = treasury::books(tx, campaign.id).await?;
    let more = refunded.checked_sub(books.refunded).ok_or_else(|| {
        Failure(format!("the contract refunded {refunded}, our books say {}", books.refunded))
    })?;
    if more > 0 {
        treasury::book(tx, campaign.id, Entry::Refunded, sequence, more, now).await?;
    }
    Ok(more)
}
