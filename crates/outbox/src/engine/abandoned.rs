//! What this process holds by the word of the database and not by its own: a claim whose answer was
//! lost, a turn whose end could not be recorded, jobs of the broker whose events could not be
//! claimed. It lives and says so, so nobody else would take these before their leases end. So they
//! are given back as soon as the database answers again, and whoever claims is told that something
//! went back to an old place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbuzz_db::{Db, DbError};

use crate::claim::Leased;
use crate::lease;

/// A server may still commit what nobody waited for; by then its own time limits have ended it.
const LATEST_COMMIT_MICROS: i64 = 30_000_000;

#[derive(Debug, Default)]
pub(super) struct Abandoned {
    lists: Mutex<Lists>,
    /// Since somebody asked.
    went_back: AtomicBool,
}

#[derive(Debug, Default)]
struct Lists {
    /// As [`lease::abandon`] knows them, and until when they are looked for.
    held: Vec<(String, i64)>,
    /// Published events whose jobs are gone.
    jobs: Vec<String>,
}

impl Abandoned {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever was claimed at `claimed_at`.
    pub(super) fn claim(&self, claimed_at: i64) {
        let until = claimed_at + LATEST_COMMIT_MICROS;
        self.lists().held.push((lease::mark_of_claim(claimed_at), until));
    }

    /// One event, whose turn ended at `now`.
    pub(super) fn turn(&self, leased: &Leased, now: i64) {
        let mark = lease::mark_of_turn(&leased.id, leased.fence);
        self.lists().held.push((mark, now + LATEST_COMMIT_MICROS));
    }

    /// Events whose jobs were taken and not worked on.
    pub(super) fn jobs(&self, events: &[String]) {
        self.lists().jobs.extend_from_slice(events);
    }

    /// Events went back to old places in their lanes.
    pub(super) fn went_back(&self) {
        self.went_back.store(true, Ordering::Relaxed);
    }

    /// Whether events went back since this was asked last.
    pub(super) fn has_gone_back(&self) -> bool {
        self.went_back.swap(false, Ordering::Relaxed)
    }

    /// Gives them back; says how many there were.
    pub(super) async fn give_back(&self, db: &Db, now: i64, owner: &str) -> Result<u64, DbError> {
        let (held, jobs) = {
            let lists = self.lists();
            let held: Vec<String> = lists.held.iter().map(|(mark, _)| mark.clone()).collect();
            (held, lists.jobs.clone())
        };
        if held.is_empty() && jobs.is_empty() {
            return Ok(0);
        }
        let given_back = lease::abandon(db, now, owner, &held, &jobs).await?;
        let mut lists = self.lists();
        lists.held.retain(|(_, until)| *until > now);
        lists.jobs.drain(..jobs.len());
        Ok(given_back)
    }
}
