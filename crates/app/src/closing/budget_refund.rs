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
use hashbuzz_ledger::EscrowCall;
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::refunds::{Returning, conclude, too_early};
use crate::App;
use crate::campaign::{load, stall};
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
                return Ok(too_early(&turn));
            }
            // Everything was paid out: there is nothing to give back, and that is a success.
            Asked::Refused(why) if why.contains("NothingToDo") => None,
            Asked::Refused(why) => {
                return Ok(Verdict::Never { why: format!("the contract refused: {why}") });
            }
            Asked::Turn(verdict) => return Ok(verdict),
        };
        let returning = Returning {
            campaign: &campaign,
            step: Step::Refund,
            sequence: 1,
            next: Step::Finalise,
            words: |refunded| format!("{refunded} went back to the sponsor"),
        };
        conclude(app, turn, returning, done).await
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Refund, why, app.clock.now()).await
    }
}
