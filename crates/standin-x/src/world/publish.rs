//! How a text becomes a post, and how people react to it, once it is settled that they may.

use super::{Link, MediaId, Origin, Post, PostId, UserId, World};
use crate::text;

/// A post before it has an id.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) author: UserId,
    pub(crate) text: String,
    pub(crate) reply_to: Option<PostId>,
    pub(crate) quotes: Option<PostId>,
    pub(crate) media: Vec<MediaId>,
    pub(crate) reply_settings: String,
    pub(crate) paid_partnership: bool,
    pub(crate) origin: Origin,
}

impl Draft {
    pub(crate) fn new(author: UserId, text: &str, origin: Origin) -> Self {
        Self {
            author,
            text: text::normal_form(text),
            reply_to: None,
            quotes: None,
            media: Vec::new(),
            reply_settings: "everyone".to_owned(),
            paid_partnership: false,
            origin,
        }
    }
}

impl World {
    /// Publishes as of `at`, microseconds since the epoch.
    pub(crate) fn publish(&mut self, draft: Draft, at: i64) -> PostId {
        let id = PostId(self.new_id(at));
        let (text, links) = self.shown(&draft, id);
        for media in &draft.media {
            if let Some(upload) = self.uploads.get_mut(media) {
                upload.posts.push(id);
            }
        }
        let conversation = draft.reply_to.and_then(|target| self.posts.live(target));
        let conversation = conversation.map_or(id, |target| target.conversation);
        self.insert(Post {
            id,
            author: draft.author,
            sent: draft.text,
            text,
            links,
            media: draft.media,
            created_at: at,
            conversation,
            reply_to: draft.reply_to,
            quotes: draft.quotes,
            reposts: None,
            reply_settings: draft.reply_settings,
            paid_partnership: draft.paid_partnership,
            origin: draft.origin,
            deleted: false,
            replies: 0,
            quoted: 0,
            reposted: 0,
            likes: super::posts::Likes::default(),
        });
        id
    }

    /// Reposts as of `at`; the repost that exists already when there is one, `None` when there is
    /// nothing to repost.
    pub(crate) fn repost(
        &mut self,
        user: UserId,
        target: PostId,
        origin: Origin,
        at: i64,
    ) -> Option<PostId> {
        if let Some(existing) = self.posts.repost_by(user, target) {
            return Some(existing);
        }
        let original = self.posts.live(target)?.clone();
        let id = PostId(self.new_id(at));
        let handle = self.users.get(original.author).map_or("", |author| &author.handle);
        let text = format!("RT @{handle}: {}", original.text);
        self.insert(Post {
            id,
            author: user,
            sent: String::new(),
            text,
            created_at: at,
            conversation: id,
            reply_to: None,
            quotes: None,
            reposts: Some(target),
            reply_settings: "everyone".to_owned(),
            origin,
            replies: 0,
            quoted: 0,
            reposted: 0,
            likes: super::posts::Likes::default(),
            ..original
        });
        Some(id)
    }

    /// Likes a post as of `at`; false when it is gone.
    pub(crate) fn like(&mut self, user: UserId, target: PostId, at: i64) -> bool {
        let Some(post) = self.posts.live_mut(target) else { return false };
        if post.likes.add(user, at)
            && let Some(user) = self.users.get_mut(user)
        {
            user.likes_given += 1;
        }
        true
    }

    /// Takes a like back; false when there was none.
    pub(crate) fn unlike(&mut self, user: UserId, target: PostId) -> bool {
        let removed = self.posts.live_mut(target).is_some_and(|post| post.likes.remove(user));
        if removed && let Some(user) = self.users.get_mut(user) {
            user.likes_given = user.likes_given.saturating_sub(1);
        }
        removed
    }

    /// Takes a repost back; false when there was none.
    pub(crate) fn unrepost(&mut self, user: UserId, target: PostId) -> bool {
        self.posts.repost_by(user, target).is_some_and(|repost| self.delete(repost))
    }

    /// Deletes a post; false when it was gone.
    pub(crate) fn delete(&mut self, id: PostId) -> bool {
        let author = self.posts.live(id).map(|post| post.author);
        if let Some(user) = author.and_then(|author| self.users.get_mut(author)) {
            user.posts = user.posts.saturating_sub(1);
        }
        self.posts.delete(id)
    }

    fn insert(&mut self, post: Post) {
        if let Some(author) = self.users.get_mut(post.author) {
            author.posts += 1;
            author.latest = author.latest.max(Some(post.id));
        }
        self.posts.add(post);
    }

    /// The text as everybody will see it: addressed to the author it answers, links replaced by
    /// short ones, a quote's target and the media appended as links, three characters escaped.
    fn shown(&mut self, draft: &Draft, id: PostId) -> (String, Vec<Link>) {
        let sent = format!("{}{}", self.address(draft), draft.text);
        let mut shown = String::new();
        let mut links = Vec::new();
        let mut from = 0;
        for range in text::bare_links(&sent) {
            let link = self.short_link(&sent[range.clone()]);
            shown.push_str(&text::escaped(&sent[from..range.start]));
            shown.push_str(&link.short);
            links.push(link);
            from = range.end;
        }
        shown.push_str(&text::escaped(&sent[from..]));
        if let Some(target) = draft.quotes.and_then(|quoted| self.posts.live(quoted)) {
            let author = self.users.get(target.author).map_or("i", |author| &author.handle);
            let address = format!("https://twitter.com/{author}/status/{}", target.id);
            let link = self.short_link(&address);
            shown = format!("{shown} {}", link.short);
            links.push(link);
        }
        if !draft.media.is_empty() {
            let link = self.media_link(draft, id);
            shown = format!("{shown} {}", link.short).trim_start().to_owned();
            links.push(link);
        }
        (shown, links)
    }

    /// A reply to somebody else starts with their handle, whether the writer typed it or not.
    fn address(&self, draft: &Draft) -> String {
        let target = draft.reply_to.and_then(|target| self.posts.live(target));
        let addressed = target.filter(|target| target.author != draft.author);
        let Some(user) = addressed.and_then(|target| self.users.get(target.author)) else {
            return String::new();
        };
        let named = text::mentions(&draft.text)
            .iter()
            .any(|mark| mark.word.eq_ignore_ascii_case(&user.handle));
        if named { String::new() } else { format!("@{} ", user.handle) }
    }

    /// One link stands for all media of a post.
    fn media_link(&mut self, draft: &Draft, id: PostId) -> Link {
        let author = self.users.get(draft.author).map_or("i", |author| &author.handle);
        let address = format!("https://x.com/{author}/status/{id}/photo/1");
        let word = self.secret(10);
        Link {
            short: format!("https://t.co/{word}"),
            expanded: address,
            display: format!("pic.x.com/{word}"),
            to_media: true,
        }
    }

    fn short_link(&mut self, typed: &str) -> Link {
        let short = format!("https://t.co/{}", self.secret(10));
        let has_scheme = typed.to_ascii_lowercase().starts_with("http");
        let expanded = if has_scheme { typed.to_owned() } else { format!("http://{typed}") };
        Link { short, display: text::display_form(typed), expanded, to_media: false }
    }
}
