//! Posts: what is sent and what is counted.

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, UploadId};

/// A post to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    /// The exact text.
    pub text: String,
    /// The post that it answers.
    pub reply_to: Option<PostId>,
    /// What it shows, in this order: finished uploads.
    pub media: Vec<UploadId>,
}

/// A text's length by the network's own counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Weighted characters.
    pub length: u32,
    /// How many are allowed.
    pub limit: u32,
}

impl Measure {
    /// Whether the network accepts a text of this length.
    pub const fn fits(self) -> bool {
        self.length > 0 && self.length <= self.limit
    }
}

impl Metrics {
    /// How many there are of one kind.
    pub const fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Like => self.likes,
            Kind::Repost => self.reposts,
            Kind::Quote => self.quotes,
            Kind::Reply => self.replies,
        }
    }
}

/// Public counts of one post, as the network states them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Which post.
    pub post: PostId,
    /// Likes.
    pub likes: u64,
    /// Reposts without comment.
    pub reposts: u64,
    /// Reposts with comment.
    pub quotes: u64,
    /// Direct replies.
    pub replies: u64,
}
