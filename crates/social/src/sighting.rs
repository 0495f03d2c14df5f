//! Sightings: one person's engagement with a post, as one page of a list showed it.

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, ProfileId, Time};

/// What of a campaign is to be seen in the network's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched<'a> {
    /// The posts that were engaged with.
    pub posts: &'a [PostId],
    /// Which kinds of engagement.
    pub kinds: &'a [Kind],
    /// When the first of the posts was created: where a list has a window, it starts here.
    pub posted_at: Time,
}

/// A list that has to be walked to see some of what is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What the network's adapter knows it by; opaque to us, and good for as long as it is stored.
    pub key: ListKey,
    /// Whose engagement, and which, it shows.
    pub shows: Vec<(PostId, Kind)>,
}

/// A list by the name that the network's adapter gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListKey(pub String);

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collect {
    /// Which list.
    pub list: ListKey,
    /// When the first watched post was created.
    pub posted_at: Time,
    /// Where the last page ended; none for the first page.
    pub cursor: Option<Cursor>,
}

/// A place in a list, opaque to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// One page. Pages may overlap and repeat; the log removes duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it shows.
    pub sightings: Vec<Sighting>,
    /// The next page; none when this was the last.
    pub next: Option<Cursor>,
    /// Whether the list that ends here is complete, so that whoever is absent has withdrawn.
    /// False where the network caps it (X: 100 likers) or has a window (X: search, 7 days).
    pub proves_absence: bool,
}

/// One engagement that a list showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What they engaged with.
    pub post: PostId,
    /// How.
    pub kind: Kind,
    /// Who engaged.
    pub author: Author,
    /// The reply's or quote's own id; none for likes and reposts, which have none.
    pub object: Option<PostId>,
    /// When it happened by the network's clock, where the network says so.
    pub at: Option<Time>,
    /// What a reply or quote says.
    pub text: Option<String>,
}

/// What the network says of whoever engaged. Absent fields were not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The immutable id.
    pub id: ProfileId,
    /// Today's handle.
    pub handle: String,
    /// When the profile was created.
    pub created_at: Option<Time>,
    /// Followers.
    pub followers: Option<u64>,
    /// Profiles that it follows.
    pub following: Option<u64>,
    /// Posts it ever made.
    pub posts: Option<u64>,
    /// Whether it still has the network's default picture.
    pub default_avatar: Option<bool>,
}
