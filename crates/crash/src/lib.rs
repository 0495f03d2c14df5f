//! Named places at which a test build can be made to die, and a clock that runs fast there.
//!
//! "Everything may be killed at any moment" is a claim about moments, so the moments have names:
//! before and after each write, send, receive, commit and acknowledgement stands a [`point!`].
//! Without the feature `armed` a point is an empty block and [`within`] returns its argument: no
//! string, no look at the environment and no branch is left in the program (the tests of the
//! program look for them). With it, two variables decide:
//!
//! - `HASHBUZZ_CRASH_RECORD=FILE` appends the label of every point that is reached, one a line;
//! - `HASHBUZZ_CRASH_AT=LABEL` aborts the process when the point of this label is reached: no
//!   destructor runs, nothing is flushed, as with `kill -9`.
//!
//! A label is `site@context#n`: the n-th time, from 1, that this process reaches this site in this
//! context. The context is the kind of the event whose turn it is, or whatever else [`within`]
//! said; it makes labels that mean the same in every run, however loops and turns interleave.
//! A statement's site carries verb and table: `db.write.before UPDATE effect@CAMPAIGN_FUND.v1#2`.

#[cfg(feature = "armed")]
mod armed;
mod clock;
#[cfg(feature = "armed")]
mod statement;

#[cfg(feature = "armed")]
pub use armed::{hit, hit_statement, within};
pub use clock::FastClock;

/// The variable with the label at which to die.
pub const AT: &str = "HASHBUZZ_CRASH_AT";
/// The variable with the file to which labels are appended.
pub const RECORD: &str = "HASHBUZZ_CRASH_RECORD";
/// The variable with the clock, as [`FastClock`] writes and reads it.
pub const CLOCK: &str = "HASHBUZZ_TEST_CLOCK";

/// A place at which an armed program can die: `point!("x.send.before")`, or
/// `point!("db.write.before", sql)` for a statement, which counts only when it writes.
#[cfg(feature = "armed")]
#[macro_export]
macro_rules! point {
    ($site:literal) => {
        $crate::hit($site)
    };
    ($site:literal, $sql:expr) => {
        $crate::hit_statement($site, $sql)
    };
}

/// A place at which an armed program can die; here it is nothing.
#[cfg(not(feature = "armed"))]
#[macro_export]
macro_rules! point {
    ($site:literal $(, $sql:expr)?) => {{}};
}

/// Names the context of every point that `future` reaches; here it does nothing.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn within<F: Future>(_context: &str, future: F) -> F {
    future
}

#[cfg(all(test, not(feature = "armed")))]
mod tests {
    /// A constant can neither ask the environment nor abort: this compiles because a point that is
    /// not armed is nothing.
    const NOTHING: () = {
        point!("nothing.before");
        point!("nothing.after", "UPDATE nothing");
    };

    #[test]
    fn a_point_that_is_not_armed_is_nothing() {
        assert_eq!(NOTHING, ());
        let future = std::future::ready(1);
        let size = size_of_val(&future);
        assert_eq!(size_of_val(&super::within("context", future)), size);
    }
}
