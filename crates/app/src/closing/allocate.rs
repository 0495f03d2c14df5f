//! `CAMPAIGN_ALLOCATE`: freezes the log and computes every line.
//!
//! After     the last walk over all lists.
//! Asks      nobody: the domain computes.
//! Stores    root, salt, every line with its explanation: once, for ever.
//! Then      [`CloseContract`](super::CloseContract); `CAMPAIGN_RATE_UPDATED` when more was owed
//!           than there is.
//! Twice     the first allocation counts; the second finds it and goes on.
//! Never     —
//!
//! Why a salt: the root is public, and who took part in what need not be.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Phase, Reward, Step};
use hashbuzz_domain::engagement::Log;
use hashbuzz_domain::engagement::eligibility::Rules;
use hashbuzz_domain::reward::merkle::Scope;
use hashbuzz_domain::reward::{Allocation, Prize, Reason, Terms, awareness, quest};
use hashbuzz_domain::{Amount, ProfileId, Time};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use rand::RngCore as _;
use serde::{Deserialize, Serialize};

use super::RateUpdated;
use super::store::{self, Commitment, Heads};
use crate::campaign::{Campaign, Mark, StepState, load, mark, stall, transition};
use crate::stored::parse;
use crate::{App, account, engagement};

/// Compute who receives what.
#[derive(Serialize, Deserialize)]
pub struct Allocate {
    /// Which campaign.
    pub campaign: String,
}

impl Message for Allocate {
    const KIND: &'static str = "CAMPAIGN_ALLOCATE.v1";
    const QUEUE: Queue = Queue::Closing;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for Allocate {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Closing) {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        }
        let brand = account::brand_profile(app, campaign.account).await?;
        let Some(brand) = brand else {
            return Ok(Verdict::Never { why: "no brand profile is linked".to_owned() });
        };
        let log: Log = engagement::read_log(&app.db, campaign.id).await?.into_iter().collect();
        let allocation = allocate(app, &campaign, &brand, &log)?;
        let mut salt = [0; 32];
        rand::rng().fill_bytes(&mut salt);
        let escrow = app.ledger.escrow();
        let scope =
            Scope { chain: escrow.chain_id, contract: escrow.address, campaign: campaign.id };
        let commitment = Commitment { root: scope.tree(&allocation, &salt).root(), salt };
        let heads = heads(&allocation, &brand);
        record(app, turn, &campaign, &allocation, &commitment, &heads).await
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Allocate, why, app.clock.now()).await
    }
}

/// The domain's word on who receives what.
fn allocate(
    app: &App,
    campaign: &Campaign,
    brand: &ProfileId,
    log: &Log,
) -> Result<Allocation, Failure> {
    let (Some((_, opened)), Some(closed)) = (&campaign.post_1, campaign.closed_at) else {
        return Err(Failure("a campaign without a post or an end cannot be allocated".to_owned()));
    };
    let rules = Rules {
        posts: campaign.posts().into_iter().collect(),
        brand: brand.clone(),
        opened: *opened,
        closes: campaign.closes_at.map_or(closed, |closes| closes.min(closed)),
        grace: app.settings.grace,
        threshold: app.settings.bot_threshold,
        exceptions: std::collections::BTreeSet::new(),
    };
    let budget = campaign.draft.budget.units();
    let minimum_payout = app.settings.minimum_payout;
    let cap = campaign.draft.participant_cap;
    Ok(match &campaign.draft.reward {
        Reward::Awareness(rates) => {
            awareness(log, &rules, &Terms { budget, rates: *rates, cap, minimum_payout })
        }
        Reward::Quest(question) => {
            quest(log, &rules, question, &Prize { budget, cap, minimum_payout })
        }
    })
}

/// A participant is whoever has a line, but for the brand itself, whose posts answer each other;
/// eligible who is paid, excluded who is left out by a rule.
fn heads(allocation: &Allocation, brand: &ProfileId) -> Heads {
    let excluded = |reason: &Reason| {
        matches!(
            reason,
            Reason::NotCounted { .. }
                | Reason::AnswerNotCounted { .. }
                | Reason::SeveralAnswers { .. }
        )
    };
    let people = || allocation.lines.iter().filter(|line| line.profile != *brand);
    Heads {
        participants: people().count(),
        eligible: people().filter(|line| line.index.is_some()).count(),
        excluded: people()
            .filter(|line| line.index.is_none() && line.reasons.iter().any(excluded))
            .count(),
    }
}

async fn record(
    app: &App,
    turn: Turn,
    campaign: &Campaign,
    allocation: &Allocation,
    commitment: &Commitment,
    heads: &Heads,
) -> Result<Verdict, Failure> {
    let now = turn.now();
    let tx = app.db.begin().await?;
    if store::freeze(&tx, campaign.id, allocation, commitment, heads, now).await? {
        let asset = campaign.draft.budget.asset();
        let detail = format!(
            "{} took part, {} are paid {}, {} are left out, {} goes back",
            heads.participants,
            heads.eligible,
            Amount::new(allocation.total, asset),
            heads.excluded,
            Amount::new(allocation.refund, asset)
        );
        let step = Mark { step: Step::Allocate, state: StepState::Done, detail: &detail };
        mark(&tx, campaign.id, step, now).await?;
        if let Some(scale) = allocation.scaled {
            let event = RateUpdated {
                campaign: campaign.key(),
                budget: scale.budget,
                owed: scale.sum.to_string(),
            };
            transition::put(&tx, now, campaign, &event).await?;
        }
    }
    transition::begin(&tx, campaign, Step::CloseContract, Time::from_micros(now)).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}
