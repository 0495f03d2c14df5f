//! What people do in X's own apps, at once or at an agreed time.
//!
//! Acts are the truth that our system is to find out through the API. One with a future time
//! waits in the agenda and happens when the clock has passed it, before the next request is
//! answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Draft, Origin, PostId, UserId, World};

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActKind {
    /// A post of their own; `post` is not needed.
    Post,
    Like,
    Unlike,
    Repost,
    Unrepost,
    Quote,
    Reply,
    Delete,
}

/// One act, understood and addressed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Act {
    /// Microseconds since the epoch.
    pub(crate) at: i64,
    pub(crate) user: UserId,
    pub(crate) kind: ActKind,
    pub(crate) post: Option<PostId>,
    pub(crate) text: String,
}

/// Why an act did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

/// Acts that wait for their time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agenda {
    #[serde(with = "crate::state::pairs")]
    waiting: BTreeMap<(i64, u64), Act>,
    turn: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, act: Act) {
        self.turn += 1;
        self.waiting.insert((act.at, self.turn), act);
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    fn next_due(&mut self, now: i64) -> Option<Act> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

impl World {
    /// Performs every act whose time has come.
    pub(crate) fn catch_up(&mut self, now: i64) {
        self.now = now;
        while let Some(act) = self.agenda.next_due(now) {
            if self.perform(&act).is_err() {
                self.counters.acts_refused += 1;
            }
        }
    }

    /// Performs an act as of its time; the post that came of it, if any.
    pub(crate) fn perform(&mut self, act: &Act) -> Result<Option<PostId>, Refused> {
        if self.users.get(act.user).is_none_or(|user| user.suspended) {
            return Err(Refused("the user is suspended"));
        }
        let target = || act.post.ok_or(Refused("the act needs a post"));
        let gone = Refused("the post does not exist");
        match act.kind {
            ActKind::Post => self.write(act, None, None).map(Some),
            ActKind::Reply => self.write(act, Some(target()?), None).map(Some),
            ActKind::Quote => self.write(act, None, Some(target()?)).map(Some),
            ActKind::Repost => {
                self.repost(act.user, target()?, Origin::Act, act.at).ok_or(gone).map(Some)
            }
            ActKind::Like => self.like(act.user, target()?, act.at).then_some(None).ok_or(gone),
            ActKind::Unlike => self
                .unlike(act.user, target()?)
                .then_some(None)
                .ok_or(Refused("there is no such like")),
            ActKind::Unrepost => self
                .unrepost(act.user, target()?)
                .then_some(None)
                .ok_or(Refused("there is no such repost")),
            ActKind::Delete => {
                let own = self.posts.live(target()?).is_some_and(|post| post.author == act.user);
                if !own {
                    return Err(Refused("there is no such post of this user"));
                }
                self.delete(target()?);
                Ok(None)
            }
        }
    }

    fn write(
        &mut self,
        act: &Act,
        reply_to: Option<PostId>,
        quotes: Option<PostId>,
    ) -> Result<PostId, Refused> {
        if let Some(target) = reply_to.or(quotes)
            && self.posts.live(target).is_none()
        {
            return Err(Refused("the post does not exist"));
        }
        let draft = Draft { reply_to, quotes, ..Draft::new(act.user, &act.text, Origin::Act) };
        if draft.text.is_empty() {
            return Err(Refused("the text is empty"));
        }
        Ok(self.publish(draft, act.at))
    }
}
