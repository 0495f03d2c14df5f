//! `CAMPAIGN_PUBLISH_CONTENT`: the campaign's content becomes public.
//!
//! After     an accepted publish; with media, once the network has all of them.
//! Asks      the ledger for the sponsor's balance once more, then the network to post.
//! Stores    the post's id and time; the step.
//! Then      [`Fund`](super::Fund); or [`PublishMedia`](super::PublishMedia) once more, when the
//!           network forgot the media: nothing was posted then.
//! Twice     finds the post that it made: the effect is unique by campaign and step.
//! Never     when the network refuses the text or the access. Nothing is public then, so the
//!           campaign is Approved again if the network refused, Stalled if access has to be renewed.
//!
//! Why the post comes before the money: a post can be deleted, and a campaign that is funded and
//! cannot be announced would lock a brand's budget for nothing.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Command, Phase, Step};
use hashbuzz_domain::{PostId, Time};
use hashbuzz_outbox::effect::{EffectFilter, State, search};
use hashbuzz_outbox::operator::Page;
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use hashbuzz_social::NewPost;
use serde::{Deserialize, Serialize};

use super::transition::{Refused, With, begin, put};
use super::{Campaign, Mark, StepState, apply, load, load_for_update, mark, stall, store};
use crate::account::Acting;
use crate::effects::{Asked, Done, PostEffect, post};
use crate::stored::parse;
use crate::{App, account, media, treasury};

/// Post the campaign's content.
#[derive(Serialize, Deserialize)]
pub struct PublishContent {
    /// Which campaign.
    pub campaign: String,
}

impl Message for PublishContent {
    const KIND: &'static str = "CAMPAIGN_PUBLISH_CONTENT.v1";
    const QUEUE: Queue = Queue::Social;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for PublishContent {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        if !campaign.is_at(Phase::Publishing) {
            return finish(app, turn).await;
        }
        if !is_posting(app, &campaign).await? && !still_covered(app, &campaign).await? {
            let why = "the escrow balance or allowance does not cover budget and fee any more: \
                       deposit or allow more, then publish again";
            return abandon(app, turn, &campaign, Step::Post1, why).await;
        }
        let brand = match account::acting(app, &turn, campaign.account, Some(campaign.id)).await? {
            Acting::Brand(brand) => brand,
            Acting::Turn(verdict) => return Ok(verdict),
        };
        let Some(shown) = media::shown(app, &campaign).await? else {
            return upload_first(app, turn, &campaign).await;
        };
        let text = campaign.draft.content().0;
        let content = NewPost { text, reply_to: None, media: shown.uploads };
        let wanted = PostEffect {
            campaign: campaign.id,
            step: Step::Post1,
            brand: &brand,
            post: &content,
            shown_until: shown.until,
            taken: campaign.posts(),
        };
        match post(app, &turn, &wanted).await? {
            Asked::Result(id, done) => record(app, turn, &campaign, &id, done).await,
            Asked::Refused(why) => abandon(app, turn, &campaign, Step::Post1, &why).await,
            Asked::Turn(verdict) => Ok(verdict),
        }
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        stall(tx, parse(&self.campaign)?, Step::Post1, why, app.clock.now()).await
    }
}

/// The chain's balance, read again: it may have been withdrawn since the publish was accepted.
async fn still_covered(app: &App, campaign: &Campaign) -> Result<bool, Failure> {
    let available = treasury::available(app, campaign.account)
        .await
        .map_err(|error| Failure(error.to_string()))?;
    let funds = available.funds;
    Ok(campaign.cost().is_some_and(|cost| cost <= funds.free.min(funds.allowance)))
}

async fn record(
    app: &App,
    turn: Turn,
    campaign: &Campaign,
    post: &PostId,
    mut done: Box<Done>,
) -> Result<Verdict, Failure> {
    let now = Time::from_micros(turn.now());
    let tx = app.db.begin().await?;
    done.record(&tx, &turn).await?;
    let detail = told("public", app, post, &done);
    mark(
        &tx,
        campaign.id,
        Mark { step: Step::Post1, state: StepState::Done, detail: &detail },
        turn.now(),
    )
    .await?;
    // Its age begins before the answer: whoever replies while an answer that was lost is still
    // looked for takes part like anybody else.
    let posted = Time::from_micros(done.sent_at(turn.now()));
    store::save_post_1(&tx, campaign.id, post, posted).await?;
    advance(&tx, campaign, Step::Post1, now).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// The step's words: where the post is, and that its answer had been lost where it was.
pub(super) fn told(what: &str, app: &App, post: &PostId, done: &Done) -> String {
    format!("{what}: {}{}", app.network.post_url(post), done.found_words())
}

/// Goes on to the next step, unless the campaign is somewhere else by now.
pub(super) async fn advance(
    tx: &Tx,
    campaign: &Campaign,
    done: Step,
    now: Time,
) -> Result<(), Failure> {
    let Some(mut held) = load_for_update(tx, campaign.id).await? else { return Ok(()) };
    match apply(tx, &mut held, Command::Advance { done }, With::default(), now).await {
        Ok(()) | Err(Refused::Domain(_)) => Ok(()),
        Err(error) => Err(Failure(error.to_string())),
    }
}

/// Whether the first post is public, or perhaps is: from then on nothing is taken back by itself.
pub(super) async fn is_posting(app: &App, campaign: &Campaign) -> Result<bool, Failure> {
    let perhaps = EffectFilter {
        states: vec![State::Started, State::Unknown, State::NeedsPerson, State::Done],
        key: Some(campaign.key()),
        step: Some(Step::Post1.as_str().to_owned()),
        kind: None,
    };
    let page = search(&app.db, &perhaps, &Page { after: None, limit: 1 }).await?;
    Ok(campaign.post_1.is_some() || !page.items.is_empty())
}

/// The network does not have the campaign's media: they come first.
async fn upload_first(app: &App, turn: Turn, campaign: &Campaign) -> Result<Verdict, Failure> {
    let tx = app.db.begin().await?;
    begin(&tx, campaign, Step::Media, Time::from_micros(turn.now())).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// Nothing is public or funded: Approved again, with the reason, and the owner decides.
pub(super) async fn abandon(
    app: &App,
    turn: Turn,
    campaign: &Campaign,
    step: Step,
    why: &str,
) -> Result<Verdict, Failure> {
    let now = Time::from_micros(turn.now());
    let tx = app.db.begin().await?;
    if let Some(mut held) = load_for_update(&tx, campaign.id).await? {
        let with = With { reason: Some(why), funds: None };
        match apply(&tx, &mut held, Command::Abandon, with, now).await {
            Ok(()) | Err(Refused::Domain(_)) => {}
            Err(error) => return Err(Failure(error.to_string())),
        }
        let failed = Mark { step, state: StepState::Failed, detail: why };
        mark(&tx, campaign.id, failed, turn.now()).await?;
        let error = super::PublishError {
            campaign: campaign.key(),
            step: step.as_str().to_owned(),
            reason: why.to_owned(),
        };
        put(&tx, turn.now(), campaign, &error).await?;
    }
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// Nothing to do any more: somebody went on, or undid it.
pub(crate) async fn finish(app: &App, turn: Turn) -> Result<Verdict, Failure> {
    let tx = app.db.begin().await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}
