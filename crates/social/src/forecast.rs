//! What following a campaign to its end will take.

use hashbuzz_domain::Span;
use hashbuzz_domain::engagement::Kind;

/// A campaign before it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The texts that will be posted, as they will be posted.
    pub texts: &'a [String],
    /// Of these, how many can be engaged with: the first so many.
    pub watched: usize,
    /// Which kinds are collected.
    pub kinds: &'a [Kind],
    /// How many people are expected to take part.
    pub participants: u64,
    /// From its first post to its end.
    pub duration: Span,
    /// Between two walks over the lists while it runs, at most.
    pub sweep_every: Span,
}

/// What it will take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Requests by endpoint.
    pub calls: Vec<Calls>,
    /// What the network bills at most, in millionths of a dollar, if everybody who is expected
    /// engages in every kind.
    pub micros: u64,
    /// What the network will not show, in sentences for the campaign's owner.
    pub warnings: Vec<String>,
}

/// Requests of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// The endpoint's name, as in limits and traces.
    pub endpoint: &'static str,
    /// How often it is asked over the campaign's life.
    pub requests: u64,
    /// How many of these are made after its end.
    pub at_close: u64,
    /// What all of them cost at most, in millionths of a dollar.
    pub micros: u64,
    /// How many requests of the app itself the network allows in one window; 0 where it may not ask.
    pub app_window: u64,
    /// How many of one profile.
    pub profile_window: u64,
    /// How long that window is.
    pub window: Span,
}
