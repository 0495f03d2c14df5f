//! Turning the engine by hand and moving the clock when nothing is due.
//!
//! What repeats itself for ever (reading the escrow's log, comparing books, looking at counts) is
//! done when it is due, and never the reason to move the clock: else nothing would ever be quiet.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use hashbuzz_db::{FromQueryResult, Sql as _, values};
use hashbuzz_domain::Span;
use hashbuzz_outbox::Clock as _;

use crate::World;

/// Time that no test waits: a hundred days.
const DAYS: i64 = 100 * 86_400 * 1_000_000;

/// The events of a campaign. Repeated looks at all of them have no key.
pub(crate) const OF_CAMPAIGNS: &str = "key IS NOT NULL";

/// What was repeated, when everything is to be handled twice.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    /// Events of history that were looked at, copies included.
    seen: BTreeSet<String>,
    /// Kind and payload of what was repeated.
    done: BTreeSet<(String, String)>,
}

#[derive(FromQueryResult)]
struct Past {
    id: String,
    kind: String,
    key: String,
    account: String,
    payload: String,
}

#[derive(FromQueryResult)]
struct NextDue {
    n: Option<i64>,
}

impl World {
    /// Works until no event of a campaign waits, however long that takes on the world's clock.
    ///
    /// # Panics
    /// When there is no end.
    pub async fn work_until_quiet(&self) {
        let limits = self.limits();
        while self.step(limits, None).await {}
    }

    /// Works until the campaign is in `state`.
    ///
    /// # Panics
    /// When nothing waits any more and it is not.
    pub async fn work_until(&self, campaign: &str, state: &str) {
        let limits = self.limits();
        while self.state(campaign).await != state {
            if !self.step(limits, None).await {
                let view = self.reviewer().campaign(campaign).await;
                panic!("it is quiet, and not {state}: {view:#}");
            }
        }
    }

    /// Works until `by` has passed.
    ///
    /// # Panics
    /// When there is no end.
    pub async fn work_for(&self, by: Span) {
        let limits = self.limits();
        let until = self.clock.now() + by.micros();
        while self.clock.now() < until {
            self.step(limits, Some(until)).await;
        }
    }

    /// Works off what is due now, and does not move the clock.
    ///
    /// # Panics
    /// When there is no end.
    pub async fn work_now(&self) {
        let limits = self.limits();
        while self.turns(limits).await > 0 {}
    }

    /// Works off what is due, or moves the clock to what is due next: one step of a test that looks
    /// at the world in between.
    ///
    /// # Panics
    /// When nothing waits.
    pub async fn one_round(&self) {
        assert!(self.step(self.limits(), None).await, "nothing waits any more");
    }

    /// The same, where nothing may wait; then it is false.
    pub async fn try_round(&self) -> bool {
        self.step(self.limits(), None).await
    }

    /// From now on every event of a campaign that was handled is handled once more, as it was.
    pub fn repeat_everything(&self) {
        *self.repeats.lock().unwrap_or_else(PoisonError::into_inner) = Some(Repeats::default());
    }

    /// The lease of the turn that ends after `passing` others is taken from it, once, when it has
    /// asked and not recorded.
    pub fn break_turn(&self, passing: usize) {
        self.server.engine.lose_lease_after(passing);
    }

    /// Whether that has happened.
    pub fn turn_was_broken(&self) -> bool {
        self.server.engine.has_lost_lease()
    }

    /// Turns that were finished so far.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn finished_turns(&self) -> usize {
        let sql = "SELECT COUNT(*) AS n FROM event_history";
        let count = self.app().db.number(sql, values![]).await.expect("the database answers");
        usize::try_from(count).expect("a count")
    }

    /// The one number that `sql` selects as `n`, for what has no route.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn count(&self, sql: &str) -> i64 {
        self.app().db.number(sql, values![]).await.expect("the database answers")
    }

    async fn state(&self, campaign: &str) -> String {
        #[derive(FromQueryResult)]
        struct Row {
            state: String,
        }
        let sql = "SELECT state FROM campaign WHERE id = $1";
        let row: Option<Row> =
            self.app().db.one(sql, values![campaign]).await.expect("the database answers");
        row.expect("the campaign exists").state
    }

    fn limits(&self) -> Limits {
        Limits {
            until: self.clock.now() + DAYS,
            turns: self.taken.load(Ordering::Relaxed) + self.reading.turns,
        }
    }

    /// One step: turns that are due, else time. False when nothing waits.
    async fn step(&self, limits: Limits, at_most: Option<i64>) -> bool {
        if self.turns(limits).await > 0 {
            return true;
        }
        let sql = match at_most {
            // Whoever waits for a time wants the repeated looks too.
            Some(_) => "SELECT MIN(due_at) AS n FROM event WHERE state IN ('ready', 'deferred') \
                 AND (key IS NOT NULL OR kind LIKE 'CAMPAIGN_TRACK_ENGAGEMENT%')"
                .to_owned(),
            None => {
                format!(
                    "SELECT MIN(due_at) AS n FROM event WHERE state IN ('ready', 'deferred') \
                     AND {OF_CAMPAIGNS}"
                )
            }
        };
        let row: Option<NextDue> =
            self.app().db.one(&sql, values![]).await.expect("the database answers");
        let next = match (row.and_then(|row| row.n), at_most) {
            (Some(next), Some(most)) => next.min(most),
            (Some(next), None) => next,
            (None, Some(most)) => most,
            (None, None) => return false,
        };
        assert!(next < limits.until, "a hundred days passed, and something still waits");
        self.clock.set(next);
        true
    }

    async fn turns(&self, limits: Limits) -> usize {
        let turns = self.server.engine.run_once().await.expect("the engine works");
        let taken = self.taken.fetch_add(turns, Ordering::Relaxed);
        assert!(taken < limits.turns, "there is no end to the work");
        if turns > 0 {
            self.repeat().await;
        }
        turns
    }

    /// Enqueues what was finished once more, with its own payload and without its dedupe key.
    async fn repeat(&self) {
        let Some(mut repeats) = self.repeats.lock().unwrap_or_else(PoisonError::into_inner).take()
        else {
            return;
        };
        let sql = "SELECT id, kind, key, account, payload FROM event_history WHERE key IS NOT NULL";
        let past: Vec<Past> =
            self.app().db.all(sql, values![]).await.expect("the database answers");
        let tx = self.app().db.begin().await.expect("the database answers");
        for event in past {
            let known = (event.kind.clone(), event.payload.clone());
            if !repeats.seen.insert(event.id) || !repeats.done.insert(known) {
                continue;
            }
            tx.exec(
                "INSERT INTO event (id, kind, queue, account, lane, key, payload, due_at, rank, \
                 state, created_at) \
                 VALUES ($1, $2, 'closing', $6, 'closing/' || $6, $3, $4, $5, $5, 'ready', $5)",
                values![
                    uuid::Uuid::now_v7().to_string(),
                    event.kind,
                    event.key,
                    event.payload,
                    self.clock.now(),
                    event.account
                ],
            )
            .await
            .expect("the database takes it");
        }
        tx.commit().await.expect("the database takes it");
        *self.repeats.lock().unwrap_or_else(PoisonError::into_inner) = Some(repeats);
    }
}

#[derive(Clone, Copy)]
struct Limits {
    until: i64,
    turns: usize,
}
