//! `CAMPAIGN_ANNOUNCE`: says how many people were paid, how much, and until when others can claim.
//!
//! After     the first pass of payouts.
//! Asks      the network to post a reply.
//! Stores    the step; state Claimable; the end of the claim window as a scheduled event.
//! Then      [`EndClaims`](super::EndClaims) at that time.
//! Twice     finds the post that it made.
//! Never     when access was revoked: Stalled, the owner links again and resumes.
//!
//! Why the window's end is the contract's and not ours: it grows when payouts were paused.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Command, Phase, Step};
use hashbuzz_domain::{Amount, Time};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::store;
use super::thread::{Reply, reply};
use crate::App;
use crate::campaign::transition::{Refused, With};
use crate::campaign::{Campaign, apply, load, load_for_update, stall};
use crate::stored::parse;

/// Announce the first payouts.
#[derive(Serialize, Deserialize)]
pub struct Announce {
    /// Which campaign.
    pub campaign: String,
}

impl Message for Announce {
    const KIND: &'static str = "CAMPAIGN_ANNOUNCE.v1";
    const QUEUE: Queue = Queue::Social;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for Announce {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        let Some(until) = campaign.claim_until.filter(|_| campaign.is_at(Phase::Settling)) else {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        };
        let text = text(app, &campaign).await?;
        let mut settled = match reply(app, &turn, &campaign, Step::Announce, text).await? {
            Reply::Settled(settled) => settled,
            Reply::Turn(verdict) => return Ok(verdict),
        };
        let tx = app.db.begin().await?;
        settled.record(&tx, &turn, &campaign).await?;
        if let Some(mut held) = load_for_update(&tx, campaign.id).await? {
            let (command, now) = (Command::OpenClaims { until }, Time::from_micros(turn.now()));
            match apply(&tx, &mut held, command, With::default(), now).await {
                Ok(()) | Err(Refused::Domain(_)) => {}
                Err(error) => return Err(Failure(error.to_string())),
            }
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Announce, why, app.clock.now()).await
    }
}

/// From frozen facts alone, so that a turn that is repeated says the same: what was paid in the
/// first pass does not change while this event waits, because only this event ends the pass.
async fn text(app: &App, campaign: &Campaign) -> Result<String, Failure> {
    let code = campaign.code();
    let asset = campaign.draft.budget.asset();
    let Some(frozen) = store::frozen(&app.db, campaign.id).await? else {
        return Err(Failure("the allocation is not frozen".to_owned()));
    };
    if frozen.eligible == 0 {
        return Ok(format!(
            "This campaign is over. Nobody took part; the budget goes back. {code}"
        ));
    }
    let total = Amount::new(frozen.total, asset);
    let window = campaign.draft.claim_window;
    Ok(format!(
        "This campaign is over: {} people share {total}. Not paid yet? Link your wallet within \
         {window} and you will be. {code}",
        frozen.eligible
    ))
}
