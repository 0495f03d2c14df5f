//! Operations: whether the books agree with the chain, and what waits.

mod check_books;
pub(crate) mod http;

pub use check_books::{BooksReport, CheckBooks, Mismatch, check_books};
