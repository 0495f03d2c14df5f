//! `CAMPAIGN_ACTIVATE`: the campaign runs, and its end is scheduled.
//!
//! After     post 2 is public, or was refused.
//! Asks      nobody.
//! Stores    start and close time; state Running.
//! Then      tracking now, `CAMPAIGN_CLOSE_OPERATION` at the close time: both are stored with the
//!           state, so an end cannot be lost by a restart.
//! Twice     the domain refuses a second activation.
//! Never     —
//!
//! Why a step of its own: from here on the campaign's time counts, and people see when it ends.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Command, Step};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::transition::{Refused, With};
use super::{Mark, StepState, apply, load_for_update, mark, stall, store};
use crate::App;
use crate::stored::parse;

/// Begin the campaign's time.
#[derive(Serialize, Deserialize)]
pub struct Activate {
    /// Which campaign.
    pub campaign: String,
}

impl Message for Activate {
    const KIND: &'static str = "CAMPAIGN_ACTIVATE.v1";
    const QUEUE: Queue = Queue::Housekeeping;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for Activate {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let now = Time::from_micros(turn.now());
        let tx = app.db.begin().await?;
        if let Some(mut campaign) = load_for_update(&tx, parse(&self.campaign)?).await? {
            let duration = campaign.draft.duration;
            let command = Command::Activate { duration };
            match apply(&tx, &mut campaign, command, With::default(), now).await {
                Ok(()) => {
                    store::save_times(&tx, campaign.id, now, now.plus(duration)).await?;
                    let detail = format!("running for {duration}");
                    let step =
                        Mark { step: Step::Activate, state: StepState::Done, detail: &detail };
                    mark(&tx, campaign.id, step, turn.now()).await?;
                }
                Err(Refused::Domain(_)) => {}
                Err(error) => return Err(Failure(error.to_string())),
            }
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Activate, why, app.clock.now()).await
    }
}
