//! `CAMPAIGN_TRACK_ENGAGEMENT`: a running campaign is looked at.
//!
//! After     the campaign runs; then itself, every `track_every`.
//! Asks      the network for the public counts of the campaign's posts: one request.
//! Stores    the counts.
//! Then      a sweep over the lists when the last one is `sweep_every` old; itself, later.
//! Twice     overwrites the counts with newer ones.
//! Never     —: when access is revoked the campaign runs on, and its close will need the access.
//!
//! Why counts often and lists seldom: a count costs one request for all posts, a list costs one for
//! each hundred people, and networks bill both.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::Phase;
use hashbuzz_outbox::{Due, Failure, Handle, Message, Queue, Turn, Verdict, enqueue_at};
use hashbuzz_social::ReadError;
use serde::{Deserialize, Serialize};

use super::{CollectEngagement, store};
use crate::campaign::transition;
use crate::stored::parse;
use crate::{App, account, campaign};

/// Look at a running campaign.
#[derive(Serialize, Deserialize)]
pub struct TrackEngagement {
    /// Which campaign.
    pub campaign: String,
}

impl Message for TrackEngagement {
    const KIND: &'static str = "CAMPAIGN_TRACK_ENGAGEMENT.v1";
    const QUEUE: Queue = Queue::Social;
    const RETRY: hashbuzz_outbox::Retry = crate::timetable::FOREVER;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }

    fn dedupe(&self) -> Option<String> {
        Some(format!("track/{}", self.campaign))
    }
}

#[async_trait]
impl Handle<App> for TrackEngagement {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = campaign::load(&app.db, parse(&self.campaign)?).await?;
        let metrics = if campaign.is_at(Phase::Running) {
            let brand = account::brand(app, campaign.account)
                .await
                .map_err(|error| Failure(error.to_string()))?;
            let Some(brand) = brand else {
                return Err(Failure("no brand profile is linked".to_owned()));
            };
            match app.network.metrics(&brand.access, &campaign.posts()).await {
                Ok(metrics) => Some(metrics),
                Err(ReadError::RateLimited { until, scope }) => {
                    return Ok(Verdict::Later { until: until.micros(), why: scope });
                }
                Err(
                    error @ (ReadError::NoCredit(_)
                    | ReadError::Unauthorized(_)
                    | ReadError::Gone(_)
                    | ReadError::Refused(_)
                    | ReadError::Unavailable(_)),
                ) => return Err(Failure(error.to_string())),
            }
        } else {
            None
        };
        let now = turn.now();
        let tx = app.db.begin().await?;
        if let Some(metrics) = metrics {
            store::save_metrics(&tx, campaign.id, &metrics, now).await?;
            let swept = store::swept_at(&tx, campaign.id).await?;
            let since = campaign.starts_at.map_or(now, hashbuzz_domain::Time::micros).max(swept);
            if now - since >= app.settings.sweep_every.micros() {
                let sweep = store::next_sweep(&tx, campaign.id).await?;
                let collect = CollectEngagement::first(self.campaign.clone(), sweep, false);
                transition::put(&tx, now, &campaign, &collect).await?;
            }
            let due = Due {
                at: now + app.settings.track_every.micros(),
                account: Some(campaign.account.to_string()),
            };
            enqueue_at(&tx, now, &Self { campaign: self.campaign.clone() }, due).await?;
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}
