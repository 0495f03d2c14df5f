//! The features, from the API to both networks and back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod campaign;
mod closing;
mod effects;
mod engagement;
mod treasury;
