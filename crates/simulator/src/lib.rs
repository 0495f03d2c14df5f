//! Plays whole lives of campaigns against the stand-ins: for the demo, and for the crash matrix,
//! which kills the server at every point of a life and looks at what became of it.
//!
//! Everything that is counted here is counted at the far ends of the sockets, with code that the
//! system does not use: whoever checks books must not use the accountant's glasses.
//!
//! - [`web`], [`api`]: asking like anybody else. [`control`]: the stand-ins from behind.
//! - [`chain`], [`books`]: what really happened, and whether it agrees with what the API says.
//! - [`life`]: a campaign from draft to end, on a [`stage`] with [`far`] ends, in a [`place`] of
//!   its own, with a [`server`] that dies where it is told to. [`judge`]: what became of it.
//! - [`points`], [`matrix`]: which points there are, and a life for each.

pub mod api;
pub mod books;
pub mod chain;
pub mod clock;
pub mod control;
pub mod far;
pub mod judge;
pub mod life;
pub mod matrix;
pub mod place;
pub mod points;
pub mod programs;
pub mod server;
pub mod stage;
pub mod web;
