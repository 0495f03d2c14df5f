//! The adapter against recorded shapes of X's answers, and the port's exam against the stand-in.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops with a panic")]

mod answers;
mod exam;
mod far;
mod hostile;
mod lists;
mod media;
mod read_back;
mod silence;
mod standin;
mod what_is_sent;
