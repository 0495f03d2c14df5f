//! The escrow's rules, one file a subject.

mod campaigns;
mod ceiling;
mod claims;
mod deposits;
mod fuzz;
mod pause;
mod payouts;
mod refunds;
mod roles;
