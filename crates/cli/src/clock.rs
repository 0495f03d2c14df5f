//! Whose time it is.
//!
//! It is the machine's. Only the program of the crash matrix, which is built with the feature
//! `crash-points`, may be told to let time run fast; every process of a matrix is told the same, so
//! that the server and both stand-ins go on agreeing about it.

#[cfg(feature = "crash-points")]
pub(crate) use fast::{of_the_ledger, of_the_network, of_the_server};
#[cfg(not(feature = "crash-points"))]
pub(crate) use real::{of_the_ledger, of_the_network, of_the_server};

#[cfg(not(feature = "crash-points"))]
mod real {
    use std::sync::Arc;

    use hashbuzz_outbox::{Clock, SystemClock};

    /// The clock of the server.
    pub(crate) fn of_the_server() -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// The clock of the X stand-in.
    pub(crate) const fn of_the_network() -> hashbuzz_standin_x::Clock {
        hashbuzz_standin_x::Clock::Real
    }

    /// The clock of the Hedera stand-in.
    pub(crate) fn of_the_ledger() -> hashbuzz_standin_hedera::Clock {
        hashbuzz_standin_hedera::Clock::real()
    }
}

#[cfg(feature = "crash-points")]
mod fast {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use hashbuzz_outbox::{Clock, SystemClock};
    use hashbuzz_simulator::clock::{Fast, FastClock};

    /// How often the stand-ins' clock goes on. They are a network away, so being late by this much
    /// is nothing that they would not be anyway.
    const TICK: Duration = Duration::from_millis(1);

    pub(crate) fn of_the_server() -> Arc<dyn Clock> {
        match FastClock::from_environment() {
            Some(clock) => Arc::new(Fast(clock)),
            None => Arc::new(SystemClock),
        }
    }

    pub(crate) fn of_the_network() -> hashbuzz_standin_x::Clock {
        match ticking() {
            Some(micros) => hashbuzz_standin_x::Clock::Manual(micros),
            None => hashbuzz_standin_x::Clock::Real,
        }
    }

    pub(crate) fn of_the_ledger() -> hashbuzz_standin_hedera::Clock {
        match ticking() {
            Some(micros) => hashbuzz_standin_hedera::Clock::manual(micros),
            None => hashbuzz_standin_hedera::Clock::real(),
        }
    }

    /// The stand-ins share no code with us: what they take is a number that somebody moves.
    fn ticking() -> Option<Arc<AtomicI64>> {
        let clock = Fast(FastClock::from_environment()?);
        let micros = Arc::new(AtomicI64::new(clock.now()));
        let shown = Arc::clone(&micros);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(TICK);
            loop {
                ticks.tick().await;
                shown.store(clock.now(), Ordering::SeqCst);
            }
        });
        Some(micros)
    }
}
