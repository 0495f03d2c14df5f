//! Both databases keep the same promises.

mod migrations;
mod transactions;
