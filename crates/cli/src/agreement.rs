//! Whether this machine's clock agrees with those of the others.
//!
//! Processes compare due times and leases by their own clocks. One that is ahead takes over leases
//! that are still held, and works on events before they are due; one that is behind is thought dead.
//! The others are not asked: the database's clock is the one that all can see.

use std::time::Duration;

use anyhow::bail;
use hashbuzz_db::{Db, DbError};
use hashbuzz_outbox::{Clock as _, SystemClock};
use tokio_util::sync::CancellationToken;

use crate::loops::Means;

/// From here on a person should look, in microseconds.
const WARNED: i64 = 1_000_000;
/// From here on a process does not start: half of what a lease lasts.
const REFUSED: i64 = 30_000_000;
/// How often the clocks are compared.
const EVERY: Duration = Duration::from_secs(20);
/// The quickest of so many answers counts.
const TRIES: u32 = 3;

/// How this machine's clock compares with the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// By how many microseconds ours is ahead, as far as can be told: an answer takes its time.
    ahead: i64,
}

impl Agreement {
    /// Asks the database; nothing for SQLite, where there is one machine.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn of(db: &Db) -> Result<Option<Self>, DbError> {
        // Always the machine's own: a test may have its processes agree about another time.
        let clock = SystemClock;
        let mut best: Option<(i64, i64)> = None;
        for _ in 0..TRIES {
            let asked = clock.now();
            let Some(theirs) = db.server_time().await? else { return Ok(None) };
            let answered = clock.now();
            let took = (answered - asked).max(0);
            if best.is_none_or(|(quickest, _)| took < quickest) {
                best = Some((took, certainly(asked, answered, theirs)));
            }
        }
        Ok(best.map(|(_, ahead)| Self { ahead }))
    }

    /// Whether a person should look.
    pub(crate) const fn is_poor(self) -> bool {
        self.ahead.abs() > WARNED
    }

    /// Whether a process may not work.
    pub(crate) const fn is_too_poor(self) -> bool {
        self.ahead.abs() > REFUSED
    }
}

impl std::fmt::Display for Agreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = self.ahead.abs() / 100_000;
        let side = if self.ahead < 0 { "behind" } else { "ahead of" };
        write!(f, "this machine's clock is {}.{} s {side} the database's", tenths / 10, tenths % 10)
    }
}

/// By how much our clock is ahead at least, when theirs showed `theirs` somewhere between `asked` and
/// `answered` of ours.
const fn certainly(asked: i64, answered: i64, theirs: i64) -> i64 {
    if theirs < asked {
        asked - theirs
    } else if theirs > answered {
        answered - theirs
    } else {
        0
    }
}

/// Refuses to go on where clocks disagree so much that processes would take each other's work.
///
/// # Errors
/// The database's, and that.
pub(crate) async fn needed(db: &Db) -> anyhow::Result<()> {
    let Some(found) = Agreement::of(db).await? else { return Ok(()) };
    if found.is_too_poor() {
        bail!(
            "{found}: set the clocks (NTP) and start again; up to 30 s are bearable, 1 s is fine"
        );
    }
    Ok(())
}

/// Compares the clocks now and then until `stop`; what is wrong shows in `/readyz` and in the log.
pub(crate) async fn watch(means: Means, stop: CancellationToken) {
    const NAME: &str = "clock";
    let Means { db, clock, watchdog, .. } = means;
    while !stop.is_cancelled() {
        let found = Agreement::of(&db).await;
        let now = clock.now();
        match found {
            // One machine: there is nothing to compare, and no reason to end.
            Ok(None) => return stop.cancelled().await,
            Ok(Some(found)) if found.is_poor() => watchdog.is_in_trouble(NAME, now, &found),
            Ok(Some(_)) => watchdog.beat(NAME, now),
            Err(error) => watchdog.is_in_trouble(NAME, now, &error),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.sleep(EVERY) => {}
        }
    }
    watchdog.end(NAME);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_counts_as_a_difference() {
        assert_eq!(certainly(100, 200, 150), 0);
        assert_eq!(certainly(100, 200, 90), 10);
        assert_eq!(certainly(100, 200, 230), -30);
    }

    #[test]
    fn a_second_is_borne_in_silence_and_half_a_minute_is_not_borne() {
        let at = |ahead| Agreement { ahead };
        assert!(!at(-1_000_000).is_poor());
        assert!(at(-1_000_001).is_poor() && !at(-30_000_000).is_too_poor());
        assert!(at(30_000_001).is_too_poor());
        let words = [at(-2_340_000).to_string(), at(40_000_000).to_string()];
        assert_eq!(
            words,
            [
                "this machine's clock is 2.3 s behind the database's",
                "this machine's clock is 40.0 s ahead of the database's"
            ]
        );
    }
}
