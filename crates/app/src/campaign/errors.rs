//! `CAMPAIGN_PUBLISH_ERROR`, `CAMPAIGN_CONTRACT_ERROR`, `CAMPAIGN_CLOSING_ERROR`: a campaign cannot
//! go on, and people are told the step, the reason and what they can do.
//!
//! After     a step gave up; stored in the transaction that stalls the campaign.
//! Asks      nobody.
//! Stores    a line of the timeline.
//! Then      nothing: a person acts.
//! Twice     adds the line once; the event is finished with it.
//! Never     —
//!
//! Why events, when the state says it too: whoever listens (a webhook, a console, an alert) listens
//! to events.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Phase, State};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use serde::{Deserialize, Serialize};

use super::{load, note};
use crate::App;
use crate::stored::parse;

macro_rules! error_event {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        pub struct $name {
            /// Which campaign.
            pub campaign: String,
            /// Which step failed.
            pub step: String,
            /// Why.
            pub reason: String,
        }

        impl Message for $name {
            const KIND: &'static str = concat!($kind, ".v1");
            const QUEUE: Queue = Queue::Housekeeping;

            fn key(&self) -> Option<String> {
                Some(self.campaign.clone())
            }
        }

        #[async_trait]
        impl Handle<App> for $name {
            async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
                tell(app, turn, $kind, &self.campaign, &self.step, &self.reason).await
            }

            async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
                Ok(())
            }
        }
    };
}

error_event!(
    /// Publishing or rolling back cannot go on.
    PublishError,
    "CAMPAIGN_PUBLISH_ERROR"
);
error_event!(
    /// The contract refused.
    ContractError,
    "CAMPAIGN_CONTRACT_ERROR"
);
error_event!(
    /// Running or closing cannot go on.
    ClosingError,
    "CAMPAIGN_CLOSING_ERROR"
);

async fn tell(
    app: &App,
    turn: Turn,
    kind: &str,
    campaign: &str,
    step: &str,
    reason: &str,
) -> Result<Verdict, Failure> {
    let campaign = load(&app.db, parse(campaign)?).await?;
    tracing::warn!(campaign = %campaign.id, step, reason, kind, "a campaign cannot go on");
    let message = format!("{step}: {reason}. {}", what_to_do(campaign.state));
    let tx = app.db.begin().await?;
    note(&tx, campaign.id, kind, None, &message, turn.now()).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// What its owner can do about a campaign in this state.
pub(super) const fn what_to_do(state: State) -> &'static str {
    match state {
        State::Stalled { origin: Phase::Publishing, .. } => {
            "Mend the cause and resume it, or roll it back"
        }
        State::Stalled { .. } => "Mend the cause and resume it",
        State::Approved => "Nothing was published or paid: mend the cause and publish again",
        _ => "Nothing has to be done",
    }
}
