//! The features, from the API to both networks and back.

mod closing;
