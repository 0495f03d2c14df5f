//! Where work is: which lanes have some, whose turn it is, and where in a lane to begin.
//!
//! While a snapshot is held open on PostgreSQL (a backup, a forgotten session), nobody may clear
//! away index entries of events that are done, and whoever reads a lane from its beginning walks
//! over all of them. So whoever takes goes on where it last stopped, or a little before (see
//! [`Reach`](pace::Reach)). Looks from the beginning, which find whatever else came in behind that
//! point, become rare as they become expensive; lanes that nobody knew are then looked for between
//! those that are known.

mod lane;
mod pace;

use std::time::Instant;

use hashbuzz_db::DbError;

use crate::claim::{Claimer, Gap, Outlook};
use lane::{Lanes, by_lane};
use pace::{Looks, Reach};

pub(crate) use lane::{Seen, Take};

/// Finds work for one who takes it: to claim it, or to offer it to a broker.
pub(crate) struct Scout {
    claimer: Claimer,
    lanes: Lanes,
    outlook: Outlook,
    /// Where the last look ended, when it was not at the end.
    after: String,
    /// From the beginning.
    looks: Looks,
    /// Between the lanes that are known.
    looks_between: Looks,
    reach: Reach,
    /// Where those begin that have gone farther.
    begin_at: i64,
    /// Somebody said that there is work, and it was too early to look.
    owes_look: bool,
}

impl Scout {
    pub(crate) fn new(claimer: Claimer) -> Self {
        Self {
            claimer,
            lanes: Lanes::default(),
            outlook: Outlook::default(),
            after: String::new(),
            looks: Looks::default(),
            looks_between: Looks::default(),
            reach: Reach::default(),
            begin_at: i64::MAX,
            owes_look: false,
        }
    }

    /// Looks, where it is time for that. `woken` says that somebody committed some work, or that it is
    /// time to look.
    pub(crate) async fn keep_up(&mut self, woken: bool, now: i64) -> Result<(), DbError> {
        self.owes_look |= woken;
        if self.looks.may(self.owes_look) {
            self.look(now).await?;
            self.owes_look = false;
        } else if self.looks.are_expensive() && self.looks_between.may(self.owes_look) {
            self.look_between(now).await?;
            self.owes_look = false;
        }
        self.begin_at = now.saturating_sub(self.reach.back());
        Ok(())
    }

    /// The next look is from the beginning, whatever it costs: something went back to an old place.
    pub(crate) fn look_again(&mut self) {
        self.looks = Looks::default();
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

    pub(crate) const fn claimer(&self) -> &Claimer {
        &self.claimer
    }

    /// Whether anything was paused when it last looked.
    pub(crate) const fn pauses(&self) -> bool {
        self.outlook.pauses > 0
    }

    /// Whether it has to be asked again soon, because it was too early to look.
    pub(crate) const fn owes_look(&self) -> bool {
        self.owes_look
    }

    /// When the next deferred event is due, as far as the last look knew.
    pub(crate) const fn next_deferred(&self) -> Option<i64> {
        self.outlook.next_deferred
    }
}
