//! One sighting, as the collector stored it.

use crate::engagement::Kind;
use crate::{PostId, ProfileId, Time};

/// One sighting of one engagement. The same engagement may be sighted any number of times.
///
/// The order of the fields is the order in which a [`Log`](crate::engagement::Log) is sorted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observation {
    /// Who engaged: the immutable id.
    pub profile: ProfileId,
    /// What they did.
    pub kind: Kind,
    /// Which of the campaign's posts it was done to.
    pub post: PostId,
    /// The reply's or quote's own id; none for likes and reposts, which have none.
    pub object: Option<PostId>,
    /// When it happened by the network's clock, where the network says so.
    pub network_time: Option<Time>,
    /// When we first saw it: no earlier than it happened, and later by up to a collection's pause.
    pub first_seen: Time,
    /// What a reply or quote says.
    pub text: Option<String>,
    /// The profile's handle on that day. For people to read; it identifies nobody.
    pub handle: String,
    /// What the network said of the profile on that day.
    pub author: AuthorFacts,
    /// Whether it still stands.
    pub standing: Standing,
}

impl Observation {
    /// The network's time where it gave one, else when we first saw it.
    pub fn time(&self) -> Time {
        self.network_time.unwrap_or(self.first_seen)
    }

    /// Whether this and `other` are sightings of one and the same engagement.
    pub fn is_same_engagement(&self, other: &Self) -> bool {
        self.profile == other.profile
            && self.kind == other.kind
            && self.post == other.post
            && self.object == other.object
    }
}

/// Whether an engagement still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The network cannot prove absence (capped list, search window, protected profile): the last
    /// sighting counts, and the line says so.
    LastSighting,
    /// It was there in the final list.
    Stands,
    /// Proved gone: a complete list without it, or a look-up by id that says deleted.
    ///
    /// Wins over any other sighting of the same engagement. A collector that sees a like come
    /// back stores that it stands, instead of the withdrawal.
    Withdrawn,
}

/// What a network says of a profile. Absent fields were not sent, and nothing follows from that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorFacts {
    /// When the profile was created.
    pub created_at: Option<Time>,
    /// How many follow it.
    pub followers: Option<u64>,
    /// How many it follows.
    pub following: Option<u64>,
    /// How many posts it ever made.
    pub posts: Option<u64>,
    /// Whether it still has the network's default picture.
    pub default_avatar: Option<bool>,
}
