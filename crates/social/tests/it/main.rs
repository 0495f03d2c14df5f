//! The exam itself: an implementation without flaws passes, and each flaw is noticed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops with a panic")]

mod exam_notices;
mod memory;
mod uploads;
