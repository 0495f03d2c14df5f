//! `CAMPAIGN_COLLECT_ENGAGEMENT`: reads who engaged, one page a turn.
//!
//! After     a tracking update, or (the last sweep) the end of the campaign.
//! Asks      the network for one page of one list: posts × kinds, in a fixed order.
//! Stores    the page's sightings, how far the walk got, and at the end of a list that proves
//!           absence what it no longer shows.
//! Then      itself for the next page or list; after the last sweep `CAMPAIGN_ALLOCATE`.
//! Twice     changes nothing: sightings are unique, and a page may be read again.
//! Never     when access was revoked: Stalled at `collect`, the owner links again and resumes.
//!           A post that is gone has an empty list that proves nothing.
//!
//! Why a page a turn: networks allow few requests at a time, a turn must end within its lease, and
//! an operator wants to see progress.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, Time};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use hashbuzz_social::{Collect, Cursor, Page, ReadError};
use serde::{Deserialize, Serialize};

use super::store::{self, List};
use crate::campaign::{Campaign, Mark, StepState, load, mark, stall, transition};
use crate::stored::parse;
use crate::{App, account};

/// Read one page.
#[derive(Clone, Serialize, Deserialize)]
pub struct CollectEngagement {
    /// Which campaign.
    pub campaign: String,
    /// Which walk; 0 stands for the next one.
    pub sweep: i64,
    /// Whether it is the walk after the end.
    pub last: bool,
    /// Which list of the walk.
    pub list: usize,
    /// Where in the list; none for its first page.
    pub cursor: Option<String>,
}

impl CollectEngagement {
    /// The beginning of a walk.
    pub(super) fn first(campaign: String, sweep: i64, last: bool) -> Self {
        Self { campaign, sweep, last, list: 0, cursor: None }
    }

    /// The beginning of the walk after the end.
    pub(crate) fn last(campaign: String) -> Self {
        Self::first(campaign, 0, true)
    }
}

impl Message for CollectEngagement {
    const KIND: &'static str = "CAMPAIGN_COLLECT_ENGAGEMENT.v1";
    const QUEUE: Queue = Queue::Social;

    fn key(&self) -> Option<String> {
        Some(self.campaign.clone())
    }
}

#[async_trait]
impl Handle<App> for CollectEngagement {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let campaign = load(&app.db, parse(&self.campaign)?).await?;
        let phase = if self.last { Phase::Closing } else { Phase::Running };
        let Some((_, posted_at)) = campaign.post_1.clone().filter(|_| campaign.is_at(phase)) else {
            let tx = app.db.begin().await?;
            return Ok(Verdict::Done(turn.commit(tx).await?));
        };
        if let Some(until) = self.too_soon(app, &campaign, turn.now()) {
            let why = "the network's lists need a while to be complete".to_owned();
            return Ok(Verdict::Later { until, why });
        }
        let lists = lists(&campaign);
        let Some((post, kind)) = lists.get(self.list).cloned() else {
            return self.record(app, turn, &campaign, None, lists.len()).await;
        };
        let brand = match account::brand(app, campaign.account).await {
            Ok(Some(brand)) => brand,
            Ok(None) => return Ok(Verdict::Never { why: "no brand profile is linked".to_owned() }),
            Err(error) => return Err(Failure(error.to_string())),
        };
        let wanted = Collect {
            post: post.clone(),
            posted_at,
            kind,
            cursor: self.cursor.clone().map(Cursor),
        };
        let page = match app.network.engagements(&brand.access, &wanted).await {
            Ok(page) => page,
            Err(ReadError::Gone(_)) => {
                Page { sightings: Vec::new(), next: None, proves_absence: false }
            }
            Err(ReadError::RateLimited { until, scope }) => {
                return Ok(Verdict::Later { until: until.micros(), why: scope });
            }
            Err(error @ (ReadError::Unauthorized(_) | ReadError::NoCredit(_))) => {
                return Ok(Verdict::Never { why: error.to_string() });
            }
            Err(error @ (ReadError::Refused(_) | ReadError::Unavailable(_))) => {
                return Err(Failure(error.to_string()));
            }
        };
        self.record(app, turn, &campaign, Some((&post, kind, &page)), lists.len()).await
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        if self.last {
            stall(tx, parse(&self.campaign)?, Step::Collect, why, app.clock.now()).await?;
        }
        Ok(())
    }
}

/// The lists of one walk: every post, every kind that is collected.
fn lists(campaign: &Campaign) -> Vec<(PostId, Kind)> {
    let kinds = campaign.draft.collected();
    let posts = campaign.posts();
    posts.iter().flat_map(|post| kinds.iter().map(|kind| (post.clone(), *kind))).collect()
}

impl CollectEngagement {
    /// When the last walk may begin, while that is still to come.
    fn too_soon(&self, app: &App, campaign: &Campaign, now: i64) -> Option<i64> {
        let from = campaign.closed_at?.plus(app.settings.collect_after).micros();
        (self.last && self.sweep == 0 && now < from).then_some(from)
    }

    async fn record(
        &self,
        app: &App,
        turn: Turn,
        campaign: &Campaign,
        page: Option<(&PostId, Kind, &Page)>,
        lists: usize,
    ) -> Result<Verdict, Failure> {
        let now = turn.now();
        let tx = app.db.begin().await?;
        let mut next = self.clone();
        if self.sweep == 0 {
            next.sweep = store::next_sweep(&tx, campaign.id).await?;
        }
        if let Some((post, kind, page)) = page {
            let list = List { campaign: campaign.id, sweep: next.sweep, post: post.as_str(), kind };
            store::save_page(&tx, list, page, now).await?;
            if page.next.is_none() && page.proves_absence {
                store::withdraw_missing(&tx, list, now).await?;
            }
            next.cursor = page.next.clone().map(|cursor| cursor.0);
            next.list = if next.cursor.is_none() { self.list + 1 } else { self.list };
        }
        if next.list < lists {
            transition::put(&tx, now, campaign, &next).await?;
        } else if self.last {
            let detail = "the last walk over all lists is complete";
            let step = Mark { step: Step::Collect, state: StepState::Done, detail };
            mark(&tx, campaign.id, step, now).await?;
            transition::begin(&tx, campaign, Step::Allocate, Time::from_micros(now)).await?;
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }
}
