//! Getting work: from the database, or from a broker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hashbuzz_db::DbError;

use super::abandoned::Abandoned;
use crate::claim::{Claimer, Leased, Outlook, by_lane};
use crate::lane::Lanes;
use crate::{Broker, BrokerError, Clock, Delivery};

/// A look that took longer is expensive, and the next one waits [`SHARE`] times as long.
const EXPENSIVE: Duration = Duration::from_millis(10);
/// Looking takes a twentieth of the time at most.
const SHARE: u32 = 20;
/// But no look is farther away than this: what was committed late stands behind the place that claims
/// have reached, and only a look finds it.
const LONGEST_BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// A look is not believed to cost more than so many times the last one: one that took much longer
/// had waited for something else, a server that was starting again, and says nothing about the next.
const GROWTH: u32 = 4;
/// Looks that nobody asked for, while there is work: for lanes that are new.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

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
    Database(Fetcher),
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
/// over all of them. So claims go on where the last one stopped, and looks from the beginning, which
/// find what came in behind that point, become rare as they become expensive.
pub(super) struct Fetcher {
    claimer: Claimer,
    clock: Arc<dyn Clock>,
    lanes: Lanes,
    outlook: Outlook,
    /// Where the last look ended, when it was not at the end.
    after: String,
    looked: Option<Instant>,
    look_costs: Duration,
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
            looked: None,
            look_costs: Duration::ZERO,
            owes_look: false,
        }
    }

    async fn fetch(&mut self, room: usize, woken: bool) -> Result<Vec<Leased>, DbError> {
        let now = self.clock.now();
        self.owes_look |= woken;
        if self.may_look() {
            self.look(now).await?;
            self.owes_look = false;
        }
        let takes = self.lanes.share(room);
        if takes.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = self.claimer.take(&takes, now, self.outlook.pauses > 0).await;
        let claimed = claimed.inspect_err(|_| self.abandoned.claim(now))?;
        let claims = claimed.iter().map(|leased| (&*leased.lane, leased.rank, &*leased.id));
        self.lanes.took(&takes, &by_lane(claims));
        Ok(claimed)
    }

    /// Measured in real time also where a test moves the clock: it is the database's time.
    fn may_look(&self) -> bool {
        let Some(looked) = self.looked.map(|looked| looked.elapsed()) else { return true };
        if self.look_costs > EXPENSIVE {
            return looked >= (self.look_costs * SHARE).min(LONGEST_BETWEEN_LOOKS);
        }
        self.owes_look || looked >= BETWEEN_LOOKS
    }

    async fn look(&mut self, now: i64) -> Result<(), DbError> {
        let began = Instant::now();
        self.outlook = self.claimer.outlook().await?;
        while self.outlook.next_deferred.is_some_and(|next| next <= now) {
            let promoted = self.claimer.promote(now).await?;
            if promoted.is_empty() {
                break;
            }
            self.outlook = self.claimer.outlook().await?;
        }
        let seen = self.claimer.lanes(&self.after).await?;
        self.after = match seen.last() {
            Some(last) if Claimer::is_full(seen.len()) => last.lane.clone(),
            _ => String::new(),
        };
        let served = |lane: &str| self.claimer.serves(lane);
        self.lanes.see(seen.into_iter().filter(|seen| served(&seen.lane)).collect());
        let believed = (self.look_costs * GROWTH).max(EXPENSIVE);
        self.look_costs = began.elapsed().min(believed);
        self.looked = Some(Instant::now());
        Ok(())
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
