//! `CAMPAIGN_RETURN_FUNDS`: roll back, step 1 of 2: budget and fee go back to the sponsor.
//!
//! After     an accepted roll back.
//! Asks      the ledger: what the contract holds for the campaign, then `cancel`.
//! Stores    the effect, the books' entry, the step.
//! Then      [`DeletePosts`](super::DeletePosts).
//! Twice     the effect is unique, and the contract cancels once.
//! Never     when the contract refuses: Stalled, an operator looks.
//!
//! Why money comes first: a public post without money is an embarrassment, locked money is a loss.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_ledger::{EscrowCall, EscrowState};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::publish_content::finish;
use super::{Campaign, Mark, StepState, load, mark, stall, transition};
use crate::App;
use crate::effects::{Asked, Done, transact};
use crate::stored::parse;
use crate::treasury::{self, Entry};

/// Return budget and fee.
#[derive(Serialize, Deserialize)]
pub struct ReturnFunds {
    /// Which campaign.
    pub campaign: String,
}

impl Message for ReturnFunds {
    const KIND: &'static str = "CAMPAIGN_RETURN_FUNDS.v1";
    const QUEUE: Queue = Queue::Ledger;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for ReturnFunds {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::RollingBack) {
            return finish(app, turn).await;
        }
        let there =
            app.ledger.campaign(campaign.id).await.map_err(|error| Failure(error.to_string()))?;
        if there.state == EscrowState::None {
            return record(app, turn, &campaign, None, "nothing was funded").await;
        }
        let call = EscrowCall::Cancel { campaign: campaign.id };
        match transact(app, &turn, campaign.id, Step::ReturnFunds, 1, &call).await? {
            Asked::Result(_, done) => {
                record(app, turn, &campaign, Some(done), "budget and fee returned").await
            }
            Asked::Refused(why) => Ok(Verdict::Never {
                why: format!("the contract refused to return the funds: {why}"),
            }),
            Asked::Turn(verdict) => Ok(verdict),
        }
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::ReturnFunds, why, app.clock.now()).await
    }
}

async fn record(
    app: &App,
    turn: Turn,
    campaign: &Campaign,
    done: Option<Box<Done>>,
    detail: &str,
) -> Result<Verdict, Failure> {
    let now = turn.now();
    let tx = app.db.begin().await?;
    if let Some(mut done) = done {
        done.record(&tx, &turn).await?;
        let cost = campaign.cost().ok_or_else(|| Failure("the cost does not fit".to_owned()))?;
        // A campaign that was funded by a transaction that we had given up on is booked here.
        treasury::book(&tx, campaign.id, Entry::Funded, 1, cost, now).await?;
        treasury::book(&tx, campaign.id, Entry::Refunded, 1, cost, now).await?;
    }
    let step = Mark { step: Step::ReturnFunds, state: StepState::Done, detail };
    mark(&tx, campaign.id, step, now).await?;
    transition::begin(&tx, campaign, Step::DeletePosts, Time::from_micros(now)).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}
