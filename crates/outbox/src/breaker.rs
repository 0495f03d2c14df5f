//! Breaks one turn on demand, between what it asked and what it records: the moment at which a
//! process dies worst. Only tests have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many turns may still be finished before one is broken, plus one; 0 breaks none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breaker(Arc<AtomicUsize>);

impl Breaker {
    pub(crate) fn set(&self, passing: usize) {
        self.0.store(passing + 1, Ordering::SeqCst);
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }

    /// Whether it is this turn; counts down.
    pub(crate) fn strikes(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) == Ok(1)
    }
}
