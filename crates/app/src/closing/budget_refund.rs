//! `CAMPAIGN_BUDGET_REFUND`: what nobody was owed or claimed goes back to the sponsor.
//!
//! After     the claim window.
//! Asks      the ledger: `refund(id)`, then what the contract has refunded.
//! Stores    the effect, the books' entry, the step.
//! Then      [`Finalise`](super::Finalise).
//! Twice     the effect is unique, and the contract refunds what is left, once.
//! Never     when the contract refuses: Stalled. "Too early" waits.
//!
//! Why the amount is read from the contract: the books follow the chain, not our arithmetic; the
//! two are compared by `BOOKS_CHECK`.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_domain::{Amount, Time};
use hashbuzz_ledger::EscrowCall;
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::refunds::book_refunds;
use crate::App;
use crate::campaign::{Mark, StepState, load, mark, stall, transition};
use crate::effects::{Asked, transact};
use crate::stored::parse;

/// Give the rest back.
#[derive(Serialize, Deserialize)]
pub struct BudgetRefund {
    /// Which campaign.
    pub campaign: String,
}

impl Message for BudgetRefund {
    const KIND: &'static str = "CAMPAIGN_BUDGET_REFUND.v1";
    const QUEUE: Queue = Queue::Ledger;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for BudgetRefund {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Claimable) {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        }
        let call = EscrowCall::Refund { campaign: campaign.id };
        let done = match transact(app, &turn, campaign.id, Step::Refund, 1, &call).await? {
            Asked::Result(_, done) => Some(done),
            Asked::Refused(why) if why.contains("TooEarly") => {
                let until = turn.now() + 2_000_000;
                return Ok(Verdict::Later {
                    until,
                    why: "the contract says: too early".to_owned(),
                });
            }
            // Everything was paid out: there is nothing to give back, and that is a success.
            Asked::Refused(why) if why.contains("NothingToDo") => None,
            Asked::Refused(why) => {
                return Ok(Verdict::Never { why: format!("the contract refused: {why}") });
            }
            Asked::Turn(verdict) => return Ok(verdict),
        };
        let there =
            app.ledger.campaign(campaign.id).await.map_err(|error| Failure(error.to_string()))?;
        let now = turn.now();
        let tx = app.db.begin().await?;
        let mut found = "";
        if let Some(mut done) = done {
            done.record(&tx, &turn).await?;
            found = done.found_words();
        }
        let refunded = book_refunds(&tx, &campaign, 1, there.refunded, now).await?;
        let refunded = Amount::new(refunded, campaign.draft.budget.asset());
        let detail = format!("{refunded} went back to the sponsor{found}");
        let step = Mark { step: Step::Refund, state: StepState::Done, detail: &detail };
        mark(&tx, campaign.id, step, now).await?;
        transition::begin(&tx, &campaign, Step::Finalise, Time::from_micros(now)).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Refund, why, app.clock.now()).await
    }
}
