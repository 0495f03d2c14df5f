//! `HOUSEKEEPING_CLEAN_UP`: deletes by age what is finished.
//!
//! After     the system started; then itself, every hour.
//! Asks      nobody.
//! Stores    nothing; finished events, events set aside, and the records of their turns go.
//! Then      itself: in a second where it left off when its time was used up, else in an hour.
//! Twice     finds less.
//! Never     —
//!
//! Why not at the end of each campaign: what happened is asked for weeks later, and a delete of a
//! thousand rows a turn holds up nobody, while one of a million would. Audit, effects and books are
//! never deleted.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_outbox::operator::{Expired, delete_expired, finished_keys};
use hashbuzz_outbox::{Due, Failure, Handle, Message, Queue, Turn, Verdict, enqueue_at};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::campaign::over_among;
use crate::stored::count;

/// Delete what is finished, by age.
#[derive(Default, Serialize, Deserialize)]
pub struct CleanUp {
    /// The key after which the look at campaigns goes on.
    #[serde(default)]
    after: Option<String>,
}

/// Between two rounds.
const EVERY: i64 = 3_600_000_000;
/// Between two turns of one round.
const PAUSE: i64 = 1_000_000;
/// How long one turn deletes: a small part of its lease.
const BUDGET: i64 = 5_000_000;
/// Keys that are looked at together.
const KEYS: i64 = 100;

impl Message for CleanUp {
    const KIND: &'static str = "HOUSEKEEPING_CLEAN_UP.v1";
    const QUEUE: Queue = Queue::Housekeeping;
    const RETRY: hashbuzz_outbox::Retry = crate::timetable::FOREVER;

    fn dedupe(&self) -> Option<String> {
        Some("clean_up".to_owned())
    }
}

#[async_trait]
impl Handle<App> for CleanUp {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let now = turn.now();
        let mut round = Round { app, now, until: now + BUDGET, events: 0, attempts: 0 };
        let left = round.run(self.after.clone()).await?;
        if round.events > 0 {
            tracing::info!(round.events, round.attempts, "deleted what was finished long ago");
        }
        let (next, at) = match left {
            Some(after) => (Self { after: Some(after) }, turn.now() + PAUSE),
            None => (Self::default(), turn.now() + EVERY),
        };
        let tx = app.db.begin().await?;
        enqueue_at(&tx, turn.now(), &next, Due { at, account: None }).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

/// One turn's worth of deleting.
struct Round<'a> {
    app: &'a App,
    now: i64,
    until: i64,
    events: u64,
    attempts: u64,
}

impl Round<'_> {
    /// Where the next turn goes on, when this one's time was used up.
    async fn run(&mut self, after: Option<String>) -> Result<Option<String>, DbError> {
        let short = self.now - self.app.settings.retention.housekeeping.micros();
        let begin = after.unwrap_or_default();
        let housekeeping = self.all(Expired::WithoutKey, short).await?
            && self.all(Expired::Discarded, short).await?;
        if !housekeeping {
            return Ok(Some(begin));
        }
        let mut after = begin;
        loop {
            let keys = finished_keys(&self.app.db, Some(&after), KEYS).await?;
            let read = count(keys.len());
            let ids: Vec<String> = keys.iter().map(|finished| finished.key.clone()).collect();
            let over = over_among(&self.app.db, &ids).await?;
            for finished in keys {
                // What is no campaign's is housekeeping, whatever its key.
                let before = match over.get(&finished.key) {
                    Some(true) => self.now - self.app.settings.retention.history.micros(),
                    Some(false) => i64::MIN,
                    None => short,
                };
                if finished.last < before
                    && !self.all(Expired::OfKey(&finished.key), before).await?
                {
                    return Ok(Some(after));
                }
                after = finished.key;
            }
            if read < KEYS {
                return Ok(None);
            }
            if self.app.clock.now() >= self.until {
                return Ok(Some(after));
            }
        }
    }

    /// Deletes all of it, each batch in a transaction of its own. False when the time is used up.
    async fn all(&mut self, what: Expired<'_>, before: i64) -> Result<bool, DbError> {
        loop {
            let tx = self.app.db.begin().await?;
            let deleted = delete_expired(&tx, what, before).await?;
            tx.commit().await?;
            self.events += deleted.events;
            self.attempts += deleted.attempts;
            if !deleted.more {
                return Ok(true);
            }
            if self.app.clock.now() >= self.until {
                return Ok(false);
            }
        }
    }
}
