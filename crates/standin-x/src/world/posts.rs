//! Posts and who reacted to them, with the indexes that lists and search read.
//!
//! A repost is a post of its own, as on X: it has an id and stands in its author's timeline.
//! Deleted posts stay here, marked, because the counters have to be able to tell what was ever
//! published.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize, Serializer};

use super::{MediaId, PostId, UserId};

/// How many likers of a post can ever be listed.
const LISTED_LIKERS: usize = 100;

/// How a post came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// By a request to the API.
    Api,
    /// By an act that a test or the demo scripted.
    Act,
}

/// A link inside a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// What the text shows.
    pub(crate) short: String,
    /// Where it leads.
    pub(crate) expanded: String,
    /// What people read.
    pub(crate) display: String,
    /// It stands for media that the post shows, not for an address that somebody typed.
    pub(crate) to_media: bool,
}

/// One post.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) author: UserId,
    /// The text that was sent, in normal form.
    pub(crate) sent: String,
    /// The text that is shown: links replaced, three characters escaped.
    pub(crate) text: String,
    pub(crate) links: Vec<Link>,
    pub(crate) media: Vec<MediaId>,
    /// Microseconds since the epoch.
    pub(crate) created_at: i64,
    pub(crate) conversation: PostId,
    pub(crate) reply_to: Option<PostId>,
    pub(crate) quotes: Option<PostId>,
    pub(crate) reposts: Option<PostId>,
    pub(crate) reply_settings: String,
    pub(crate) paid_partnership: bool,
    pub(crate) origin: Origin,
    pub(crate) deleted: bool,
    pub(crate) replies: u64,
    pub(crate) quoted: u64,
    pub(crate) reposted: u64,
    pub(crate) likes: Likes,
}

/// Who likes a post.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Likes {
    turn: u64,
    /// Who, and when in microseconds since the epoch.
    by_turn: BTreeMap<u64, (UserId, i64)>,
    turns: HashMap<UserId, u64>,
    listed: HashSet<UserId>,
}

impl Likes {
    /// Adds a like as of `at`; false when it was there.
    pub(crate) fn add(&mut self, user: UserId, at: i64) -> bool {
        if self.turns.contains_key(&user) {
            return false;
        }
        self.turn += 1;
        self.turns.insert(user, self.turn);
        self.by_turn.insert(self.turn, (user, at));
        if self.listed.len() < LISTED_LIKERS {
            self.listed.insert(user);
        }
        true
    }

    /// Takes a like back; false when there was none. Its place in the list is not given away.
    pub(crate) fn remove(&mut self, user: UserId) -> bool {
        let turn = self.turns.remove(&user);
        turn.is_some_and(|turn| self.by_turn.remove(&turn).is_some())
    }

    pub(crate) fn count(&self) -> usize {
        self.by_turn.len()
    }

    /// Those of the likers until `newest` that can be listed, newest first, each with its place.
    pub(crate) fn listed(&self, newest: i64) -> impl Iterator<Item = (u64, UserId)> {
        let all = self.by_turn.iter().rev().filter(move |(_, (_, at))| *at <= newest);
        let all = all.map(|(turn, (user, _))| (*turn, *user));
        all.filter(|(_, user)| self.listed.contains(user))
    }
}

/// All posts.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<Post>")]
pub(crate) struct Posts {
    all: BTreeMap<PostId, Post>,
    by_author: HashMap<UserId, BTreeSet<PostId>>,
    by_conversation: HashMap<PostId, BTreeSet<PostId>>,
    replies_to: HashMap<PostId, BTreeSet<PostId>>,
    quotes_of: HashMap<PostId, BTreeSet<PostId>>,
    reposts_of: HashMap<PostId, BTreeSet<PostId>>,
}

impl Serialize for Posts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.all.values())
    }
}

impl From<Vec<Post>> for Posts {
    fn from(all: Vec<Post>) -> Self {
        let mut posts = Self::default();
        for post in all {
            posts.index(&post);
            posts.all.insert(post.id, post);
        }
        posts
    }
}

impl Posts {
    /// The post, unless it is deleted.
    pub(crate) fn live(&self, id: PostId) -> Option<&Post> {
        self.all.get(&id).filter(|post| !post.deleted)
    }

    pub(crate) fn live_mut(&mut self, id: PostId) -> Option<&mut Post> {
        self.all.get_mut(&id).filter(|post| !post.deleted)
    }

    /// The post, deleted or not.
    pub(crate) fn ever_by_id(&self, id: PostId) -> Option<&Post> {
        self.all.get(&id)
    }

    /// Every post ever published, oldest first.
    pub(crate) fn ever(&self) -> impl Iterator<Item = &Post> {
        self.all.values()
    }

    /// Live posts with ids from `oldest` on, newest first.
    pub(crate) fn since(&self, oldest: PostId) -> impl Iterator<Item = &Post> {
        self.all.range(oldest..).rev().map(|(_, post)| post).filter(|post| !post.deleted)
    }

    /// Live posts of an author, newest first.
    pub(crate) fn of_author(&self, author: UserId) -> impl Iterator<Item = &Post> {
        self.pick(self.by_author.get(&author))
    }

    /// Live posts of a conversation, its root included, newest first.
    pub(crate) fn of_conversation(&self, root: PostId) -> impl Iterator<Item = &Post> {
        self.pick(self.by_conversation.get(&root))
    }

    /// Live direct replies, newest first.
    pub(crate) fn replies_to(&self, post: PostId) -> impl Iterator<Item = &Post> {
        self.pick(self.replies_to.get(&post))
    }

    /// Live quotes, newest first.
    pub(crate) fn quotes_of(&self, post: PostId) -> impl Iterator<Item = &Post> {
        self.pick(self.quotes_of.get(&post))
    }

    /// Live reposts, newest first.
    pub(crate) fn reposts_of(&self, post: PostId) -> impl Iterator<Item = &Post> {
        self.pick(self.reposts_of.get(&post))
    }

    /// Somebody's live repost of a post.
    pub(crate) fn repost_by(&self, user: UserId, post: PostId) -> Option<PostId> {
        self.of_author(user).find(|mine| mine.reposts == Some(post)).map(|mine| mine.id)
    }

    fn pick<'a>(&'a self, ids: Option<&'a BTreeSet<PostId>>) -> impl Iterator<Item = &'a Post> {
        ids.into_iter().flatten().rev().filter_map(|id| self.live(*id))
    }

    /// Adds a post and counts it where it points to.
    pub(super) fn add(&mut self, post: Post) {
        self.index(&post);
        self.count(&post, |count| *count += 1);
        self.all.insert(post.id, post);
    }

    fn index(&mut self, post: &Post) {
        let id = post.id;
        self.by_author.entry(post.author).or_default().insert(id);
        if post.reposts.is_none() {
            self.by_conversation.entry(post.conversation).or_default().insert(id);
        }
        if let Some(target) = post.reply_to {
            self.replies_to.entry(target).or_default().insert(id);
        }
        if let Some(target) = post.quotes {
            self.quotes_of.entry(target).or_default().insert(id);
        }
        if let Some(target) = post.reposts {
            self.reposts_of.entry(target).or_default().insert(id);
        }
    }

    /// Deletes a post and the reposts of it; quotes and replies stay. False when it was gone.
    pub(super) fn delete(&mut self, id: PostId) -> bool {
        let Some(post) = self.all.get_mut(&id).filter(|post| !post.deleted) else { return false };
        post.deleted = true;
        let post = post.clone();
        self.count(&post, |count| *count = count.saturating_sub(1));
        let reposts: Vec<_> = self.reposts_of(id).map(|repost| repost.id).collect();
        for repost in reposts {
            self.delete(repost);
        }
        true
    }

    fn count(&mut self, post: &Post, change: impl Fn(&mut u64)) {
        if let Some(target) = post.reply_to.and_then(|id| self.all.get_mut(&id)) {
            change(&mut target.replies);
        }
        if let Some(target) = post.quotes.and_then(|id| self.all.get_mut(&id)) {
            change(&mut target.quoted);
        }
        if let Some(target) = post.reposts.and_then(|id| self.all.get_mut(&id)) {
            change(&mut target.reposted);
        }
    }
}
