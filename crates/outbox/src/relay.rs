//! The relay: offers due events to a broker.
//!
//! It keeps a bounded window of publications before the workers, filled by the same round robin as
//! claims. It publishes first and marks afterwards: a crash in between publishes the same once
//! more, which the broker ignores or a worker finds done. What was published and not claimed for a
//! while is published again, under the same number: the broker takes it if it has forgotten it, and
//! is not filled up where nobody works. When the broker lost its memory, everything is published
//! again. Only the near future becomes the broker's delayed jobs; the rest waits in the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hashbuzz_db::{Db, DbError, FromQueryResult, Sql as _, values};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::claim::Claimer;
use crate::clock::micros;
use crate::lane::Lanes;
use crate::{Broker, BrokerError, Clock, Publication, Queue, Wake, Watchdog};

/// Published and not claimed at most.
const WINDOW: i64 = 2_000;
/// Published at a time.
const BATCH: usize = 500;
/// What is due within this time becomes a delayed job.
const NEAR: Duration = Duration::from_secs(60);
/// Published and not claimed for so long after it was due: published again.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// How often it looks when nobody says that there is something.
const POLL: Duration = Duration::from_millis(250);
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
    claimer: Claimer,
    lanes: Lanes,
    near_at: i64,
}

/// Why a round did not go through.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

#[derive(FromQueryResult)]
struct Candidate {
    id: String,
    kind: String,
    queue: String,
    lane: String,
    rank: i64,
    attempt: i64,
    fence: i64,
    number: i64,
    due_at: i64,
}

/// A number that is new after each claim (the fence grows) and after each publication that was
/// taken back. A worker may be faster than the mark: then the fence alone has grown, and the next
/// publication does not look like the last one, which the broker may still have.
const CANDIDATE: &str = "e.id, e.kind, e.queue, e.lane, e.rank, e.attempt, e.fence, \
     e.fence + e.publication + CASE WHEN e.published_at IS NULL THEN 1 ELSE 0 END AS number, \
     e.due_at";

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
            claimer,
            lanes: Lanes::default(),
            near_at: 0,
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
        while !stop.is_cancelled() {
            let published = match hashbuzz_crash::within("relay", self.round()).await {
                Ok(published) => published,
                Err(error) => {
                    tracing::warn!(%error, "could not relay");
                    0
                }
            };
            self.watchdog.beat("relay", self.clock.now());
            if published > 0 {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = ear.heard() => {}
                () = self.clock.sleep(POLL) => {}
            }
        }
        self.watchdog.end("relay");
    }

    /// Publishes what is due, or soon, and not published; says how much that was.
    async fn round(&mut self) -> Result<usize, RelayError> {
        let now = self.clock.now();
        if !self.broker.remembers().await? {
            let forgotten = self
                .db
                .write(
                    "UPDATE event SET published_at = NULL WHERE published_at IS NOT NULL \
                     AND state IN ('ready', 'deferred')",
                    values![],
                )
                .await?;
            tracing::warn!(forgotten, "the broker lost its memory: everything is published again");
        }
        while !self.claimer.promote(now).await?.is_empty() {}
        let mut chosen = self.due(now).await?;
        if now >= self.near_at {
            self.near_at = now + micros(BETWEEN_NEAR);
            chosen.extend(self.near(now).await?);
        }
        if chosen.is_empty() {
            return Ok(0);
        }
        let publications: Vec<Publication> =
            chosen.iter().filter_map(|candidate| candidate.publication(now)).collect();
        hashbuzz_crash::point!("broker.publish.before");
        self.broker.publish(&publications).await?;
        hashbuzz_crash::point!("broker.publish.after");
        self.mark(&chosen, now).await?;
        Ok(chosen.len())
    }

    /// What is due and was not published, or so long ago that it must have been forgotten. Of one
    /// key the first alone, and none while one is leased: a worker could not claim it.
    async fn due(&mut self, now: i64) -> Result<Vec<Candidate>, DbError> {
        let forgotten = now - micros(FORGOTTEN);
        let open = self
            .db
            .number(
                "SELECT COUNT(*) AS n FROM (SELECT 1 FROM event WHERE state = 'ready' \
                 AND published_at >= $1 LIMIT $2) AS published",
                values![forgotten, WINDOW],
            )
            .await?;
        let room = usize::try_from(WINDOW - open).unwrap_or(0).min(BATCH);
        if room == 0 {
            return Ok(Vec::new());
        }
        self.lanes.see(self.claimer.lanes("").await?);
        let takes = self.lanes.share(room);
        if takes.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT chosen.* FROM jsonb_to_recordset(CAST($1 AS JSONB)) \
               AS take(lane TEXT, low BIGINT, room BIGINT) \
             CROSS JOIN LATERAL ( \
               SELECT {CANDIDATE} FROM event e WHERE e.state = 'ready' AND e.lane = take.lane \
               AND e.rank >= take.low \
               AND (e.published_at IS NULL OR (e.published_at < $2 AND e.due_at < $2)) AND {} \
               ORDER BY e.rank LIMIT take.room) AS chosen",
            self.claimer.is_free(true)
        );
        let chosen: Vec<Candidate> = self.db.all(&sql, values![json(&takes)?, forgotten]).await?;
        let mut taken: HashMap<String, (usize, i64)> = HashMap::new();
        for candidate in &chosen {
            let (count, last) = taken.entry(candidate.lane.clone()).or_insert((0, i64::MIN));
            *count += 1;
            *last = candidate.rank.max(*last);
        }
        self.lanes.took(&takes, &taken);
        Ok(chosen)
    }

    /// What is due soon and was not published.
    async fn near(&self, now: i64) -> Result<Vec<Candidate>, DbError> {
        let sql = format!(
            "SELECT {CANDIDATE} FROM event e WHERE e.state = 'deferred' AND e.due_at <= $1 \
             AND e.published_at IS NULL ORDER BY e.due_at LIMIT $2"
        );
        self.db.all(&sql, values![now + micros(NEAR), WINDOW]).await
    }

    /// Marks as published what is still as it was when it was chosen.
    async fn mark(&self, published: &[Candidate], now: i64) -> Result<(), DbError> {
        let marks: Vec<Mark<'_>> = published
            .iter()
            .map(|candidate| Mark { id: &candidate.id, fence: candidate.fence })
            .collect();
        self.db
            .write(
                "WITH given AS MATERIALIZED (SELECT id, fence \
                   FROM jsonb_to_recordset(CAST($1 AS JSONB)) AS f(id TEXT, fence BIGINT)) \
                 UPDATE event SET published_at = $2, \
                   publication = publication + CASE WHEN published_at IS NULL THEN 1 ELSE 0 END \
                 FROM given \
                 WHERE event.id = ANY(ARRAY(SELECT id FROM given)) AND event.id = given.id \
                 AND event.fence = given.fence AND event.state IN ('ready', 'deferred')",
                values![json(&marks)?, now],
            )
            .await?;
        Ok(())
    }
}

#[derive(Serialize)]
struct Mark<'a> {
    id: &'a str,
    fence: i64,
}

impl Candidate {
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

fn json(value: &impl Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(format!("as JSON: {error}")))
}
