//! `CAMPAIGN_CLAIMS_END`: the claim window is over.
//!
//! After     the time until which the contract lets people claim.
//! Asks      nobody.
//! Stores    the step.
//! Then      [`BudgetRefund`](super::BudgetRefund), once no batch is on its way.
//! Twice     enqueues the refund again, which does nothing the second time.
//! Never     —
//!
//! Why it waits for a batch that was begun: its lines were promised to people who linked in time.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::{PayBatch, store};
use crate::App;
use crate::campaign::{Mark, StepState, load, mark, stall, transition};
use crate::stored::parse;

/// End the claim window.
#[derive(Serialize, Deserialize)]
pub struct EndClaims {
    /// Which campaign.
    pub campaign: String,
}

impl Message for EndClaims {
    const KIND: &'static str = "CAMPAIGN_CLAIMS_END.v1";
    const QUEUE: Queue = Queue::Closing;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }

    fn dedupe(&self) -> Option<String> {
        Some(format!("claims/{}", self.campaign))
    }
}

#[async_trait]
impl Handle<App> for EndClaims {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let now = turn.now();
        let tx = app.db.begin().await?;
        let campaign = load(&tx, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Claimable) {
            return Ok(Verdict::Done(turn.commit(tx).await?));
        }
        if store::open_batch(&tx, campaign.id).await?.is_some() {
            let pay = PayBatch { campaign: campaign.key() };
            transition::put(&tx, now, &campaign, &pay).await?;
            tx.commit().await?;
            let why = "a batch that was begun is on its way".to_owned();
            return Ok(Verdict::Later { until: now + 1_000_000, why });
        }
        let detail = "the claim window is over";
        let step = Mark { step: Step::ClaimWindow, state: StepState::Done, detail };
        mark(&tx, campaign.id, step, now).await?;
        transition::begin(&tx, &campaign, Step::Refund, Time::from_micros(now)).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::ClaimWindow, why, app.clock.now()).await
    }
}
