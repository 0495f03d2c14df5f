//! Where work is: which lanes have some, whose turn it is, and where in a lane to begin.
//!
//! While a snapshot is held open on PostgreSQL (a backup, a forgotten session), nobody may clear
//! away index entries of events that are done, and whoever reads a lane from its beginning walks
//! over all of them. So whoever takes goes on where it last stopped, or a little before (see
//! [`Reach`](pace::Reach)). Two sorts of looks find whatever else came in behind that point:
//!
//! - *From the beginning*, in every lane: finds everything. As they become expensive they become
//!   rare, and go on beside the claims.
//! - *Going on*, when those are expensive: in lanes that are known, from the oldest event that was
//!   there at the last look; and between them, for lanes that nobody knew. So an event that waited
//!   for its key, or was committed late, is found within a second or two.
//!
//! What this process itself put back to an old place asks for one from the beginning
//! ([`Scout::look_again`]).

mod lane;
mod look;
mod pace;

use std::time::{Duration, Instant};

use hashbuzz_db::DbError;
use tokio_util::task::AbortOnDropHandle;

use crate::claim::Claimer;
use lane::{Lanes, by_lane};
use look::{Gap, Outlook};
use pace::{Looks, Reach};

pub(crate) use lane::{Seen, Take};

/// Nobody takes so long between writing an event and committing it; whoever does is found by a look
/// from the beginning. Microseconds.
const LATE: i64 = 2_000_000;
/// As far as claims reach back: until then they find by themselves what comes late.
const BETWEEN_GOING_ON: Duration = Duration::from_millis(200);

/// Finds work for one who takes it: to claim it, or to offer it to a broker.
pub(crate) struct Scout {
    claimer: Claimer,
    lanes: Lanes,
    outlook: Outlook,
    /// Where the last look ended, when it was not at the end.
    after: String,
    /// From the beginning.
    looks: Looks,
    /// Going on from the last ones.
    looks_on: Looks,
    /// When the last one went on in lanes that are known.
    went_on: Option<Instant>,
    /// A look from the beginning that goes on beside the claims.
    beside: Option<Beside>,
    reach: Reach,
    /// Where those begin that have gone farther.
    begin_at: i64,
    /// Somebody said that there is work, and it was too early to look.
    owes_look: bool,
}

struct Beside {
    began: Instant,
    look: AbortOnDropHandle<Result<Vec<Seen>, DbError>>,
}

impl Scout {
    pub(crate) fn new(claimer: Claimer) -> Self {
        Self {
            claimer,
            lanes: Lanes::default(),
            outlook: Outlook::default(),
            after: String::new(),
            looks: Looks::default(),
            looks_on: Looks::default(),
            went_on: None,
            beside: None,
            reach: Reach::default(),
            begin_at: i64::MAX,
            owes_look: false,
        }
    }

    /// Looks, where it is time for that. `woken` says that somebody committed some work, or that it is
    /// time to look.
    pub(crate) async fn keep_up(&mut self, woken: bool, now: i64) -> Result<(), DbError> {
        self.owes_look |= woken;
        self.end_look_beside().await;
        if self.beside.is_none() && self.looks.may(self.owes_look) {
            self.look(now).await?;
            self.owes_look = false;
        } else if self.looks.are_expensive() && self.looks_on.may(self.owes_look) {
            self.look_on(now).await?;
            self.owes_look = false;
        }
        self.begin_at = now.saturating_sub(self.reach.back());
        Ok(())
    }

    /// The next look is from the beginning, whatever it costs: something went back to an old place.
    pub(crate) fn look_again(&mut self) {
        self.looks.ask();
        // What looks now may have passed that place.
        self.beside = None;
    }

    /// What to take for `room` events from lanes that are `open`.
    pub(crate) fn share(&mut self, room: usize, open: impl Fn(&str) -> bool) -> Vec<Take> {
        let mut takes = self.lanes.share(room, open);
        for take in &mut takes {
            take.begin_at(self.begin_at);
        }
        takes
    }

    /// Takes note of what was taken: lane, rank and id of each.
    pub(crate) fn took<'a>(
        &mut self,
        takes: &[Take],
        taken: impl Iterator<Item = (&'a str, i64, &'a str)>,
    ) {
        self.lanes.took(takes, &by_lane(taken));
    }

    /// For all there is: at once, or beside the claims where that takes long.
    async fn look(&mut self, now: i64) -> Result<(), DbError> {
        let began = Instant::now();
        self.promote(now).await?;
        let gap = [Gap::after(&self.after)];
        if self.looks.are_expensive() {
            let claimer = self.claimer.clone();
            let look = tokio::spawn(async move { claimer.lanes(&gap).await });
            let look = AbortOnDropHandle::new(look);
            self.beside = Some(Beside { began, look });
            return Ok(());
        }
        let seen = self.claimer.lanes(&gap).await?;
        let seen = self.looked(began, seen);
        self.lanes.see(seen);
        Ok(())
    }

    /// Takes in what a look beside the claims found, when it is over. One that failed (the longest
    /// that a statement may take was not enough) keeps nobody from claiming, and is not begun anew
    /// at once.
    async fn end_look_beside(&mut self) {
        let over = self.beside.take_if(|beside| beside.look.is_finished());
        let Some(Beside { began, look }) = over else { return };
        let seen = match look.await {
            Ok(Ok(seen)) => self.looked(began, seen),
            Ok(Err(error)) => return self.looks_failed(began, &error),
            Err(error) => return self.looks_failed(began, &error),
        };
        self.lanes.came(seen);
    }

    fn looks_failed(&mut self, began: Instant, error: &dyn std::fmt::Display) {
        tracing::warn!(%error, "could not look for events from the beginning");
        self.looks.took(began);
    }

    /// A look that began then found this.
    fn looked(&mut self, began: Instant, seen: Vec<Seen>) -> Vec<Seen> {
        self.after = match seen.last() {
            Some(last) if Claimer::is_full(seen.len()) => last.lane.clone(),
            _ => String::new(),
        };
        self.looks.took(began);
        self.served(seen)
    }

    /// For deferred events that are due, lanes that are not known, and in those that are known from
    /// where nothing was before.
    async fn look_on(&mut self, now: i64) -> Result<(), DbError> {
        let began = Instant::now();
        self.promote(now).await?;
        let seen = self.claimer.lanes(&Gap::between(self.lanes.names())).await?;
        self.lanes.came(self.served(seen));
        if self.went_on.is_none_or(|last| last.elapsed() >= BETWEEN_GOING_ON) {
            let first = self.claimer.first_from(&self.lanes.floors()).await?;
            self.lanes.looked_on(first, now.saturating_sub(LATE));
            self.went_on = Some(Instant::now());
        }
        self.looks_on.took(began);
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

    pub(crate) const fn claimer(&self) -> &Claimer {
        &self.claimer
    }

    /// Whether anything was paused when it last looked.
    pub(crate) const fn pauses(&self) -> bool {
        self.outlook.pauses > 0
    }

    /// Whether it has to be asked again soon: it was too early to look, or a look goes on.
    pub(crate) const fn owes_look(&self) -> bool {
        self.owes_look || self.beside.is_some()
    }

    /// When the next deferred event is due, as far as the last look knew.
    pub(crate) const fn next_deferred(&self) -> Option<i64> {
        self.outlook.next_deferred
    }
}

#[cfg(test)]
mod tests {
    use hashbuzz_db::on_both_databases;
    use hashbuzz_db::testing::TestDb;

    use super::*;
    use crate::claim::tests::{claimer, write_ready};

    on_both_databases!(
        where_looks_are_expensive_what_comes_in_is_found_by_going_on,
        what_went_back_to_an_old_place_is_found_when_somebody_says_so,
        claims_do_not_wait_for_an_expensive_look,
    );

    const NOW: i64 = 100_000_000;

    /// One that knows a lane, of which the oldest is of rank 500, and whose looks are expensive.
    async fn scout(place: &TestDb) -> Scout {
        let claimer = claimer(place, [("social/a", 500)]).await;
        let mut scout = Scout::new(claimer);
        scout.keep_up(true, NOW).await.expect("looked");
        scout.looks = Looks::costly(Duration::from_secs(1));
        // Everything there was is taken.
        let takes = scout.share(1, |_| true);
        assert_eq!(lows(&takes), [500]);
        scout.claimer.take(&takes, NOW, false).await.expect("taken");
        scout.took(&takes, [("social/a", 500, "social/a500")].into_iter());
        scout
    }

    fn lows(takes: &[Take]) -> Vec<i64> {
        takes.iter().map(|take| take.low).collect()
    }

    async fn where_looks_are_expensive_what_comes_in_is_found_by_going_on(place: TestDb) {
        let mut scout = scout(&place).await;
        let db = scout.claimer.db.clone();
        scout.keep_up(true, NOW).await.expect("looked");
        write_ready(&db, "social/b", 40).await;
        write_ready(&db, "social/a", NOW - LATE).await;
        scout.went_on = None;
        scout.keep_up(true, NOW).await.expect("looked");
        let mut takes = scout.share(8, |_| true);
        takes.sort_by(|one, other| one.lane.cmp(&other.lane));
        let low = lows(&takes);
        assert!(low[0] <= NOW - LATE && low[1] == 40, "{low:?}");
        assert!(scout.looks.are_expensive() && scout.beside.is_none());
    }

    async fn what_went_back_to_an_old_place_is_found_when_somebody_says_so(place: TestDb) {
        let mut scout = scout(&place).await;
        scout.keep_up(true, NOW).await.expect("looked");
        write_ready(&scout.claimer.db, "social/a", 3).await;
        scout.went_on = None;
        scout.keep_up(true, NOW).await.expect("looked");
        assert!(lows(&scout.share(1, |_| true))[0] > 3, "nobody said anything");

        scout.look_again();
        let found = async {
            while lows(&scout.share(1, |_| true))[0] > 3 {
                scout.keep_up(true, NOW).await.expect("looked");
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), found).await.expect("found");
    }

    async fn claims_do_not_wait_for_an_expensive_look(place: TestDb) {
        let mut scout = scout(&place).await;
        scout.look_again();
        scout.keep_up(true, NOW).await.expect("looked");
        assert!(scout.beside.is_some(), "it goes on");
        assert!(scout.owes_look(), "somebody asks for what it found, without being told");
    }
}
