//! `CAMPAIGN_RATE_UPDATED`, `CAMPAIGN_CLOSED`: facts that follow from closing, for whoever listens.
//!
//! After     the transaction that made the fact.
//! Asks      nobody.
//! Stores    a line of the timeline.
//! Then      nothing.
//! Twice     adds the line once; the event is finished with it.
//! Never     —
//!
//! Why their figures are in the payload: they are final, and a reader must not see later ones.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::{Amount, Asset};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::campaign::note;
use crate::stored::parse;

/// More was owed than there is: every line was scaled.
#[derive(Serialize, Deserialize)]
pub struct RateUpdated {
    /// Which campaign.
    pub campaign: String,
    /// What there is, in units.
    pub budget: u64,
    /// What all lines were owed, in units; as text, because it may be above 64 bits.
    pub owed: String,
}

/// It is over.
#[derive(Serialize, Deserialize)]
pub struct CampaignClosed {
    /// Which campaign.
    pub campaign: String,
    /// How many people were paid.
    pub people: i64,
    /// What they were paid, in units.
    pub paid: u64,
    /// What went back, in units.
    pub refunded: u64,
}

impl Message for RateUpdated {
    const KIND: &'static str = "CAMPAIGN_RATE_UPDATED.v1";
    const QUEUE: Queue = Queue::Housekeeping;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

impl Message for CampaignClosed {
    const KIND: &'static str = "CAMPAIGN_CLOSED.v1";
    const QUEUE: Queue = Queue::Housekeeping;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for RateUpdated {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let budget = Amount::new(self.budget, Asset::Hbar);
        let message = match self.owed.parse() {
            Ok(owed) => format!(
                "{} was owed of a budget of {budget}: every line is scaled",
                Amount::new(owed, Asset::Hbar)
            ),
            Err(_) => format!("more was owed than the budget of {budget}: every line is scaled"),
        };
        tell(app, turn, &self.campaign, "CAMPAIGN_RATE_UPDATED", &message).await
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

#[async_trait]
impl Handle<App> for CampaignClosed {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let paid = Amount::new(self.paid, Asset::Hbar);
        let refunded = Amount::new(self.refunded, Asset::Hbar);
        let message = format!("{} people received {paid}; {refunded} went back", self.people);
        tell(app, turn, &self.campaign, "CAMPAIGN_CLOSED", &message).await
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

async fn tell(
    app: &App,
    turn: Turn,
    campaign: &str,
    kind: &str,
    message: &str,
) -> Result<Verdict, Failure> {
    let tx = app.db.begin().await?;
    note(&tx, parse(campaign)?, kind, None, message, turn.now()).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}
