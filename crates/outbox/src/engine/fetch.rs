//! Getting work: from the database, or from a broker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hashbuzz_db::DbError;

use super::abandoned::Abandoned;
use crate::claim::{Claimer, Leased};
use crate::clock::{LONGEST_GATHERING, rest};
use crate::scout::Scout;
use crate::{Broker, BrokerError, Clock, Delivery, lease};

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
pub(super) struct Fetcher {
    scout: Scout,
    clock: Arc<dyn Clock>,
    abandoned: Arc<Abandoned>,
}

impl Fetcher {
    pub(super) fn new(claimer: Claimer, clock: Arc<dyn Clock>, abandoned: Arc<Abandoned>) -> Self {
        Self { scout: Scout::new(claimer), clock, abandoned }
    }

    async fn fetch(&mut self, room: usize, woken: bool) -> Result<Vec<Leased>, DbError> {
        let now = self.clock.now();
        if self.abandoned.has_gone_back() {
            self.scout.look_again();
        }
        self.scout.keep_up(woken, now).await?;
        let takes = self.scout.share(room, |_| true);
        if takes.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = self.scout.claimer().take(&takes, now, self.scout.pauses()).await;
        let claimed = claimed.inspect_err(|_| self.abandoned.claim(now))?;
        let places = claimed.iter().map(|leased| (&*leased.lane, leased.rank, &*leased.id));
        self.scout.took(&takes, places);
        Ok(claimed)
    }

    /// Whether it has to be asked again soon: it was too early to look, or a look goes on.
    pub(super) const fn owes_look(&self) -> bool {
        self.scout.owes_look()
    }

    /// When the next deferred event is due, as far as the last look knew.
    pub(super) const fn next_deferred(&self) -> Option<i64> {
        self.scout.next_deferred()
    }
}

/// Deliveries come one by one, and a claim costs the database nearly as much for one as for ten. So
/// they gather for a while that grows with what the last claim took: where claims are quick nobody
/// waits, and where they are slow there are few of them.
const GATHERING: u32 = 2;

/// Takes what a broker hands out, and claims the rows before anybody works on them.
pub(super) struct Consumer {
    claimer: Claimer,
    clock: Arc<dyn Clock>,
    broker: Arc<dyn Broker>,
    abandoned: Arc<Abandoned>,
    /// When the last claim was over, and how long it took.
    claimed: (Instant, Duration),
}

impl Consumer {
    pub(super) fn new(
        claimer: Claimer,
        clock: Arc<dyn Clock>,
        broker: Arc<dyn Broker>,
        abandoned: Arc<Abandoned>,
    ) -> Self {
        Self { claimer, clock, broker, abandoned, claimed: (Instant::now(), Duration::ZERO) }
    }

    async fn fetch(&mut self, room: usize) -> Result<Vec<Work>, FetchError> {
        let (ended, took) = self.claimed;
        rest((took * GATHERING).min(LONGEST_GATHERING).saturating_sub(ended.elapsed())).await;
        let mut deliveries = self.broker.receive(room).await?;
        hashbuzz_crash::point!("broker.receive.after");
        let mut ids: Vec<String> =
            deliveries.iter().filter_map(|delivery| delivery.event.clone()).collect();
        ids.sort();
        ids.dedup();
        let began = Instant::now();
        let claimed = self.claim(&ids).await;
        self.claimed = (Instant::now(), began.elapsed());
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                // Their jobs would hide the next ones of these events for as long as they are ours.
                let _ = self.broker.settle(&deliveries).await;
                return Err(error.into());
            }
        };
        if claimed.len() < ids.len() {
            self.offer_again(&ids).await;
        }
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

    /// Has a relay offer again what nobody could claim: it was not free, or not due yet.
    async fn offer_again(&self, ids: &[String]) {
        if let Err(error) = lease::unpublish(&self.claimer.db, ids).await {
            tracing::warn!(%error, "could not have events offered again");
            self.abandoned.jobs(ids);
        }
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
