//! Everything that happens by the clock. A scheduled job is an event with a later due time, so it
//! survives every restart; this list says which ones a starting system makes sure of.
//!
//! | what | how often | event |
//! |---|---|---|
//! | read the escrow's log | `watch_every` | `ESCROW_WATCH` |
//! | compare our books with the chain's | every minute | `BOOKS_CHECK` |
//! | delete what is finished, by age | every hour | `HOUSEKEEPING_CLEAN_UP` |
//! | look at the running campaigns that are due | `track_every` | `CAMPAIGN_TRACK_ENGAGEMENT` |
//! | end a campaign | at its close time | `CAMPAIGN_CLOSE_OPERATION` |
//! | end a claim window | at its end, by the contract | `CAMPAIGN_CLAIMS_END` |

use std::time::Duration;

use hashbuzz_db::DbError;
use hashbuzz_outbox::{Retry, enqueue};

use crate::App;
use crate::engagement::TrackEngagement;
use crate::ops::{CheckBooks, CleanUp};
use crate::treasury::WatchEscrow;

/// For what must never stop: it fails and tries again, at most five minutes apart, without end.
pub(crate) const FOREVER: Retry =
    Retry { first: Duration::from_secs(1), cap: Duration::from_secs(300), attempts: u32::MAX };

/// Makes sure that everything that repeats itself is waiting. Doing it again changes nothing.
///
/// # Errors
/// The database's.
pub async fn start(app: &App) -> Result<(), DbError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    enqueue(&tx, now, &WatchEscrow {}).await?;
    enqueue(&tx, now, &TrackEngagement {}).await?;
    enqueue(&tx, now, &CheckBooks {}).await?;
    enqueue(&tx, now, &CleanUp::default()).await?;
    tx.commit().await?;
    app.wake();
    Ok(())
}
