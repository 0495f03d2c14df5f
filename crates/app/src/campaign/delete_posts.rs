//! `CAMPAIGN_DELETE_POSTS`: roll back, step 2 of 2: the posts go, and the campaign is over.
//!
//! After     the funds are back.
//! Asks      the network to delete each post, the newest first.
//! Stores    an effect a post; the step; state RolledBack.
//! Then      nothing.
//! Twice     deleting what is gone is a success.
//! Never     a deletion that the network refuses is shown and does not hold anything up.
//!
//! Why the newest first: readers of the thread never see a promise without its beginning.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Command, Phase, Step};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::publish_content::finish;
use super::transition::{Refused, With};
use super::{Mark, StepState, apply, load, load_for_update, mark, stall};
use crate::account::Acting;
use crate::effects::{Asked, delete};
use crate::stored::{count, parse};
use crate::{App, account};

/// Delete the campaign's posts.
#[derive(Serialize, Deserialize)]
pub struct DeletePosts {
    /// Which campaign.
    pub campaign: String,
}

impl Message for DeletePosts {
    const KIND: &'static str = "CAMPAIGN_DELETE_POSTS.v1";
    const QUEUE: Queue = Queue::Social;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for DeletePosts {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::RollingBack) {
            return finish(app, turn).await;
        }
        let acting = account::acting(app, &turn, campaign.account, Some(campaign.id)).await?;
        let brand = match acting {
            Acting::Brand(brand) => Ok(brand),
            Acting::Turn(Verdict::Never { why }) => Err(why),
            Acting::Turn(verdict) => return Ok(verdict),
        };
        let (mut results, mut refused) = (Vec::new(), Vec::new());
        for (i, post) in campaign.posts().iter().enumerate().rev() {
            let brand = match &brand {
                Ok(brand) => brand,
                Err(why) => {
                    refused.push(why.clone());
                    break;
                }
            };
            match delete(app, &turn, campaign.id, brand, post, count(i) + 1).await? {
                Asked::Result((), done) => results.push(done),
                Asked::Refused(why) => refused.push(why),
                Asked::Turn(verdict) => return Ok(verdict),
            }
        }
        let tx = app.db.begin().await?;
        let mut detail = format!("{} posts deleted", results.len());
        for mut done in results {
            done.record(&tx, &turn).await?;
        }
        for why in &refused {
            detail.push_str("; not deleted: ");
            detail.push_str(why);
        }
        let state = if refused.is_empty() { StepState::Done } else { StepState::Failed };
        let step = Mark { step: Step::DeletePosts, state, detail: &detail };
        mark(&tx, campaign.id, step, turn.now()).await?;
        if let Some(mut held) = load_for_update(&tx, campaign.id).await? {
            let now = Time::from_micros(turn.now());
            match apply(&tx, &mut held, Command::FinishRollBack, With::default(), now).await {
                Ok(()) | Err(Refused::Domain(_)) => {}
                Err(error) => return Err(Failure(error.to_string())),
            }
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::DeletePosts, why, app.clock.now()).await
    }
}
