//! What every operation of the API shares: who asks, what they sent, and how an error reads.
//! No business is decided here.

mod body;
mod caller;
mod health;
mod problem;
mod query;

pub(crate) use body::Body;
pub(crate) use caller::Signed;
pub(crate) use health::{healthz, readyz};
pub(crate) use problem::Problem;
pub(crate) use query::Params;
