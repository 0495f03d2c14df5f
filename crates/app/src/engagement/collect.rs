//! `CAMPAIGN_COLLECT_ENGAGEMENT`: reads who engaged, one page a turn.
//!
//! After     a look at the counts, or (the last walk) the end of the campaign.
//! Asks      the network for one page of one list; before the last walk, for the counts.
//! Stores    the page's sightings, how far the walk got, and at the end of a list that proves
//!           absence what it no longer shows.
//! Then      itself for the next page or list; after the last walk `CAMPAIGN_ALLOCATE`.
//! Twice     changes nothing: sightings are unique, and a page may be read again.
//! Never     when access was revoked: Stalled at `collect`, the owner links again and resumes.
//!           A post that is gone, by the counts too, has an empty list that proves nothing.
//!
//! Why a page a turn: networks allow few requests at a time, a turn must end within its lease, and
//! an operator wants to see progress.
//!
//! A walk while the campaign runs ends each list at the first page that shows nobody new: lists are
//! newest first, and the last walk reads everything. Where a list shows much less than the network
//! counts, the last walk reads the list that the network keeps for that kind alone.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::Time;
use hashbuzz_domain::campaign::{Phase, Step};
use hashbuzz_outbox::{Failure, Handle, Message, Queue, Turn, Verdict};
use hashbuzz_social::{Collect, Cursor, ListKey, Page, ReadError};
use serde::{Deserialize, Serialize};

use super::store;
use super::walk::{self, Stop};
use crate::App;
use crate::account::{self, Acting};
use crate::campaign::{Campaign, Mark, StepState, load, mark, stall, transition};
use crate::stored::parse;

/// Read one page.
#[derive(Clone, Serialize, Deserialize)]
pub struct CollectEngagement {
    /// Which campaign.
    pub campaign: String,
    /// Which walk; 0 stands for the next one.
    pub sweep: i64,
    /// Whether it is the walk after the end.
    pub last: bool,
    /// The lists that are still to be walked, the present one first; none before the walk is
    /// planned.
    #[serde(default)]
    pub stops: Option<Vec<Stop>>,
    /// While the campaign runs: post and kind of what has moved since the last walk.
    #[serde(default)]
    pub moved: Vec<(String, String)>,
    /// Where in the first of these lists; none for its first page.
    pub cursor: Option<String>,
    /// Whether lists that are in doubt were added.
    #[serde(default)]
    pub doubted: bool,
}

impl CollectEngagement {
    /// The beginning of a walk over what has moved.
    pub(super) fn while_running(
        campaign: String,
        sweep: i64,
        moved: Vec<(String, String)>,
    ) -> Self {
        Self { campaign, sweep, last: false, stops: None, moved, cursor: None, doubted: false }
    }

    /// The beginning of the walk after the end.
    pub(crate) fn last(campaign: String) -> Self {
        let moved = Vec::new();
        Self { campaign, sweep: 0, last: true, stops: None, moved, cursor: None, doubted: false }
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
        let brand = match account::acting(app, &turn, campaign.account, Some(campaign.id)).await? {
            Acting::Brand(brand) => brand,
            Acting::Turn(verdict) => return Ok(verdict),
        };
        let Some(stops) = &self.stops else {
            let planned = if self.last {
                walk::plan_last(app, &campaign, &brand).await
            } else {
                Ok(walk::plan_moved(app, &campaign, &self.moved))
            };
            return match planned {
                Ok(planned) => self.begin(app, turn, &campaign, planned).await,
                Err(error) => account::not_read(app, &turn, &brand, error).await,
            };
        };
        let Some(stop) = stops.first() else {
            return self.end(app, turn, &campaign).await;
        };
        let list = ListKey(stop.list.clone());
        let wanted = Collect { list, posted_at, cursor: self.cursor.clone().map(Cursor) };
        match app.network.engagements(&brand.access, &wanted).await {
            Ok(page) => self.record(app, turn, &campaign, &page).await,
            Err(ReadError::Gone(words)) => match walk::gone(app, &brand, stop).await {
                Ok(true) => {
                    let page = Page { sightings: Vec::new(), next: None, proves_absence: false };
                    self.record(app, turn, &campaign, &page).await
                }
                // A gateway may say so of anything, and believing it would lose everybody.
                Ok(false) => Err(Failure(format!("not found, although its posts exist: {words}"))),
                Err(error) => account::not_read(app, &turn, &brand, error).await,
            },
            Err(error) => account::not_read(app, &turn, &brand, error).await,
        }
    }

    async fn gave_up(&self, app: &App, tx: &Tx, why: &str) -> Result<(), DbError> {
        if self.last {
            stall(tx, parse(&self.campaign)?, Step::Collect, why, app.clock.now()).await?;
        }
        Ok(())
    }
}

impl CollectEngagement {
    /// When the last walk may begin, while that is still to come.
    fn too_soon(&self, app: &App, campaign: &Campaign, now: i64) -> Option<i64> {
        let from = campaign.closed_at?.plus(app.settings.collect_after).micros();
        (self.last && self.stops.is_none() && now < from).then_some(from)
    }

    /// Stores what the walk will read, and what the counts say is not there to be read.
    async fn begin(
        &self,
        app: &App,
        turn: Turn,
        campaign: &Campaign,
        planned: walk::Planned,
    ) -> Result<Verdict, Failure> {
        let now = turn.now();
        let tx = app.db.begin().await?;
        let mut next = self.clone();
        if self.sweep == 0 {
            next.sweep = store::next_sweep(&tx, campaign.id).await?;
        }
        store::save_metrics(&tx, campaign.id, &planned.metrics, now).await?;
        for stop in &planned.empty {
            let page = Page { sightings: Vec::new(), next: None, proves_absence: true };
            walk::save(&tx, campaign.id, next.sweep, stop, &page, now).await?;
        }
        next.stops = Some(planned.stops);
        transition::put(&tx, now, campaign, &next).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn record(
        &self,
        app: &App,
        turn: Turn,
        campaign: &Campaign,
        page: &Page,
    ) -> Result<Verdict, Failure> {
        let now = turn.now();
        let mut next = self.clone();
        let stops = next.stops.get_or_insert_with(Vec::new);
        let Some(stop) = stops.first().cloned() else {
            return Err(Failure("a page of no list".to_owned()));
        };
        let tx = app.db.begin().await?;
        let new = walk::save(&tx, campaign.id, self.sweep, &stop, page, now).await?;
        next.cursor = page.next.clone().map(|cursor| cursor.0);
        // Newest first: behind a page without anybody new there is nobody new.
        let enough = !self.last && new == 0;
        if next.cursor.is_none() || enough {
            next.cursor = None;
            stops.remove(0);
        }
        if stops.is_empty() && self.last && !self.doubted {
            next.doubted = true;
            let doubted = walk::doubted(app, &tx, campaign, self.sweep).await?;
            stops.extend(doubted.into_iter().filter(|doubted| doubted.list != stop.list));
        }
        if self.last || !stops.is_empty() {
            transition::put(&tx, now, campaign, &next).await?;
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    /// The walk is over.
    async fn end(&self, app: &App, turn: Turn, campaign: &Campaign) -> Result<Verdict, Failure> {
        let now = turn.now();
        let tx = app.db.begin().await?;
        if self.last {
            let detail = "the last walk over all lists is complete";
            let step = Mark { step: Step::Collect, state: StepState::Done, detail };
            mark(&tx, campaign.id, step, now).await?;
            transition::begin(&tx, campaign, Step::Allocate, Time::from_micros(now)).await?;
        }
        Ok(Verdict::Done(turn.commit(tx).await?))
    }
}
