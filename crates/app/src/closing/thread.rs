//! Posts that end a campaign's thread. They are announcements: when the network refuses one, that is
//! recorded and shown, and the campaign goes on.

use hashbuzz_db::Tx;
use hashbuzz_domain::campaign::Step;
use hashbuzz_outbox::{Failure, Turn, Verdict};
use hashbuzz_social::NewPost;

use crate::account::Acting;
use crate::campaign::{Campaign, Mark, StepState, mark};
use crate::effects::{Asked, Done, PostEffect, post};
use crate::{App, account};

/// What came of a reply.
pub(super) enum Reply {
    /// Posted or refused: to be recorded by the caller.
    Settled(Settled),
    /// The turn ends here.
    Turn(Verdict),
}

/// A reply that is posted, or was refused.
pub(super) struct Settled {
    step: Step,
    state: StepState,
    detail: String,
    done: Option<Box<Done>>,
}

impl Settled {
    /// Records effect and step.
    pub(super) async fn record(
        &mut self,
        tx: &Tx,
        turn: &Turn,
        campaign: &Campaign,
    ) -> Result<(), Failure> {
        if let Some(done) = &mut self.done {
            done.record(tx, turn).await?;
        }
        let step = Mark { step: self.step, state: self.state, detail: &self.detail };
        Ok(mark(tx, campaign.id, step, turn.now()).await?)
    }
}

/// Replies to the end of the campaign's thread.
pub(super) async fn reply(
    app: &App,
    turn: &Turn,
    campaign: &Campaign,
    step: Step,
    text: String,
) -> Result<Reply, Failure> {
    let brand = match account::acting(app, turn, campaign.account, Some(campaign.id)).await? {
        Acting::Brand(brand) => brand,
        Acting::Turn(verdict) => return Ok(Reply::Turn(verdict)),
    };
    let wanted = PostEffect {
        campaign: campaign.id,
        step,
        brand: &brand,
        post: &NewPost { text, reply_to: campaign.posts().first().cloned(), media: Vec::new() },
        shown_until: None,
        taken: campaign.posts(),
    };
    let (state, detail, done) = match post(app, turn, &wanted).await? {
        Asked::Result(id, done) => {
            let detail = format!("public: {}{}", app.network.post_url(&id), done.found_words());
            (StepState::Done, detail, Some(done))
        }
        Asked::Refused(why) => {
            (StepState::Failed, format!("refused, going on without it: {why}"), None)
        }
        Asked::Turn(verdict) => return Ok(Reply::Turn(verdict)),
    };
    Ok(Reply::Settled(Settled { step, state, detail, done }))
}
