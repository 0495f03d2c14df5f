//! Getting work: from the database, or from a broker.

use std::sync::Arc;
use std::time::Instant;

use hashbuzz_db::DbError;

use super::abandoned::Abandoned;
use super::pace::{Looks, Reach};
use crate::claim::{Claimer, Gap, Leased, Outlook, by_lane};
use crate::lane::{Lanes, Seen};
use crate::{Broker, BrokerError, Clock, Delivery};

/// Work in hand, and what to tell the broker when it is over.
pub(super) struct Work {
    pub(super) leased: Leased,
    pub(super) delivery: Option<Delivery>,
}

/// Why there is no work.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// Where work comes from.
pub(super) enum Source {
    Database(Box<Fetcher>),
    Broker(Consumer),
}

impl Source {
    /// Up to `room` events. `woken` says that somebody committed some, or that it is time to look.
    pub(super) async fn fetch(
        &mut self,
        room: usize,
        woken: bool,
    ) -> Result<Vec<Work>, FetchError> {
        match self {
            Self::Database(fetcher) => {
                let claimed = fetcher.fetch(room, woken).await?;
                Ok(claimed.into_iter().map(|leased| Work { leased, delivery: None }).collect())
            }
            Self::Broker(consumer) => consumer.fetch(room).await,
        }
    }
}

/// Claims from the database, lane by lane.
///
/// While a snapshot is held open on PostgreSQL (a backup, a forgotten session), nobody may clear
/// away index entries of events that are done, and whoever reads a lane from its beginning walks
/// over all of them. So claims go on where the last one stopped, or a little before (see [`Reach`]).
/// Looks from the beginning, which find whatever else came in behind that point, become rare as they
/// become expensive; lanes that nobody knew are then looked for between those that are known.
pub(super) struct Fetcher {
    claimer: Claimer,
    clock: Arc<dyn Clock>,
    lanes: Lanes,
    outlook: Outlook,
    /// Where the last look ended, when it was not at the end.
    after: String,
    /// From the beginning.
    looks: Looks,
    /// Between the lanes that are known.
    looks_between: Looks,
    reach: Reach,
    /// Somebody said that there is work, and it was too early to look.
    owes_look: bool,
    abandoned: Arc<Abandoned>,
}

impl Fetcher {
    pub(super) fn new(claimer: Claimer, clock: Arc<dyn Clock>, abandoned: Arc<Abandoned>) -> Self {
        Self {
            claimer,
            clock,
            abandoned,
            lanes: Lanes::default(),
            outlook: Outlook::default(),
            after: String::new(),
            looks: Looks::default(),
            looks_between: Looks::default(),
            reach: Reach::default(),
            owes_look: false,
        }
    }

    async fn fetch(&mut self, room: usize, woken: bool) -> Result<Vec<Leased>, DbError> {
        let now = self.clock.now();
        self.owes_look |= woken;
        if self.looks.may(self.owes_look) {
            self.look(now).await?;
            self.owes_look = false;
        } else if self.looks.are_expensive() && self.looks_between.may(self.owes_look) {
            self.look_between(now).await?;
            self.owes_look = false;
        }
        let back = self.reach.back();
        let mut takes = self.lanes.share(room);
        for take in &mut takes {
            take.begin_at(now.saturating_sub(back));
        }
        if takes.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = self.claimer.take(&takes, now, self.outlook.pauses > 0).await;
        let claimed = claimed.inspect_err(|_| self.abandoned.claim(now))?;
        let claims = claimed.iter().map(|leased| (&*leased.lane, leased.rank, &*leased.id));
        self.lanes.took(&takes, &by_lane(claims));
        Ok(claimed)
    }

    /// For all there is.
    async fn look(&mut self, now: i64) -> Result<(), DbError> {
        let began = Instant::now();
        self.promote(now).await?;
        let seen = self.claimer.lanes(&[Gap::after(&self.after)]).await?;
        self.after = match seen.last() {
            Some(last) if Claimer::is_full(seen.len()) => last.lane.clone(),
            _ => String::new(),
        };
        self.lanes.see(self.served(seen));
        self.looks.took(began);
        Ok(())
    }

    /// For deferred events that are due, and lanes that are not known.
    async fn look_between(&mut self, now: i64) -> Result<(), DbError> {
        let began = Instant::now();
        self.promote(now).await?;
        let seen = self.claimer.lanes(&Gap::between(self.lanes.names())).await?;
        self.lanes.came(self.served(seen));
        self.looks_between.took(began);
        Ok(())
    }

    async fn promote(&mut self, now: i64) -> Result<(), DbError> {
        self.outlook = self.claimer.outlook().await?;
        while self.outlook.next_deferred.is_some_and(|next| next <= now) {
            let promoted = self.claimer.promote(now).await?;
            if promoted.is_empty() {
                break;
            }
            self.lanes.came(self.served(promoted));
            self.outlook = self.claimer.outlook().await?;
        }
        Ok(())
    }

    fn served(&self, mut seen: Vec<Seen>) -> Vec<Seen> {
        seen.retain(|seen| self.claimer.serves(&seen.lane));
        seen
    }

    /// Whether it has to be asked again soon, because it was too early to look.
    pub(super) const fn owes_look(&self) -> bool {
        self.owes_look
    }

    /// When the next deferred event is due, as far as the last look knew.
    pub(super) const fn next_deferred(&self) -> Option<i64> {
        self.outlook.next_deferred
    }
}

/// Takes what a broker hands out, and claims the rows before anybody works on them.
pub(super) struct Consumer {
    claimer: Claimer,
    clock: Arc<dyn Clock>,
    broker: Arc<dyn Broker>,
    abandoned: Arc<Abandoned>,
}

impl Consumer {
    pub(super) fn new(
        claimer: Claimer,
        clock: Arc<dyn Clock>,
        broker: Arc<dyn Broker>,
        abandoned: Arc<Abandoned>,
    ) -> Self {
        Self { claimer, clock, broker, abandoned }
    }

    async fn fetch(&self, room: usize) -> Result<Vec<Work>, FetchError> {
        let mut deliveries = self.broker.receive(room).await?;
        hashbuzz_crash::point!("broker.receive.after");
        let mut ids: Vec<String> =
            deliveries.iter().filter_map(|delivery| delivery.event.clone()).collect();
        ids.sort();
        ids.dedup();
        let claimed = match self.claim(&ids).await {
            Ok(claimed) => claimed,
            Err(error) => {
                // Their jobs would hide the next ones of these events for as long as they are ours.
                let _ = self.broker.settle(&deliveries).await;
                return Err(error.into());
            }
        };
        let work = claimed.into_iter().map(|leased| {
            let ours = |delivery: &Delivery| delivery.event.as_ref() == Some(&leased.id);
            let place = deliveries.iter().position(ours);
            let delivery = place.map(|place| deliveries.swap_remove(place));
            Work { leased, delivery }
        });
        let work: Vec<Work> = work.collect();
        if !deliveries.is_empty() {
            // Done already, in other hands, not due, or not ours: there is nothing to do for them.
            // What was claimed beside them is worked on all the same.
            if let Err(error) = self.broker.settle(&deliveries).await {
                tracing::warn!(%error, jobs = deliveries.len(), "could not settle jobs");
            }
        }
        Ok(work)
    }

    async fn claim(&self, ids: &[String]) -> Result<Vec<Leased>, DbError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let claimed = self.claimer.take_these(ids, now).await;
        claimed.inspect_err(|_| {
            self.abandoned.claim(now);
            self.abandoned.jobs(ids);
        })
    }
}
