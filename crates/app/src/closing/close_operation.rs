//! `CAMPAIGN_CLOSE_OPERATION`: the campaign's time is over.
//!
//! After     the close time that was stored with the activation. An owner who closes early does
//!           the same through the API.
//! Asks      nobody.
//! Stores    state Closing and when it closed.
//! Then      the last collection.
//! Twice     the domain refuses to close what does not run; that is a success here.
//! Never     —
//!
//! Why a due event and no timer: a timer dies with its process.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::Command;
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::campaign::transition::{Refused, With};
use crate::campaign::{apply, load_for_update};
use crate::stored::parse;

/// End a campaign.
#[derive(Serialize, Deserialize)]
pub struct CloseOperation {
    /// Which campaign.
    pub campaign: String,
}

impl Message for CloseOperation {
    const KIND: &'static str = "CAMPAIGN_CLOSE_OPERATION.v1";
    const QUEUE: Queue = Queue::Closing;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }

    fn dedupe(&self) -> Option<String> {
        Some(format!("close/{}", self.campaign))
    }
}

#[async_trait]
impl Handle<App> for CloseOperation {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let now = Time::from_micros(turn.now());
        let tx = app.db.begin().await?;
        if let Some(mut campaign) = load_for_update(&tx, parse(&self.campaign)?).await? {
            match apply(&tx, &mut campaign, Command::Close, With::default(), now).await {
                Ok(()) | Err(Refused::Domain(_)) => {}
                Err(error) => return Err(Failure(error.to_string())),
            }
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}
