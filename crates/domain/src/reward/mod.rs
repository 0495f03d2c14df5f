//! Rewards: who is owed what, and the commitment to it.
//!
//! Pure, whole numbers, and the same bytes on every machine: a second implementation can recompute
//! an allocation from the exported log. Two invariants hold for every [`Allocation`]: its total
//! and its refund make the budget, and no line is above what was owed.

mod allocation;
mod awareness;
pub mod merkle;
mod quest;
mod rates;
#[cfg(test)]
mod tests;

pub use allocation::{Allocation, Line, Reason, Scale};
pub use awareness::{Projection, Terms, awareness, project};
pub use quest::{Prize, quest};
pub use rates::{Rates, default_rate};
