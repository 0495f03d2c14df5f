//! A campaign to test with: post 1 at minute 0, close at minute 100, half an hour of grace.

use std::collections::BTreeSet;

use super::eligibility::Rules;
use super::{AuthorFacts, Kind, Observation, Standing};
use crate::{PostId, ProfileId, Span, Time};

const DAY: i64 = 86_400;

/// `minutes` after post 1.
pub(crate) fn minute(minutes: i64) -> Time {
    Time::from_micros((20_000 * DAY + minutes * 60) * 1_000_000)
}

/// `days` before post 1.
pub(crate) fn days_before(days: i64) -> Time {
    minute(-days * 24 * 60)
}

pub(crate) fn profile(id: &str) -> ProfileId {
    id.parse().expect("a legal profile id")
}

pub(crate) fn post(id: &str) -> PostId {
    id.parse().expect("a legal post id")
}

/// An engagement with post 1 in minute 10, by a person of whom nothing is suspect.
pub(crate) fn seen(id: &str, kind: Kind) -> Observation {
    let number: i64 = id.bytes().map(i64::from).sum();
    Observation {
        profile: profile(id),
        kind,
        post: post("post-1"),
        object: matches!(kind, Kind::Quote | Kind::Reply).then(|| post(&format!("{kind}-{id}"))),
        network_time: Some(minute(10)),
        first_seen: minute(12),
        text: None,
        handle: format!("handle_{id}"),
        author: AuthorFacts {
            created_at: Some(days_before(1_000 + number)),
            followers: Some(120),
            following: Some(200),
            posts: Some(900),
            default_avatar: Some(false),
        },
        standing: Standing::Stands,
    }
}

/// A reply that says `text`, with an id of its own.
pub(crate) fn reply(id: &str, text: &str) -> Observation {
    let object: u64 = text.bytes().fold(0, |hash, b| hash.wrapping_mul(31) + u64::from(b));
    Observation {
        object: Some(post(&format!("reply-{id}-{object}"))),
        text: Some(text.to_owned()),
        ..seen(id, Kind::Reply)
    }
}

pub(crate) fn rules() -> Rules {
    Rules {
        posts: BTreeSet::from([post("post-1"), post("post-2")]),
        brand: profile("brand"),
        opened: minute(0),
        closes: minute(100),
        grace: Span::from_secs(30 * 60),
        threshold: super::score::DEFAULT_THRESHOLD,
        exceptions: BTreeSet::new(),
    }
}
