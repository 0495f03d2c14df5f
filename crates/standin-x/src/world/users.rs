//! People: what a profile shows, and how they are found.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize, Serializer};

use super::{PostId, UserId};

/// One account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) handle: String,
    pub(crate) name: String,
    pub(crate) bio: String,
    /// Microseconds since the epoch.
    pub(crate) created_at: i64,
    pub(crate) followers: u64,
    pub(crate) following: u64,
    /// Posts ever made, reposts included.
    pub(crate) posts: u64,
    pub(crate) likes_given: u64,
    pub(crate) latest: Option<PostId>,
    pub(crate) default_avatar: bool,
    /// Only its followers see its posts, and no list shows it.
    pub(crate) protected: bool,
    /// Cannot act, is shown nowhere, and still counts.
    pub(crate) suspended: bool,
}

/// All accounts.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<User>")]
pub(crate) struct Users {
    by_id: BTreeMap<UserId, User>,
    by_handle: HashMap<String, UserId>,
}

impl Serialize for Users {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_id.values())
    }
}

impl From<Vec<User>> for Users {
    fn from(all: Vec<User>) -> Self {
        let mut users = Self::default();
        for user in all {
            users.add(user);
        }
        users
    }
}

impl Users {
    /// Adds an account; false when the handle is taken.
    pub(crate) fn add(&mut self, user: User) -> bool {
        let key = user.handle.to_ascii_lowercase();
        if self.by_handle.contains_key(&key) {
            return false;
        }
        self.by_handle.insert(key, user.id);
        self.by_id.insert(user.id, user);
        true
    }

    pub(crate) fn get(&self, id: UserId) -> Option<&User> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.by_id.get_mut(&id)
    }

    /// By handle, in any case, with or without its sign.
    pub(crate) fn by_handle(&self, handle: &str) -> Option<&User> {
        let key = handle.trim_start_matches('@').to_ascii_lowercase();
        self.by_handle.get(&key).and_then(|id| self.get(*id))
    }

    /// By id or by handle, as the control endpoints name people. A handle of digits alone is
    /// found by its sign.
    pub(crate) fn find(&self, name: &str) -> Option<&User> {
        name.parse().ok().and_then(|id| self.get(id)).or_else(|| self.by_handle(name))
    }

    /// In the order of their ids.
    pub(crate) fn all(&self) -> impl Iterator<Item = &User> {
        self.by_id.values()
    }
}
