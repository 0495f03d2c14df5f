//! The escrow's rules, one file a subject.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod campaigns;
mod ceiling;
mod claims;
mod deposits;
mod fuzz;
mod gas;
mod pause;
mod payouts;
mod refunds;
mod roles;
mod token_payouts;
mod tokens;
