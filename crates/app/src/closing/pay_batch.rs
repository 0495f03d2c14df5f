//! `CAMPAIGN_PAY_BATCH`: pays everybody who has a wallet, one numbered batch a turn.
//!
//! After     the contract is closed; in the claim window, when somebody links a wallet.
//! Asks      the ledger: `payBatch(id, number, entries)`.
//! Stores    first which lines are in the batch, then that it was paid, and the books' entry.
//! Then      itself while there are lines with a wallet; after the first pass
//!           [`Announce`](super::Announce).
//! Twice     a batch has a number: the contract takes each once, in order, and pays an index once.
//! Never     when the contract refuses: Stalled at `pay`; nothing is paid another way.
//!
//! Why the batch is stored before it is sent: after a crash the same lines go out under the same
//! number, whoever linked a wallet meanwhile.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_domain::{AccountId, Amount, Asset, CampaignId, Time};
use hashbuzz_ledger::{EscrowCall, PayEntry};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::payees::Payees;
use super::payout_plan;
use super::store::{self, Unpaid};
use crate::campaign::{Campaign, Mark, StepState, load, mark, note, stall, transition};
use crate::effects::{Asked, Done, transact};
use crate::stored::parse;
use crate::treasury::{self, Entry};
use crate::{App, account};

/// Between two tries while the contract's payout ceiling per hour is reached.
const CEILING_WAIT: i64 = 600_000_000;

/// Pay the next batch.
#[derive(Serialize, Deserialize)]
pub struct PayBatch {
    /// Which campaign.
    pub campaign: String,
}

impl Message for PayBatch {
    const KIND: &'static str = "CAMPAIGN_PAY_BATCH.v1";
    const QUEUE: Queue = Queue::Ledger;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }

    fn dedupe(&self) -> Option<String> {
        Some(format!("pay/{}", self.campaign))
    }
}

#[async_trait]
impl Handle<App> for PayBatch {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !(campaign.is_at(Phase::Settling) || campaign.is_at(Phase::Claimable)) {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        }
        let Some(number) = next_batch(app, &turn, &campaign).await? else {
            return all_paid(app, turn, &campaign).await;
        };
        let lines = store::batch_lines(&app.db, campaign.id, number).await?;
        let call = EscrowCall::PayBatch {
            campaign: campaign.id,
            batch: u32::try_from(number).map_err(|_| Failure("too many batches".to_owned()))?,
            entries: entries(app, &lines).await?,
        };
        match transact(app, &turn, campaign.id, Step::Pay, number, &call).await? {
            Asked::Result(_, done) => record(app, turn, &campaign, number, &lines, done).await,
            // The contract's bound on what any hour may cost: the batch goes out when there is room.
            Asked::Refused(why) if why.contains("PayoutCeilingReached") => {
                Ok(Verdict::Later { until: turn.now() + CEILING_WAIT, why })
            }
            Asked::Refused(why) => {
                Ok(Verdict::Never { why: format!("the contract refused batch {number}: {why}") })
            }
            Asked::Turn(verdict) => Ok(verdict),
        }
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        let id: CampaignId = parse(&self.campaign)?;
        let campaign = load(tx, id).await?;
        let step = if campaign.is_at(Phase::Claimable) { Step::ClaimWindow } else { Step::Pay };
        stall(tx, id, step, why, app.clock.now()).await
    }
}

/// The batch that was begun, or a new one; none when nobody with a wallet is left, or when the claim
/// window is over and what is left is the sponsor's.
async fn next_batch(app: &App, turn: &Turn, campaign: &Campaign) -> Result<Option<i64>, Failure> {
    if let Some(number) = store::open_batch(&app.db, campaign.id).await? {
        return Ok(Some(number));
    }
    if campaign.is_at(Phase::Claimable)
        && campaign.claim_until <= Some(Time::from_micros(turn.now()))
    {
        return Ok(None);
    }
    let id = campaign.id;
    let lines = with_wallet(app, id).await?;
    if lines.is_empty() {
        return Ok(None);
    }
    // Told once, with the batch that it is before.
    let first = store::paid(&app.db, id).await?.transactions == 0;
    let planned = if first { Some(payout_plan::planned(app, id).await?) } else { None };
    let tx = turn.begin(&app.db).await?;
    let number = store::begin_batch(&tx, id, &lines).await?;
    if let Some(planned) = planned {
        note(&tx, id, "planned", Some(Step::Pay), &planned, turn.now()).await?;
    }
    tx.commit().await?;
    Ok(Some(number))
}

/// Unpaid lines of people with a wallet, as many as fit one transaction.
async fn with_wallet(app: &App, campaign: CampaignId) -> Result<Vec<(Unpaid, AccountId)>, Failure> {
    let most = app.ledger.max_batch();
    let (mut chosen, mut payees) = (Vec::new(), Payees::of(campaign));
    while chosen.len() < most
        && let Some(page) = payees.next(app).await?
    {
        chosen.extend(page);
    }
    chosen.truncate(most);
    Ok(chosen)
}

async fn entries(app: &App, lines: &[(Unpaid, AccountId)]) -> Result<Vec<PayEntry>, Failure> {
    let mut entries = Vec::with_capacity(lines.len());
    for (line, account) in lines {
        let address = account::evm_address(&app.db, *account)
            .await?
            .ok_or_else(|| Failure(format!("{account} is not registered any more")))?;
        entries.push(PayEntry { account: address, amount: line.amount, index: line.position });
    }
    Ok(entries)
}

async fn record(
    app: &App,
    turn: Turn,
    campaign: &Campaign,
    number: i64,
    lines: &[(Unpaid, AccountId)],
    mut done: Box<Done>,
) -> Result<Verdict, Failure> {
    let now = turn.now();
    let amount: u64 = lines.iter().map(|(line, _)| line.amount).sum();
    let tx = app.db.begin().await?;
    done.record(&tx, &turn).await?;
    let fee = done.fee_tinybar();
    store::finish_batch(&tx, campaign.id, number, fee, now).await?;
    treasury::book(&tx, campaign.id, Entry::Paid, number, amount, now).await?;
    let found = done.found_words();
    let people = lines.len();
    let amount = Amount::new(amount, campaign.draft.budget.asset());
    let all = store::paid(&tx, campaign.id).await?.people;
    let fee = fee.map(|fee| format!(" for {}", Amount::new(fee, Asset::Hbar))).unwrap_or_default();
    let message =
        format!("batch {number}: {people} people paid {amount}{fee}{found}; {all} paid so far");
    note(&tx, campaign.id, "paid", Some(Step::Pay), &message, now).await?;
    transition::put(&tx, now, campaign, &PayBatch { campaign: campaign.key() }).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// Everybody with a wallet is paid: after the first pass that is announced.
async fn all_paid(app: &App, turn: Turn, campaign: &Campaign) -> Result<Verdict, Failure> {
    let now = turn.now();
    if !campaign.is_at(Phase::Settling) {
        let tx = app.db.begin().await?;
        return Ok(Verdict::Done(turn.commit(tx).await?));
    }
    let paid = store::paid(&app.db, campaign.id).await?;
    let took = payout_plan::took(app, &paid).await;
    let amount = Amount::new(paid.amount, campaign.draft.budget.asset());
    let detail = format!("{} people paid {amount}: {took}", paid.people);
    let tx = app.db.begin().await?;
    let step = Mark { step: Step::Pay, state: StepState::Done, detail: &detail };
    mark(&tx, campaign.id, step, now).await?;
    transition::begin(&tx, campaign, Step::Announce, Time::from_micros(now)).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}
