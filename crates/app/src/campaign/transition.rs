//! The one place where a campaign's state changes: the domain decides, state and events that
//! follow are stored together, and whoever calls commits.

use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{self, Command, Effect, Refusal, Step};
use hashbuzz_domain::{CampaignId, Time};
use hashbuzz_ledger::SponsorFunds;
use hashbuzz_outbox::{Due, Message, enqueue_at};

use super::{
    Activate, Campaign, ClosingError, ContractError, DeletePosts, Fund, Mark, PublishContent,
    PublishError, PublishMedia, PublishSecondContent, ReturnFunds, StepState, mark, note, store,
};
use crate::closing::{
    Allocate, Announce, BudgetRefund, CloseContract, CloseOperation, EndClaims, FinalPost,
    Finalise, PayBatch,
};
use crate::engagement::{CollectEngagement, begin_tracking};
use crate::treasury;

/// Why a transition was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The domain's word.
    #[error(transparent)]
    Domain(#[from] Refusal),
    /// Budget and fee are more than the account can spend now.
    #[error("the account's escrow balance or allowance does not cover budget and fee")]
    Balance,
    /// The database's.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What a transition needs beside the command.
#[derive(Clone, Copy, Default)]
pub(crate) struct With<'a> {
    /// Why, where a person will read it.
    pub(crate) reason: Option<&'a str>,
    /// What the ledger says that the account has; needed to publish.
    pub(crate) funds: Option<SponsorFunds>,
}

/// Applies `command` to the campaign, which the caller holds for update.
pub(crate) async fn apply(
    tx: &Tx,
    campaign: &mut Campaign,
    command: Command,
    with: With<'_>,
    now: Time,
) -> Result<(), Refused> {
    let before = campaign.state;
    let next = campaign::apply(before, command, now)?;
    store::save_state(tx, campaign.id, next.state, with.reason).await?;
    campaign.state = next.state;
    if command == Command::Close {
        store::save_closed_at(tx, campaign.id, now).await?;
    }
    for effect in next.effects {
        perform(tx, campaign, effect, with, now).await?;
    }
    if before != next.state {
        let message = match with.reason {
            Some(reason) => format!("{before} → {}: {reason}", next.state),
            None => format!("{before} → {}", next.state),
        };
        note(tx, campaign.id, "state", None, &message, now.micros()).await?;
    }
    Ok(())
}

async fn perform(
    tx: &Tx,
    campaign: &Campaign,
    effect: Effect,
    with: With<'_>,
    now: Time,
) -> Result<(), Refused> {
    match effect {
        Effect::Reserve => {
            let (Some(funds), Some(cost)) = (with.funds, campaign.cost()) else {
                return Err(Refused::Balance);
            };
            if !treasury::promise(tx, campaign.id, campaign.account, cost, funds).await? {
                return Err(Refused::Balance);
            }
        }
        Effect::Release => treasury::release(tx, campaign.id).await?,
        Effect::Begin(step) => begin(tx, campaign, step, now).await?,
        Effect::Schedule(step, at) => schedule(tx, campaign, step, at, now).await?,
        Effect::CloseAt(at) => {
            let close = CloseOperation { campaign: campaign.key() };
            enqueue_at(tx, now.micros(), &close, due(campaign, at)).await?;
        }
    }
    Ok(())
}

fn due(campaign: &Campaign, at: Time) -> Due {
    Due { at: at.micros(), account: Some(campaign.account.to_string()) }
}

async fn schedule(
    tx: &Tx,
    campaign: &Campaign,
    step: Step,
    at: Time,
    now: Time,
) -> Result<(), DbError> {
    match step {
        Step::ClaimWindow => {
            let event = EndClaims { campaign: campaign.key() };
            enqueue_at(tx, now.micros(), &event, due(campaign, at)).await?;
        }
        other => begin(tx, campaign, other, now).await?,
    }
    Ok(())
}

/// Enqueues the event that does `step`, and shows the step as planned.
pub(crate) async fn begin(
    tx: &Tx,
    campaign: &Campaign,
    step: Step,
    now: Time,
) -> Result<(), DbError> {
    let id = campaign.key();
    let now = now.micros();
    let planned = Mark { step, state: StepState::Planned, detail: "" };
    mark(tx, campaign.id, planned, now).await?;
    match step {
        Step::Media => put(tx, now, campaign, &PublishMedia { campaign: id }).await,
        Step::Post1 => put(tx, now, campaign, &PublishContent { campaign: id }).await,
        Step::Fund => put(tx, now, campaign, &Fund { campaign: id }).await,
        Step::Post2 => put(tx, now, campaign, &PublishSecondContent { campaign: id }).await,
        Step::Activate => put(tx, now, campaign, &Activate { campaign: id }).await,
        Step::Track => begin_tracking(tx, campaign.id, now).await,
        Step::Collect => put(tx, now, campaign, &CollectEngagement::last(id)).await,
        Step::Allocate => put(tx, now, campaign, &Allocate { campaign: id }).await,
        Step::CloseContract => put(tx, now, campaign, &CloseContract { campaign: id }).await,
        Step::Pay => put(tx, now, campaign, &PayBatch { campaign: id }).await,
        Step::Announce => put(tx, now, campaign, &Announce { campaign: id }).await,
        Step::ClaimWindow => put(tx, now, campaign, &EndClaims { campaign: id }).await,
        Step::Refund => put(tx, now, campaign, &BudgetRefund { campaign: id }).await,
        Step::Finalise => put(tx, now, campaign, &Finalise { campaign: id }).await,
        Step::FinalPost => put(tx, now, campaign, &FinalPost { campaign: id }).await,
        Step::ReturnFunds => put(tx, now, campaign, &ReturnFunds { campaign: id }).await,
        Step::DeletePosts => put(tx, now, campaign, &DeletePosts { campaign: id }).await,
    }
}

/// Enqueues an event of a campaign, due now. It takes the turn of the campaign's account: whoever has
/// much to do delays nobody else.
pub(crate) async fn put<M: Message>(
    tx: &Tx,
    now: i64,
    campaign: &Campaign,
    event: &M,
) -> Result<(), DbError> {
    enqueue_at(tx, now, event, due(campaign, Time::from_micros(now))).await
}

/// Stalls the campaign at `step` and publishes the error event of its phase. Nothing happens when
/// it is not there any more: somebody else stalled it, or it went on.
pub(crate) async fn stall(
    tx: &Tx,
    id: CampaignId,
    step: Step,
    why: &str,
    now: i64,
) -> Result<(), DbError> {
    let Some(mut campaign) = store::load_for_update(tx, id).await? else { return Ok(()) };
    let with = With { reason: Some(why), funds: None };
    match apply(tx, &mut campaign, Command::Stall { step }, with, Time::from_micros(now)).await {
        Ok(()) => {}
        Err(Refused::Domain(_) | Refused::Balance) => return Ok(()),
        Err(Refused::Db(error)) => return Err(error),
    }
    mark(tx, id, Mark { step, state: StepState::Failed, detail: why }, now).await?;
    let (id, named, reason) = (campaign.key(), step.as_str().to_owned(), why.to_owned());
    match step {
        Step::Fund
        | Step::CloseContract
        | Step::Pay
        | Step::Refund
        | Step::Finalise
        | Step::ReturnFunds => {
            let event = ContractError { campaign: id, step: named, reason };
            put(tx, now, &campaign, &event).await
        }
        Step::Media | Step::Post1 | Step::Post2 | Step::Activate | Step::DeletePosts => {
            let event = PublishError { campaign: id, step: named, reason };
            put(tx, now, &campaign, &event).await
        }
        Step::Track
        | Step::Collect
        | Step::Allocate
        | Step::Announce
        | Step::ClaimWindow
        | Step::FinalPost => {
            let event = ClosingError { campaign: id, step: named, reason };
            put(tx, now, &campaign, &event).await
        }
    }
}
