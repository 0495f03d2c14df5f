//! Where limits are kept: in the database, and their windows in Redis where there is one.
//!
//! Windows are asked for with every request and belong to all processes, so their rows are the
//! hottest of the database; Redis counts them without one. It may forget: what a window held is
//! learned anew from the next answer's headers. Nobody tells us again what we have spent and capped
//! by the calendar, so that stays in the database, and so does, beside Redis, what is closed. While
//! Redis does not answer, the database keeps the windows as well.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use hashbuzz_db::Db;
use hashbuzz_domain::{Span, Time};
use hashbuzz_social::{Budget, Draw, Full, Limit, Settled, Unavailable, Window};

use super::store::Rows;

/// Redis that did not answer is left alone for so long, so that no request waits for it in vain.
const PAUSE: Span = Span::from_secs(5);

/// The budget of a deployment, shared by all its processes.
#[derive(Clone)]
pub struct SharedBudget {
    rows: Rows,
    quick: Option<Arc<Quick>>,
}

/// A place for windows that is quicker than the database, and may be away.
struct Quick {
    place: Arc<dyn Budget>,
    /// Microseconds; zero while it answers.
    away_until: AtomicI64,
}

impl SharedBudget {
    /// In this database, which has the schema.
    pub const fn new(db: Db) -> Self {
        Self { rows: Rows { db }, quick: None }
    }

    /// With its windows in `place`.
    #[must_use]
    pub fn with_windows_in(self, place: Arc<dyn Budget>) -> Self {
        let quick = Quick { place, away_until: AtomicI64::new(0) };
        Self { quick: Some(Arc::new(quick)), ..self }
    }

    /// The quicker place, when it is worth asking.
    fn quick(&self, now: Time) -> Option<&Quick> {
        self.quick.as_deref().filter(|quick| !quick.is_away(now))
    }

    /// Where windows are counted at present, for an operator.
    pub(super) fn windows_in(&self, now: Time) -> &'static str {
        match &self.quick {
            None => "database",
            Some(quick) if quick.is_away(now) => "database, while Redis does not answer",
            Some(_) => "redis",
        }
    }

    /// Forgets what the quicker place knows of a bucket. False when it knew nothing, or is away: then
    /// the database decides, until it is back.
    pub(super) async fn forget_window(&self, bucket: &str) -> bool {
        let Some(quick) = &self.quick else { return false };
        quick.place.forget(bucket).await.unwrap_or_else(|error| {
            tracing::warn!(%error, bucket, "a limit was opened in the database alone");
            false
        })
    }
}

impl Quick {
    fn is_away(&self, now: Time) -> bool {
        now.micros() < self.away_until.load(Ordering::Relaxed)
    }

    fn answered(&self) {
        if self.away_until.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!("the network's windows are kept in Redis again");
        }
    }

    fn left(&self, now: Time, error: &Unavailable) {
        let until = now.plus(PAUSE).micros();
        if self.away_until.swap(until, Ordering::Relaxed) == 0 {
            tracing::warn!(%error, "the database keeps the network's windows meanwhile");
        }
    }
}

#[async_trait]
impl Budget for SharedBudget {
    async fn reserve(&self, now: Time, draws: &[Draw]) -> Result<(), Full> {
        let Some(quick) = self.quick(now) else { return self.rows.reserve(now, draws).await };
        match quick.place.reserve(now, &windows_and_gates(draws)).await {
            Ok(()) => quick.answered(),
            Err(Full::Unavailable(error)) => {
                quick.left(now, &error);
                return self.rows.reserve(now, draws).await;
            }
            Err(full) => {
                quick.answered();
                return Err(full);
            }
        }
        let (_, dated) = divided(draws.to_vec());
        let dated: Vec<Draw> = dated.into_iter().filter(|draw| draw.amount > 0).collect();
        if dated.is_empty() {
            return Ok(());
        }
        let outcome = self.rows.reserve(now, &dated).await;
        if outcome.is_err() {
            let (unused, _) = divided(draws.to_vec());
            let unused = Settled { unused, ..Settled::default() };
            if let Err(error) = quick.place.settle(now, &unused).await {
                quick.left(now, &error);
            }
        }
        outcome
    }

    async fn settle(&self, now: Time, settled: &Settled) -> Result<(), Unavailable> {
        let Some(quick) = self.quick(now) else { return self.rows.settle(now, settled).await };
        let (unused, dated) = divided(settled.unused.clone());
        let Settled { readings, closed, spent, .. } = settled.clone();
        if !(readings.is_empty() && unused.is_empty() && closed.is_empty()) {
            let learned = Settled { readings, unused, closed: closed.clone(), spent: None };
            if let Err(error) = quick.place.settle(now, &learned).await {
                quick.left(now, &error);
                return self.rows.settle(now, settled).await;
            }
        }
        if spent.is_none() && dated.is_empty() && closed.is_empty() {
            return Ok(());
        }
        let booked = Settled { readings: Vec::new(), unused: dated, closed, spent };
        self.rows.settle(now, &booked).await
    }

    /// Of a bucket that both places know, the quicker one's numbers, and whichever is closed longer.
    async fn limits(&self, now: Time, most: usize) -> Result<Vec<Limit>, Unavailable> {
        let kept = self.rows.limits(now, most).await?;
        let Some(quick) = self.quick(now) else { return Ok(kept) };
        let windows = match quick.place.limits(now, most).await {
            Ok(windows) => windows,
            Err(error) => {
                quick.left(now, &error);
                return Ok(kept);
            }
        };
        let mut seen: BTreeMap<String, Limit> = named(kept).collect();
        for (name, mut limit) in named(windows) {
            if let Some(known) = seen.remove(&name) {
                limit.closed = limit.closed.max(known.closed);
            }
            seen.insert(name, limit);
        }
        Ok(Limit::ranked(seen.into_values().collect(), most))
    }

    async fn forget(&self, bucket: &str) -> Result<bool, Unavailable> {
        let there = self.forget_window(bucket).await;
        Ok(self.rows.forget(bucket).await? || there)
    }
}

fn named(limits: Vec<Limit>) -> impl Iterator<Item = (String, Limit)> {
    limits.into_iter().map(|limit| (limit.bucket.clone(), limit))
}

/// Draws from windows, and those from what the calendar ends.
fn divided(draws: Vec<Draw>) -> (Vec<Draw>, Vec<Draw>) {
    draws.into_iter().partition(|draw| matches!(draw.bucket.window, Window::Since(_)))
}

/// All of it where a window is drawn from; of everything else, only that it has to be passed.
fn windows_and_gates(draws: &[Draw]) -> Vec<Draw> {
    let (mut windows, mut dated) = divided(draws.to_vec());
    for draw in &mut dated {
        draw.amount = 0;
    }
    windows.append(&mut dated);
    windows
}
