//! A server that answers like the X API v2, as unforgiving as the real one.
//!
//! It exists so that the demo and the tests talk to a social network over a socket instead of to
//! a friendly double inside the process. It therefore shares no code with the system, keeps its
//! own books, and does what the real network does to its clients: it refuses duplicate texts,
//! closes the reply gate, rewrites links, hides protected accounts from lists while counting them,
//! shows at most 100 likers, forgets replies after seven days, shifts pages while they are read,
//! meters every endpoint, and now and then performs a write and cuts the line before answering.
//!
//! The map, from the wire inwards:
//! - [`server`]: one request from the socket to the answer; the connection that can be cut.
//! - [`endpoints`]: the table of everything that can be asked, with its rights and its limits.
//! - [`auth`], [`limits`], [`money`], [`faults`]: who asks, how often they may, what it costs, what
//!   goes wrong on purpose.
//! - [`posts`], [`users`], [`reactions`], [`lists`], [`search`], [`media`]: the answers.
//! - [`world`]: the state; [`state`] keeps it in a file, if it shall outlive the process. Everything runs under one lock and no answer waits while it holds it.
//! - [`control`]: `/_standin/*`, where a test or the demo plays the people and breaks things.
//!
//! Where the real behaviour is not documented, the less comfortable reading was chosen.

mod auth;
mod call;
mod clock;
mod control;
mod endpoints;
mod faults;
mod limits;
mod lists;
mod media;
mod money;
mod posts;
mod problem;
mod query;
mod reactions;
mod search;
mod server;
mod shape;
mod snowflake;
mod state;
mod text;
mod users;
mod vocabulary;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use clock::Clock;
pub use limits::Limits;
pub use server::{Running, start};

/// What a stand-in is started with. Everything else is changed while it runs, by
/// `PATCH /_standin/settings`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Decides every token, short link and random fault: the same seed and the same requests give
    /// the same answers.
    pub seed: u64,
    /// Where the time comes from.
    pub clock: Clock,
    /// How much may be asked.
    pub limits: Limits,
    /// Whether a text that its author has published lately is refused with 403.
    pub refuse_duplicates: bool,
    /// How many people there are from the beginning.
    pub founders: usize,
    /// The file that everything is kept in, so that a restart goes on where this one ended. The
    /// seed, the founders and the refusal of duplicates count only when it does not exist yet.
    pub state: Option<PathBuf>,
}

impl Config {
    /// A free port on the loopback address, real limits, duplicates refused.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 1,
            clock,
            limits: Limits::documented(),
            refuse_duplicates: true,
            founders: 0,
            state: None,
        }
    }
}
