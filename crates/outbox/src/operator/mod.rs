//! What an operator sees and does: search, one event with its attempts, why it waits, dead letters
//! by group, retry, discard, pause, resume.
//!
//! Looking takes whatever runs statements; acting takes a transaction, so that whoever acts writes
//! the audit record of it in the same one. Acts only move a row between the states that the engine
//! knows; they never run anything themselves, and never touch an event that a worker has in hand.
//! Everything has a limit: a page, a batch, a sample, a look at how much waits ahead.

mod act;
mod clean_up;
mod event;
mod filter;
mod fingerprint;
mod instance;
mod letters;
mod matching;
mod pause;
mod search;
mod table_health;
mod waiting;
mod why;

pub use act::{Acted, discard, retry};
pub use clean_up::{Deleted, Expired, FinishedKey, delete_expired, finished_keys};
pub use event::{Attempt, Detail, Event, EventState, one};
pub use filter::Filter;
pub use instance::{Instance, instances};
pub use letters::{Group, Letters, dead_letter_groups};
pub use matching::{BATCH, Batch, Matching, Preview, matching, retry_batch};
pub use pause::{Pause, Scope, pause, pauses, resume};
pub use search::{Page, PageOf, search};
pub use table_health::{TableHealth, table_health};
pub use waiting::{Waiting, dead_letters, next_due, waiting};
pub use why::{Why, why_waiting};
