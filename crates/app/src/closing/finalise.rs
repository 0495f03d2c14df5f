//! `CAMPAIGN_FINALISE`: the contract is done with the campaign.
//!
//! After     the refund.
//! Asks      the ledger: `finalise(id)`, then what the contract has refunded.
//! Stores    the effect, the books' entry for what was left, the step.
//! Then      [`FinalPost`](super::FinalPost).
//! Twice     the effect is unique, and the contract finalises once.
//! Never     when the contract refuses: Stalled. "Too early" waits.
//!
//! Why after the refund and not instead of it: a campaign that cannot be finalised (payouts paused)
//! still gives the sponsor what nobody can claim any more.

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

/// End it on chain.
#[derive(Serialize, Deserialize)]
pub struct Finalise {
    /// Which campaign.
    pub campaign: String,
}

impl Message for Finalise {
    const KIND: &'static str = "CAMPAIGN_FINALISE.v1";
    const QUEUE: Queue = Queue::Ledger;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for Finalise {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Claimable) {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        }
        let call = EscrowCall::Finalise { campaign: campaign.id };
        let done = match transact(app, &turn, campaign.id, Step::Finalise, 1, &call).await? {
            Asked::Result(_, done) => Some(done),
            Asked::Refused(why) if why.contains("TooEarly") => {
                return Ok(too_early(&turn));
            }
            Asked::Refused(why) => {
                return Ok(Verdict::Never { why: format!("the contract refused: {why}") });
            }
            Asked::Turn(verdict) => return Ok(verdict),
        };
        let returning = Returning {
            campaign: &campaign,
            step: Step::Finalise,
            sequence: 2,
            next: Step::FinalPost,
            words: |refunded| format!("the contract is done with it; {refunded} more went back"),
        };
        conclude(app, turn, returning, done).await
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Finalise, why, app.clock.now()).await
    }
}
