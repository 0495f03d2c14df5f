//! The stand-in over its socket, as a client meets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod auth;
mod faults;
mod limits;
mod lists;
mod media;
mod media_posts;
mod money;
mod policy;
mod posting;
mod scene;
mod search;
mod shapes;
mod sign_in;
mod signatures;
mod state;
