//! `CAMPAIGN_FINAL_POST`: the last post, and the campaign is over.
//!
//! After     the contract is finalised.
//! Asks      the network to post a reply.
//! Stores    the step; state Closed; `CAMPAIGN_CLOSED` with the final figures.
//! Then      nothing.
//! Twice     finds the post that it made.
//! Never     when access was revoked: Stalled, the owner links again and resumes.
//!
//! Why it comes after the money: it states what was paid, so that must be over.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Command, Phase, Step};
use hashbuzz_domain::{Amount, Time};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::thread::{Reply, reply};
use super::{CampaignClosed, store};
use crate::campaign::transition::{Refused, With, put};
use crate::campaign::{apply, load, load_for_update, stall};
use crate::stored::parse;
use crate::{App, treasury};

/// Say that it is over.
#[derive(Serialize, Deserialize)]
pub struct FinalPost {
    /// Which campaign.
    pub campaign: String,
}

impl Message for FinalPost {
    const KIND: &'static str = "CAMPAIGN_FINAL_POST.v1";
    const QUEUE: Queue = Queue::Social;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for FinalPost {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Claimable) {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        }
        let asset = campaign.draft.budget.asset();
        let store::Paid { people, amount: paid, .. } = store::paid(&app.db, campaign.id).await?;
        let books = treasury::books(&app.db, campaign.id).await?;
        let text = format!(
            "Done: {people} people received {}; {} went back to the sponsor. {}",
            Amount::new(paid, asset),
            Amount::new(books.refunded, asset),
            campaign.code()
        );
        let mut settled = match reply(app, &turn, &campaign, Step::FinalPost, text).await? {
            Reply::Settled(settled) => settled,
            Reply::Turn(verdict) => return Ok(verdict),
        };
        let now = turn.now();
        let tx = app.db.begin().await?;
        settled.record(&tx, &turn, &campaign).await?;
        if let Some(mut held) = load_for_update(&tx, campaign.id).await? {
            let at = Time::from_micros(now);
            match apply(&tx, &mut held, Command::Finish, With::default(), at).await {
                Ok(()) => {
                    let closed = CampaignClosed {
                        campaign: campaign.key(),
                        people,
                        paid,
                        refunded: books.refunded,
                    };
                    put(&tx, now, &campaign, &closed).await?;
                }
                Err(Refused::Domain(_)) => {}
                Err(error) => return Err(Failure(error.to_string())),
            }
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::FinalPost, why, app.clock.now()).await
    }
}
