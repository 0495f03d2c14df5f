//! Time: saturating, never negative as a span.

use proptest::prelude::*;

use super::*;

#[test]
fn seconds_are_rounded_towards_the_past() {
    assert_eq!(Time::from_micros(1_999_999).secs(), 1);
    assert_eq!(Time::from_micros(-1).secs(), -1);
    assert_eq!(Span::from_millis(1_999).secs(), 1);
}

#[test]
fn the_ends_of_time_are_not_passed() {
    let (first, last) = (Time::from_micros(i64::MIN), Time::from_micros(i64::MAX));
    assert_eq!(last.plus(Span::from_secs(1)), last);
    assert_eq!(first.minus(Span::from_secs(1)), first);
    assert_eq!(last.since(first), Span::from_micros(i64::MAX));
}

#[test]
fn a_span_is_never_negative() {
    assert_eq!(Span::from_micros(-5), Span::ZERO);
    assert_eq!(Time::from_micros(1).since(Time::from_micros(2)), Span::ZERO);
}

#[test]
fn spans_are_shown_in_their_two_largest_units() {
    for (secs, shown) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (5_400, "1 h 30 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (2_592_000, "30 d"),
    ] {
        assert_eq!(Span::from_secs(secs).to_string(), shown, "{secs}");
    }
}

proptest! {
    #[test]
    fn what_is_added_can_be_measured(start in -(1_i64 << 60)..(1 << 60), secs in any::<u32>()) {
        let (start, span) = (Time::from_micros(start), Span::from_secs(secs));
        prop_assert_eq!(start.plus(span).since(start), span);
        prop_assert_eq!(start.plus(span).minus(span), start);
    }
}
