//! `CAMPAIGN_CLOSE_CONTRACT`: the contract learns root and total, and nothing can be added.
//!
//! After     the allocation is frozen.
//! Asks      the ledger: `close(id, root, total)`, then until when the contract lets people claim.
//! Stores    the effect, the fee in the books, the claim window's end, state Settling.
//! Then      [`PayBatch`](super::PayBatch).
//! Twice     the effect is unique, and the contract closes once.
//! Never     when the contract refuses: Stalled, an operator looks.
//!
//! Why the contract has to know before the first payout: from then on it refuses to pay an index
//! twice, or more than the total, whoever asks.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Command, Phase, Step};
use hashbuzz_ledger::EscrowCall;
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::store;
use crate::App;
use crate::campaign::transition::{Refused, With};
use crate::campaign::{
    Mark, StepState, apply, load, load_for_update, mark, save_claim_until, stall,
};
use crate::effects::{Asked, transact};
use crate::stored::parse;
use crate::treasury::{self, Entry};

/// Commit the allocation.
#[derive(Serialize, Deserialize)]
pub struct CloseContract {
    /// Which campaign.
    pub campaign: String,
}

impl Message for CloseContract {
    const KIND: &'static str = "CAMPAIGN_CLOSE_CONTRACT.v1";
    const QUEUE: Queue = Queue::Ledger;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for CloseContract {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        let frozen = store::frozen(&app.db, campaign.id).await?;
        let Some(frozen) = frozen.filter(|_| campaign.is_at(Phase::Closing)) else {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        };
        let call =
            EscrowCall::Close { campaign: campaign.id, root: frozen.root, total: frozen.total };
        let asked = transact(app, &turn, campaign.id, Step::CloseContract, 1, &call).await?;
        let mut done = match asked {
            Asked::Result(_, done) => done,
            Asked::Refused(why) => {
                return Ok(Verdict::Never { why: format!("the contract refused to close: {why}") });
            }
            Asked::Turn(verdict) => return Ok(verdict),
        };
        let there =
            app.ledger.campaign(campaign.id).await.map_err(|error| Failure(error.to_string()))?;
        let until = Time::from_micros(there.claim_until.saturating_mul(1_000_000));
        let now = turn.now();
        let tx = app.db.begin().await?;
        done.record(&tx, &turn).await?;
        treasury::book(&tx, campaign.id, Entry::Fee, 1, campaign.fee.units(), now).await?;
        save_claim_until(&tx, campaign.id, until).await?;
        let detail =
            format!("the contract committed to {} lines{}", frozen.eligible, done.found_words());
        let step = Mark { step: Step::CloseContract, state: StepState::Done, detail: &detail };
        mark(&tx, campaign.id, step, now).await?;
        if let Some(mut held) = load_for_update(&tx, campaign.id).await? {
            let at = Time::from_micros(now);
            match apply(&tx, &mut held, Command::Settle, With::default(), at).await {
                Ok(()) | Err(Refused::Domain(_)) => {}
                Err(error) => return Err(Failure(error.to_string())),
            }
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::CloseContract, why, app.clock.now()).await
    }
}
