//! All SQL of `budget` and `spending`.

mod limits;
mod spent;

pub use limits::SharedBudget;
pub(super) use limits::{LimitRow, forget, in_use};
pub(crate) use spent::spent_on;
pub(super) use spent::{EndpointRow, by_endpoint, today_and_first};
