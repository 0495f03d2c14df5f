//! The life of a campaign: one total function, [`apply`], specified by a table (`table.txt`).
//!
//! Every state is answered for every command: with the next state and what has to happen because
//! of it, or with a refusal that says why. Whoever calls it stores state and effects together.

mod apply;
mod draft;
mod seed;
mod state;
#[cfg(test)]
mod tests;

pub use apply::{Command, Effect, Refusal, Transition, apply};
pub use draft::{Bounds, Content, Draft, DraftError, FieldError, Reward};
pub use seed::seed_name;
pub use state::{Phase, State, Step};
