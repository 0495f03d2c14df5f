//! When a running campaign is looked at: often while it is young, rarer later.
//!
//! Of the engagement that a post ever gets, a third comes within the first hour and nearly all within
//! a day, so looks are spread over a campaign's age: each interval is a fixed part of the age so far.
//! Counts are cheap (one request for a hundred posts, and a post is billed once a day however often it
//! is counted); lists are what costs, so they are walked only when the counts have moved.

use hashbuzz_domain::Span;

/// A look each time a campaign has become older by one part in so many.
const LOOK_PARTS: i64 = 10;
/// A walk each time it has become older by one part in so many.
const WALK_PARTS: i64 = 4;
/// The rarest look.
const RAREST_LOOK: i64 = 3_600 * 1_000_000;
/// A walk at least so often, moved or not: searches forget what is older than a week.
const WEEKLY: i64 = 6 * 86_400 * 1_000_000;

/// How long after a look at a campaign of this age the next one comes, in microseconds.
pub(super) fn until_next_look(age: i64, at_least: Span) -> i64 {
    (age / LOOK_PARTS).min(RAREST_LOOK).max(at_least.micros())
}

/// A campaign's lists, as of a look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lists {
    /// How old the campaign is, in microseconds.
    pub(super) age: i64,
    /// How long ago the last walk began; the campaign's age when there was none.
    pub(super) since_walk: i64,
    /// Whether any count is another one than it was then.
    pub(super) moved: bool,
    /// Whether anybody is counted at all.
    pub(super) anybody: bool,
}

/// Whether the lists are due for a walk.
pub(super) fn walks(lists: Lists, at_least: Span, at_most: Span) -> bool {
    let every = (lists.age / WALK_PARTS).min(at_most.micros()).max(at_least.micros());
    (lists.moved && lists.since_walk >= every) || (lists.anybody && lists.since_walk >= WEEKLY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1_000_000;
    const HOUR: i64 = 60 * MINUTE;
    const FIVE_MINUTES: Span = Span::from_secs(300);
    const SIX_HOURS: Span = Span::from_secs(6 * 3_600);

    /// Ages at which a campaign of a day is looked at.
    fn looks() -> Vec<i64> {
        let mut ages = vec![0];
        while let Some(age) = ages.last().copied().filter(|age| *age < 24 * HOUR) {
            ages.push(age + until_next_look(age, FIVE_MINUTES));
        }
        ages
    }

    #[test]
    fn a_young_campaign_is_looked_at_often_and_an_old_one_rarely() {
        let looks = looks();
        let between =
            |from: i64, to: i64| looks.iter().filter(|at| (from..to).contains(*at)).count();
        assert_eq!(between(0, HOUR), 12);
        assert_eq!(between(23 * HOUR, 24 * HOUR), 1);
        assert!((35..60).contains(&looks.len()), "{} looks a day", looks.len());
    }

    #[test]
    fn lists_are_walked_when_counts_have_moved_or_a_week_is_nearly_over() {
        let lists = |age, since_walk, moved| Lists { age, since_walk, moved, anybody: true };
        let walks = |lists| walks(lists, FIVE_MINUTES, SIX_HOURS);
        assert!(walks(lists(HOUR, 15 * MINUTE, true)));
        assert!(!walks(lists(HOUR, 14 * MINUTE, true)), "too soon for its age");
        assert!(walks(lists(48 * HOUR, 6 * HOUR, true)));
        assert!(!walks(lists(48 * HOUR, 24 * HOUR, false)), "nothing has moved");
        assert!(walks(lists(144 * HOUR, 144 * HOUR, false)), "search forgets");
        let nobody = Lists { anybody: false, ..lists(144 * HOUR, 144 * HOUR, false) };
        assert!(!walks(nobody), "nobody is there to be forgotten");
    }
}
