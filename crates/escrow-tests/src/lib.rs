//! The escrow contract under test, in an EVM inside the test's own process.
//!
//! Three layers look at it. `tests/it` states each rule and the exact error of its breach. The
//! [`fuzz`] module throws random calls by random people at it and compares every answer with a
//! model written from the rules. An auditor that knows no rule but bookkeeping follows the log and
//! the balances of the same runs. Broken copies of the contract, each with one line changed, prove
//! that the last two would notice.

pub mod abi;
pub mod allocation;
pub mod artefact;
pub mod chain;
pub mod escrow;
pub mod fuzz;
pub mod hts;
pub mod stage;
