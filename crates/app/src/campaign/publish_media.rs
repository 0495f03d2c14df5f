//! `CAMPAIGN_PUBLISH_MEDIA`: the campaign's pictures or video reach the network, before its post.
//!
//! After     an accepted publish of a campaign with media; or the network forgot them.
//! Asks      the network: begin, a piece each, finish, how it stands, describe.
//! Stores    an effect a call, and with it how far each medium is; the step.
//! Then      itself while there is more to do, then [`PublishContent`](super::PublishContent).
//! Twice     goes on where the last one stopped; a call whose answer was lost is made again, which
//!           nobody sees.
//! Never     when access has to be renewed. What the network refuses or cannot use stops the
//!           publication: nothing is public then, so the campaign is Approved again, with the
//!           network's words. A medium is never left out.
//!
//! Why a few calls a turn and then an event of its own: a turn has a lease of a minute and a video
//! five hundred pieces, other accounts wait for their turn, and trouble with one piece must not use
//! up the attempts of the next.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::publish_content::{abandon, advance, finish, is_posting};
use super::transition::put;
use super::{Campaign, Mark, StepState, load, mark, stall};
use crate::account::Acting;
use crate::media::{Progress, Work, next_call};
use crate::stored::parse;
use crate::{App, account};

/// Calls of one turn.
const CALLS: usize = 16;
/// No call is begun later than this after the turn began, in microseconds: its lease has to last.
const BEGIN_WITHIN: i64 = 15_000_000;

/// Bring the campaign's media to the network.
#[derive(Serialize, Deserialize)]
pub struct PublishMedia {
    /// Which campaign.
    pub campaign: String,
}

impl Message for PublishMedia {
    const KIND: &'static str = "CAMPAIGN_PUBLISH_MEDIA.v1";
    const QUEUE: Queue = Queue::Social;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for PublishMedia {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Publishing) || is_posting(app, &campaign).await? {
            return finish(app, turn).await;
        }
        let brand = match account::acting(app, &turn, campaign.account, Some(campaign.id)).await? {
            Acting::Brand(brand) => brand,
            Acting::Turn(verdict) => return Ok(verdict),
        };
        let work = Work { campaign: &campaign, brand: &brand };
        let began = turn.now();
        for _ in 0..CALLS {
            match next_call(app, &turn, &work).await? {
                Progress::Went if turn.now() > began + BEGIN_WITHIN => break,
                Progress::Went => {}
                Progress::Ready => return ready(app, turn, &campaign).await,
                Progress::Refused(why) => {
                    return abandon(app, turn, &campaign, Step::Media, &why).await;
                }
                Progress::Turn(verdict) => return Ok(verdict),
            }
        }
        go_on(app, turn, &campaign).await
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Media, why, app.clock.now()).await
    }
}

async fn ready(app: &App, turn: Turn, campaign: &Campaign) -> Result<Verdict, Failure> {
    let tx = app.db.begin().await?;
    let detail = match campaign.draft.media.len() {
        1 => "the network has it".to_owned(),
        many => format!("the network has all {many}"),
    };
    let done = Mark { step: Step::Media, state: StepState::Done, detail: &detail };
    mark(&tx, campaign.id, done, turn.now()).await?;
    advance(&tx, campaign, Step::Media, Time::from_micros(turn.now())).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

async fn go_on(app: &App, turn: Turn, campaign: &Campaign) -> Result<Verdict, Failure> {
    let tx = app.db.begin().await?;
    put(&tx, turn.now(), campaign, &PublishMedia { campaign: campaign.key() }).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}
