//! Which of X's lists show what is watched, and the names by which they are stored.
//!
//! While search reaches back to the first post, one search shows replies, quotes and reposts of all
//! posts together; it costs half of what lists of profiles cost and has six times their requests.
//! Later, quotes and reposts have lists without a window, one a post. Likes have only their own
//! list, of at most 100 people, which only the post's own author may read.

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, Span, Time};
use hashbuzz_social::{List, ListKey, Watched};

use crate::endpoint::search;

/// A walk takes its time, and must end while search still reaches back far enough.
const WALK: Span = Span::from_secs(6 * 3_600);

/// One of X's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum XList {
    /// Search for several kinds of engagement with several posts.
    Search(Vec<(PostId, Kind)>),
    /// People who liked a post.
    Likers(PostId),
    /// People who reposted a post.
    Reposters(PostId),
    /// Quotes of a post.
    Quotes(PostId),
}

impl XList {
    /// The list of one kind of engagement with one post, whatever its age.
    pub(crate) fn of(post: &PostId, kind: Kind) -> Self {
        let post = post.clone();
        match kind {
            Kind::Like => Self::Likers(post),
            Kind::Repost => Self::Reposters(post),
            Kind::Quote => Self::Quotes(post),
            Kind::Reply => Self::Search(vec![(post, kind)]),
        }
    }

    fn shows(&self) -> Vec<(PostId, Kind)> {
        match self {
            Self::Search(wanted) => wanted.clone(),
            Self::Likers(post) => vec![(post.clone(), Kind::Like)],
            Self::Reposters(post) => vec![(post.clone(), Kind::Repost)],
            Self::Quotes(post) => vec![(post.clone(), Kind::Quote)],
        }
    }

    /// With the name by which it is read again: `search/reply:1,quote:1`, `likers/1`.
    pub(crate) fn list(&self) -> List {
        let key = match self {
            Self::Search(wanted) => {
                let entry = |(post, kind): &(PostId, Kind)| format!("{kind}:{post}");
                format!("search/{}", wanted.iter().map(entry).collect::<Vec<_>>().join(","))
            }
            Self::Likers(post) => format!("likers/{post}"),
            Self::Reposters(post) => format!("reposters/{post}"),
            Self::Quotes(post) => format!("quotes/{post}"),
        };
        List { key: ListKey(key), shows: self.shows() }
    }

    /// The list with this name.
    pub(crate) fn read(key: &ListKey) -> Option<Self> {
        let (what, rest) = key.0.split_once('/')?;
        let post = || rest.parse().ok();
        match what {
            "search" => rest.split(',').map(entry).collect::<Option<Vec<_>>>().map(Self::Search),
            "likers" => post().map(Self::Likers),
            "reposters" => post().map(Self::Reposters),
            "quotes" => post().map(Self::Quotes),
            _ => None,
        }
    }
}

fn entry(text: &str) -> Option<(PostId, Kind)> {
    let (kind, post) = text.split_once(':')?;
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
    search::operator(kind)?;
    Some((post.parse().ok()?, kind))
}

/// The lists that show what is watched, those of several kinds first where they may be read
/// `together`.
pub(crate) fn plan(watched: Watched<'_>, now: Time, together: bool) -> Vec<XList> {
    let pairs = watched
        .posts
        .iter()
        .flat_map(|post| watched.kinds.iter().map(move |kind| (post.clone(), *kind)));
    let together = together && search::reaches(watched.posted_at, now.plus(WALK));
    let (searched, single): (Vec<_>, Vec<_>) =
        pairs.partition(|(_, kind)| together && search::operator(*kind).is_some());
    let mut lists = Vec::new();
    let mut query: Vec<(PostId, Kind)> = Vec::new();
    for pair in searched {
        query.push(pair);
        if search::length(&query) > search::QUERY {
            let over = query.split_off(query.len() - 1);
            lists.push(XList::Search(std::mem::replace(&mut query, over)));
        }
    }
    if !query.is_empty() {
        lists.push(XList::Search(query));
    }
    lists.extend(single.iter().map(|(post, kind)| XList::of(post, *kind)));
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 86_400;

    fn posts(count: usize) -> Vec<PostId> {
        (0..count).map(|n| format!("19345678901234567{n:02}").parse().unwrap()).collect()
    }

    fn planned(count: usize, age_days: u32) -> Vec<XList> {
        let now = Time::from_micros(1_788_264_000_000_000);
        let posts = posts(count);
        let posted_at = now.minus(Span::from_secs(age_days * DAY));
        plan(Watched { posts: &posts, kinds: &Kind::ALL, posted_at }, now, true)
    }

    #[test]
    fn a_young_campaign_takes_one_search_and_the_likes_of_each_post() {
        let lists = planned(2, 1);
        assert!(matches!(&lists[0], XList::Search(wanted) if wanted.len() == 6), "{lists:?}");
        assert!(matches!(&lists[1..], [XList::Likers(_), XList::Likers(_)]), "{lists:?}");
    }

    #[test]
    fn an_old_campaign_takes_a_list_a_post_and_kind() {
        let lists = planned(2, 7);
        assert_eq!(lists.len(), 8);
        let searched = lists.iter().filter(|list| matches!(list, XList::Search(_))).count();
        assert_eq!(searched, 2, "replies have no other list: {lists:?}");
    }

    #[test]
    fn no_query_is_longer_than_x_allows_and_nothing_is_left_out() {
        let lists = planned(9, 1);
        let mut shown = Vec::new();
        for list in &lists {
            if let XList::Search(wanted) = list {
                assert!(search::length(wanted) <= search::QUERY);
            }
            shown.extend(list.shows());
        }
        let mut expected: Vec<(PostId, Kind)> = Vec::new();
        for post in posts(9) {
            expected.extend(Kind::ALL.map(|kind| (post.clone(), kind)));
        }
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_list_is_known_by_its_name() {
        for age in [1, 7] {
            for list in planned(3, age) {
                assert_eq!(XList::read(&list.list().key), Some(list));
            }
        }
        for name in ["", "search", "search/", "search/like:1", "likers/x y", "other/1"] {
            assert_eq!(XList::read(&ListKey(name.to_owned())), None, "{name}");
        }
    }
}
