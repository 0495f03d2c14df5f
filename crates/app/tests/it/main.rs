//! The features, from the API to both networks and back.

mod account;
mod campaign;
mod closing;
mod effects;
mod engagement;
mod media;
mod ops;
mod treasury;
