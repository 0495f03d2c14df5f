//! `CAMPAIGN_PUBLISH_DO_SM_TRANSACTION`: the escrow contract locks budget and fee.
//!
//! After     post 1 is public.
//! Asks      the ledger: `createCampaign`.
//! Stores    the effect with its transaction, the books' first entry, the step.
//! Then      [`PublishSecondContent`](super::PublishSecondContent).
//! Twice     the effect is unique, and the contract refuses a campaign that it knows.
//! Never     when the contract refuses: Stalled at `fund`; deposit or allow more and resume, or
//!           roll back.
//!
//! Why the allowance and the fee cap are the sponsor's own, on chain: our key alone must not be
//! able to lock what was not allowed.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_ledger::{EscrowCall, EscrowState};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::publish_content::{advance, finish};
use super::{Campaign, Mark, StepState, load, mark, stall};
use crate::effects::{Asked, Done, transact};
use crate::stored::parse;
use crate::treasury::{self, Entry};
use crate::{App, account};

/// Lock budget and fee.
#[derive(Serialize, Deserialize)]
pub struct Fund {
    /// Which campaign.
    pub campaign: String,
}

impl Message for Fund {
    const KIND: &'static str = "CAMPAIGN_PUBLISH_DO_SM_TRANSACTION.v1";
    const QUEUE: Queue = Queue::Ledger;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for Fund {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Publishing) {
            return finish(app, turn).await;
        }
        let Some(sponsor) = account::evm_address(&app.db, campaign.account).await? else {
            return Ok(Verdict::Never { why: "the account is not registered".to_owned() });
        };
        let ends = turn.now() + campaign.draft.duration.micros();
        let call = EscrowCall::CreateCampaign {
            campaign: campaign.id,
            sponsor,
            asset: campaign.draft.budget.asset(),
            budget: campaign.draft.budget.units(),
            fee: campaign.fee.units(),
            claim_window: campaign.draft.claim_window,
            refund_after: Time::from_micros(ends).plus(app.settings.recover_after).secs(),
        };
        match transact(app, &turn, campaign.id, Step::Fund, 1, &call).await? {
            Asked::Result(_, done) => record(app, turn, &campaign, done).await,
            Asked::Refused(why) if why.contains("CampaignExists") => {
                known(app, turn, &campaign, why).await
            }
            Asked::Refused(why) => Ok(Verdict::Never {
                why: format!("the contract refused to lock the budget ({why}): deposit and resume"),
            }),
            Asked::Turn(verdict) => Ok(verdict),
        }
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Fund, why, app.clock.now()).await
    }
}

async fn record(
    app: &App,
    turn: Turn,
    campaign: &Campaign,
    mut done: Box<Done>,
) -> Result<Verdict, Failure> {
    let tx = app.db.begin().await?;
    done.record(&tx, &turn).await?;
    let found = done.found_words();
    let detail = format!(
        "the contract holds {} and a fee of {}{found}",
        campaign.draft.budget, campaign.fee
    );
    book_and_go_on(&tx, &turn, campaign, &detail).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// The contract says that it has this campaign. It is ours when sponsor and amounts agree; then an
/// earlier transaction did it. Anything else is for a person.
async fn known(
    app: &App,
    turn: Turn,
    campaign: &Campaign,
    why: String,
) -> Result<Verdict, Failure> {
    let there =
        app.ledger.campaign(campaign.id).await.map_err(|error| Failure(error.to_string()))?;
    let ours = there.state == EscrowState::Active
        && there.budget == campaign.draft.budget.units()
        && there.fee == campaign.fee.units();
    if !ours {
        return Ok(Verdict::Never { why });
    }
    let tx = app.db.begin().await?;
    book_and_go_on(&tx, &turn, campaign, "the contract holds the budget already").await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

async fn book_and_go_on(
    tx: &Tx,
    turn: &Turn,
    campaign: &Campaign,
    detail: &str,
) -> Result<(), Failure> {
    let now = turn.now();
    let cost = campaign.cost().ok_or_else(|| Failure("the cost does not fit".to_owned()))?;
    treasury::book(tx, campaign.id, Entry::Funded, 1, cost, now).await?;
    treasury::funded(tx, campaign.id).await?;
    mark(tx, campaign.id, Mark { step: Step::Fund, state: StepState::Done, detail }, now).await?;
    advance(tx, campaign, Step::Fund, Time::from_micros(now)).await
}
