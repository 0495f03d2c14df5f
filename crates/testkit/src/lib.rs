//! The test world: the system over real sockets, on a clock that the test moves.
//!
//! [`World`] starts both stand-ins, deploys the escrow contract, opens a fresh database file and
//! puts the application in front of them with the clients of production: X over HTTP, Hedera over
//! gRPC, the API on a socket of its own. Nothing inside is replaced, so that a test proves what a
//! deployment does. One number holds the time for all of them, and only a test moves it; a wait of
//! seven days costs nothing.
//!
//! A test ends with [`World::finish`], which refuses an untidy end: work that waits, an outcome
//! that is unknown, a dead letter that nobody announced, books that do not agree with the chain,
//! anything that happened twice.
//!
//! - `world`: starting, restarting. `people`: who takes part. `campaigns`: what they do.
//! - `work`: turning the engine and moving the clock. `tidy`: what an end must look like.
//! - `lost`: lives under random faults. `far`: the stand-ins' own routes. `api`: our API. `clock`: the time.

mod api;
mod campaigns;
mod clock;
mod far;
mod lost;
mod people;
mod tidy;
mod work;
mod world;

pub use api::{Answer, Api};
pub use campaigns::{awareness, quest};
pub use far::{Call, Counted};
pub use hashbuzz_media::samples;
pub use lost::{Lost, LostMoney, lost_answers, lost_money};
pub use people::{Campaigner, Participant};
pub use world::{Reading, World};

/// Tinybars of one HBAR.
pub const HBAR: u64 = 100_000_000;
