//! Budgets: what may still be asked of the social network, and what asking has cost.
//!
//! Owns `budget`, `spending`. All processes of a deployment draw from the same limits ([`shared`] says
//! where they are kept): a request is reserved before it is sent, and the answer's headers correct
//! what is known. What does not fit is not sent, and whoever asked waits until it does.
//!
//! Events: none. Whoever is refused waits with its own event, which says until when and why.

mod http;
mod shared;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use http::{budget, open, usd};
pub use shared::SharedBudget;
pub(crate) use store::spent_on;
