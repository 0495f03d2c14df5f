//! The relay: offers due events to a broker.
//!
//! It keeps a bounded number of jobs of each queue before the workers, filled by the same round
//! robin as claims; a queue that nobody serves fills up and keeps no other waiting. It marks first
//! and publishes afterwards, so that two relays do not publish the same and a
//! number is used once: whoever died may have taken the job of that number with it, and the broker
//! would take no second one for as long. What a dead process may have marked and not published is
//! published anew when it is missed ([`rescue`](crate::lease::rescue)); what a round marked that did
//! not go through, by the next one. What was published and not claimed for a while is published
//! again, under the same number: the broker takes it if it has forgotten it, and is not filled up
//! where nobody works. When the broker lost its memory, everything is published again. Only the near
//! future becomes the broker's delayed jobs; the rest waits in the database.

use std::sync::Arc;
use std::time::Duration;

use hashbuzz_db::{Db, DbError, FromQueryResult, values};
use tokio_util::sync::CancellationToken;

use crate::claim::{Claimer, first_of_lanes, is_free, json};
use crate::clock::{micros, rest};
use crate::scout::Scout;
use crate::{Backlog, Broker, BrokerError, Clock, Publication, Queue, Wake, Watchdog};

/// A queue with so many jobs before its workers gets no more for now.
const WINDOW: usize = 2_000;
/// And one with so many delayed jobs no more of those: they are published when they are due.
const DELAYED: usize = 50_000;
/// Published of a queue at a time.
const BATCH: usize = 500;
/// What is due within this time becomes a delayed job.
const NEAR: Duration = Duration::from_secs(60);
/// So many of those at a time.
const NEAR_BATCH: i64 = 2_000;
/// Published and not claimed for so long after it was due: published again.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// How often it looks when nobody says that there is something.
const POLL: Duration = Duration::from_millis(250);
/// And while a look goes on, or is owed.
const LOOKING: Duration = Duration::from_millis(50);
/// How long the last round may take after the process was asked to stop.
const LAST_ROUND: Duration = Duration::from_secs(2);
/// How often the near future is looked at.
const BETWEEN_NEAR: Duration = Duration::from_secs(1);

/// Offers due events to a broker, from any number of processes: what two of them publish at once is
/// the same.
pub struct Relay {
    db: Db,
    clock: Arc<dyn Clock>,
    broker: Arc<dyn Broker>,
    wake: Wake,
    watchdog: Watchdog,
    scout: Scout,
    near_at: i64,
    round_at: i64,
    /// When the first round began of which it is not known how far it came.
    unsure_since: Option<i64>,
}

/// Why a round did not go through.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// An event that is marked as published.
#[derive(FromQueryResult)]
struct Marked {
    id: String,
    kind: String,
    queue: String,
    lane: String,
    rank: i64,
    attempt: i64,
    number: i64,
    due_at: i64,
}

/// Marks those of the events `e` that `chosen` selects. Their number is new after each claim (the
/// fence grows) and after each publication that was taken back. `$1` is now.
fn mark(chosen: &str) -> String {
    format!(
        "UPDATE event SET published_at = $1, \
         publication = publication + CASE WHEN published_at IS NULL THEN 1 ELSE 0 END \
         WHERE id = ANY(ARRAY({chosen})) \
         RETURNING id, kind, queue, lane, rank, attempt, fence + publication AS number, due_at"
    )
}

impl Relay {
    /// A relay that is not running yet.
    pub fn new(db: Db, clock: Arc<dyn Clock>, broker: Arc<dyn Broker>, wake: Wake) -> Self {
        // It claims nothing; it looks as one who does.
        let claimer = Claimer { db: db.clone(), owner: String::new(), queues: Queue::ALL.to_vec() };
        Self {
            db,
            clock,
            broker,
            wake,
            watchdog: Watchdog::default(),
            scout: Scout::new(claimer),
            near_at: 0,
            round_at: 0,
            unsure_since: None,
        }
    }

    /// Tells `watchdog` how its loop fares.
    #[must_use]
    pub fn watched_by(mut self, watchdog: Watchdog) -> Self {
        self.watchdog = watchdog;
        self
    }

    /// Relays until `stop`. Needs PostgreSQL: with SQLite there is one process, and nobody to relay
    /// to. Errors are logged and tried again: while the broker is away, events wait.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ear = self.wake.ear();
        let mut woken = true;
        while !stop.is_cancelled() {
            let round = tokio::select! {
                biased;
                round = hashbuzz_crash::within("relay", self.round(woken)) => round,
                // What it has marked and not published others publish a little later.
                () = too_long_after(&stop) => break,
            };
            let now = self.clock.now();
            match round {
                Ok(published) => {
                    self.watchdog.beat("relay", now);
                    if published > 0 {
                        woken = false;
                        continue;
                    }
                }
                Err(error) => {
                    self.unsure_since.get_or_insert(self.round_at);
                    self.watchdog.is_in_trouble("relay", now, &error);
                }
            }
            woken = true;
            tokio::select! {
                () = stop.cancelled() => {}
                () = ear.heard() => {}
                () = self.clock.sleep(POLL) => {}
                () = rest(LOOKING), if self.scout.owes_look() => {}
            }
        }
        self.watchdog.end("relay");
    }

    /// Publishes what is due, or soon, and not published; says how much that was. `woken` says that
    /// there may be something new.
    async fn round(&mut self, woken: bool) -> Result<usize, RelayError> {
        let now = self.clock.now();
        self.round_at = now;
        if !self.broker.remembers().await? {
            tracing::warn!("the broker is new or lost its memory: everything is published again");
            self.unsure_since = Some(i64::MIN);
        }
        if let Some(since) = self.unsure_since {
            if self.publish_again_since(since).await? > 0 {
                self.scout.look_again();
            }
            self.unsure_since = None;
        }
        let backlog = self.broker.backlog().await?;
        let open = |full: fn(&Backlog) -> bool| {
            let full: Vec<Queue> =
                backlog.iter().filter(|of| full(of)).map(|of| of.queue).collect();
            Queue::ALL.into_iter().filter(move |queue| !full.contains(queue))
        };
        self.scout.keep_up(woken, now).await?;
        let due = self.due(open(|of| of.due >= WINDOW), now).await?;
        self.publish(&due, now).await?;
        if now < self.near_at {
            return Ok(due.len());
        }
        let near = self.near(open(|of| of.delayed >= DELAYED), now).await?;
        self.publish(&near, now).await?;
        self.near_at = now + micros(BETWEEN_NEAR);
        Ok(due.len() + near.len())
    }

    /// Has everything published again that was marked since then and is not in anybody's hands.
    async fn publish_again_since(&self, since: i64) -> Result<u64, DbError> {
        let sql = "UPDATE event SET published_at = NULL WHERE published_at >= $1 \
                   AND state IN ('ready', 'deferred')";
        self.db.write(sql, values![since]).await
    }

    async fn publish(&self, marked: &[Marked], now: i64) -> Result<(), BrokerError> {
        if marked.is_empty() {
            return Ok(());
        }
        let publications: Vec<Publication> =
            marked.iter().filter_map(|marked| marked.publication(now)).collect();
        hashbuzz_crash::point!("broker.publish.before");
        let published = self.broker.publish(&publications).await;
        hashbuzz_crash::point!("broker.publish.after");
        published
    }

    /// Marks what is due and was not published, or so long ago that it must have been forgotten. Of
    /// one key the first in each queue alone, and none while one is leased: a worker could not claim
    /// it.
    async fn due(
        &mut self,
        queues: impl Iterator<Item = Queue>,
        now: i64,
    ) -> Result<Vec<Marked>, DbError> {
        let mut takes = Vec::new();
        for queue in queues {
            takes.extend(self.scout.share(BATCH, |lane| Queue::of_lane(lane) == Some(queue)));
        }
        if takes.is_empty() {
            return Ok(Vec::new());
        }
        let forgotten = now - micros(FORGOTTEN);
        let missed = "(e.published_at IS NULL OR (e.published_at < $3 AND e.due_at < $3))";
        let free = is_free("AND earlier.queue = e.queue", self.scout.pauses());
        let chosen = first_of_lanes("$2", &format!("{missed} AND {free}"));
        let given = values![now, json(&takes)?, forgotten];
        let mut marked: Vec<Marked> = self.db.write_all(&mark(&chosen), given).await?;
        for event in &mut marked {
            // Ready is due, also where it became so, by another clock, after this round began.
            event.due_at = event.due_at.min(now);
        }
        let places = marked.iter().map(|one| (&*one.lane, one.rank, &*one.id));
        self.scout.took(&takes, places);
        Ok(marked)
    }

    /// Marks what is due soon and was not published.
    async fn near(
        &self,
        queues: impl Iterator<Item = Queue>,
        now: i64,
    ) -> Result<Vec<Marked>, DbError> {
        let names: Vec<&str> = queues.map(Queue::as_str).collect();
        let chosen = format!(
            "SELECT e.id FROM event e WHERE e.state = 'deferred' AND e.due_at <= $2 \
             AND e.published_at IS NULL AND e.queue IN ({}) ORDER BY e.due_at LIMIT $3 \
             FOR UPDATE SKIP LOCKED",
            self.db.backend().texts_of("$4")
        );
        let given = values![now, now + micros(NEAR), NEAR_BATCH, json(&names)?];
        self.db.write_all(&mark(&chosen), given).await
    }
}

/// So long after `stop` a round that goes on is left alone.
async fn too_long_after(stop: &CancellationToken) {
    stop.cancelled().await;
    rest(LAST_ROUND).await;
}

impl Marked {
    fn publication(&self, now: i64) -> Option<Publication> {
        let delay = u64::try_from(self.due_at.saturating_sub(now)).unwrap_or(0);
        Some(Publication {
            event: self.id.clone(),
            kind: self.kind.clone(),
            queue: Queue::named(&self.queue)?,
            attempt: self.attempt,
            number: self.number,
            delay: Duration::from_micros(delay),
        })
    }
}
