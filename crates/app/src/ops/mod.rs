//! Operations: whether the books agree with the chain, what waits and why, and what an operator does
//! about it.
//!
//! Owns no table: events, effects and pauses are the outbox's, and every act on them is written
//! into the audit log by the transaction that does it.

mod check_books;
mod clean_up;
pub(crate) mod http;
mod retry_all;

pub use check_books::{BooksReport, CheckBooks, Mismatch, check_books};
pub use clean_up::CleanUp;
