//! All SQL of `budget` and `spending`.

mod limits;
mod spent;

pub(super) use limits::{Rows, forget};
pub(crate) use spent::spent_on;
pub(super) use spent::{EndpointRow, by_endpoint, today_and_first};
