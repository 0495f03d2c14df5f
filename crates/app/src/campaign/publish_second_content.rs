//! `CAMPAIGN_PUBLISH_SECOND_CONTENT`: the reply that says what is paid, until when, where to join.
//!
//! After     the contract holds the budget.
//! Asks      the network to post a reply to post 1.
//! Stores    the post's id; the step.
//! Then      [`Activate`](super::Activate).
//! Twice     finds the post that it made.
//! Never     when access was revoked. A refusal (the network's reply rules) is recorded and shown,
//!           and the campaign goes on: posts after the first are announcements.
//!
//! Why only now: it promises money, so the money must be locked first.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Phase, Reward, Step};
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{Amount, Time};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use hashbuzz_social::NewPost;
use serde::{Deserialize, Serialize};

use super::publish_content::{advance, finish, told};
use super::{Campaign, Mark, StepState, load, mark, stall, store};
use crate::account::Acting;
use crate::effects::{Asked, PostEffect, post};
use crate::stored::parse;
use crate::{App, account};

/// Post what is paid.
#[derive(Serialize, Deserialize)]
pub struct PublishSecondContent {
    /// Which campaign.
    pub campaign: String,
}

impl Message for PublishSecondContent {
    const KIND: &'static str = "CAMPAIGN_PUBLISH_SECOND_CONTENT.v1";
    const QUEUE: Queue = Queue::Social;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for PublishSecondContent {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        let Some((post_1, _)) =
            campaign.post_1.clone().filter(|_| campaign.is_at(Phase::Publishing))
        else {
            return finish(app, turn).await;
        };
        let brand = match account::acting(app, &turn, campaign.account, Some(campaign.id)).await? {
            Acting::Brand(brand) => brand,
            Acting::Turn(verdict) => return Ok(verdict),
        };
        let text = announcement(&campaign, &app.settings.join_url);
        let content = NewPost { text, reply_to: Some(post_1), media: Vec::new() };
        let wanted = PostEffect {
            campaign: campaign.id,
            step: Step::Post2,
            brand: &brand,
            post: &content,
            shown_until: None,
            taken: campaign.posts(),
        };
        let now = Time::from_micros(turn.now());
        let (state, detail, id, done) = match post(app, &turn, &wanted).await? {
            Asked::Result(id, done) => {
                let detail = told("public", app, &id, &done);
                (StepState::Done, detail, Some(id), Some(done))
            }
            Asked::Refused(why) => {
                (StepState::Failed, format!("refused, going on without it: {why}"), None, None)
            }
            Asked::Turn(verdict) => return Ok(verdict),
        };
        let tx = app.db.begin().await?;
        if let Some(mut done) = done {
            done.record(&tx, &turn).await?;
        }
        if let Some(id) = &id {
            store::save_post_2(&tx, campaign.id, id).await?;
        }
        let step = Mark { step: Step::Post2, state, detail: &detail };
        mark(&tx, campaign.id, step, turn.now()).await?;
        advance(&tx, &campaign, Step::Post2, now).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Post2, why, app.clock.now()).await
    }
}

/// What the second post says. Short enough for every network: at most about 230 characters.
pub(super) fn announcement(campaign: &Campaign, join_url: &str) -> String {
    let draft = &campaign.draft;
    let paid = match &draft.reward {
        Reward::Awareness(rates) => {
            let asset = draft.budget.asset();
            let kinds: Vec<String> = Kind::ALL
                .into_iter()
                .filter(|kind| rates.of(*kind) > 0)
                .map(|kind| format!("{kind} {}", Amount::new(rates.of(kind), asset).to_decimal()))
                .collect();
            format!(
                "{} {asset} for taking part ({} each).",
                draft.budget.to_decimal(),
                kinds.join(", ")
            )
        }
        Reward::Quest(_) => {
            format!("{} are shared by everybody who replies with the right answer.", draft.budget)
        }
    };
    let join = if join_url.is_empty() { String::new() } else { format!(" Join: {join_url}") };
    format!("{paid} Open for {}.{join} #ad {}", draft.duration, campaign.code())
}
