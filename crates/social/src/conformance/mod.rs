//! The exam that every implementation of [`Network`] takes.
//!
//! An implementation's tests provide a [`World`]: the network's far end, where people engage and
//! things break, and write `hashbuzz_social::exam!(make_world);` once. Each question becomes a test
//! of its own with a world of its own. A question asks for what the engine relies on and nothing
//! else: where networks differ (who is ever listed, what proves absence), the world says how, and
//! the question checks that the implementation claims no more than that.

pub mod budget;
mod collecting;
mod media;
mod publishing;

use std::collections::BTreeSet;

use async_trait::async_trait;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, ProfileId, Time};

use crate::{Access, Collect, ListKey, Network, NewPost, Page, Watched};

pub use collecting::{
    a_deleted_post_is_not_counted, a_list_of_its_own_shows_the_same, a_page_may_be_asked_for_again,
    a_plan_shows_everything, counts_are_those_of_the_people, likes_are_listed_to_the_end,
    one_person_engages_in_several_ways, quotes_are_listed_to_the_end,
    replies_are_listed_to_the_end, reposts_are_listed_to_the_end,
    who_took_it_back_is_listed_no_more,
};
pub use media::{
    a_medium_that_the_network_cannot_use_says_so, every_step_of_an_upload_may_be_repeated,
    what_cannot_be_shown_is_refused_for_its_media, what_was_uploaded_in_pieces_is_shown,
};
pub use publishing::{
    a_deletion_may_be_repeated, a_limited_request_says_until_when,
    a_lost_answer_is_found_exactly_once, a_lost_deletion_may_be_repeated,
    a_post_that_another_effect_owns_is_not_found_again, a_profile_is_known_by_its_access,
    a_published_post_is_found, a_reply_is_told_from_the_same_text_elsewhere,
    a_revoked_access_asks_for_a_new_link, an_earlier_post_is_not_taken_for_this_one,
    texts_survive_the_network, the_measure_is_the_network_s,
};

/// A profile that publishes, and the right to act for it.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Its id on the network.
    pub id: ProfileId,
    /// Its handle.
    pub handle: String,
    /// The right that the implementation is given.
    pub access: Access,
}

/// One person's engagement, as the far end performed it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Act {
    /// Who engaged.
    pub author: ProfileId,
    /// The reply's or quote's own id; none for likes and reposts.
    pub object: Option<PostId>,
}

/// The far end of an implementation, under the exam's control. Everything here happens behind the
/// implementation's back, and what fails here panics.
#[async_trait]
pub trait World: Send + Sync {
    /// The implementation that takes the exam.
    fn network(&self) -> &dyn Network;

    /// The time by which both ends live.
    fn now(&self) -> Time;

    /// Lets enough time pass that reads show what was written.
    async fn settle(&self);

    /// Lets `secs` seconds pass.
    async fn pass(&self, secs: u32);

    /// A new profile that has linked us.
    async fn brand(&self) -> Brand;

    /// A new person who has engaged with nothing yet.
    async fn person(&self) -> ProfileId;

    /// Lets a person engage. Replies and quotes say `text`.
    async fn engage(&self, who: &ProfileId, kind: Kind, post: &PostId, text: &str) -> Act;

    /// Lets the person take it back.
    async fn withdraw(&self, kind: Kind, post: &PostId, act: &Act);

    /// Takes our right to act for `brand` away.
    async fn revoke(&self, brand: &Brand);

    /// The next write takes effect and its answer is lost.
    async fn lose_next_answer(&self);

    /// The same, for the next step of an upload.
    async fn lose_next_answer_of_an_upload(&self);

    /// The next medium that is finished turns out to be of no use.
    async fn spoil_next_medium(&self);

    /// The next request is refused since a limit is used up, whatever it asks.
    async fn limit_next(&self);

    /// How many people the network ever lists of one post, if it limits that.
    fn ever_listed(&self, kind: Kind) -> Option<usize>;
}

/// Makes one test of each question. The argument is an async function that makes a fresh
/// [`World`]; the calling crate needs `tokio` for its tests.
#[macro_export]
macro_rules! exam {
    ($world:path) => {
        $crate::exam! { @each $world =>
            a_profile_is_known_by_its_access
            a_published_post_is_found
            a_post_that_another_effect_owns_is_not_found_again
            a_reply_is_told_from_the_same_text_elsewhere
            an_earlier_post_is_not_taken_for_this_one
            texts_survive_the_network
            a_lost_answer_is_found_exactly_once
            a_deletion_may_be_repeated
            a_lost_deletion_may_be_repeated
            a_revoked_access_asks_for_a_new_link
            a_limited_request_says_until_when
            the_measure_is_the_network_s
            what_was_uploaded_in_pieces_is_shown
            every_step_of_an_upload_may_be_repeated
            what_cannot_be_shown_is_refused_for_its_media
            a_medium_that_the_network_cannot_use_says_so
            likes_are_listed_to_the_end
            reposts_are_listed_to_the_end
            quotes_are_listed_to_the_end
            replies_are_listed_to_the_end
            a_plan_shows_everything
            a_list_of_its_own_shows_the_same
            one_person_engages_in_several_ways
            a_page_may_be_asked_for_again
            who_took_it_back_is_listed_no_more
            counts_are_those_of_the_people
            a_deleted_post_is_not_counted
        }
    };
    (@each $world:path => $($question:ident)*) => {
        $(
            #[tokio::test]
            async fn $question() {
                $crate::conformance::$question(&$world().await).await;
            }
        )*
    };
}

/// More pages than any list of the exam can have.
const ENOUGH_PAGES: usize = 50;

fn text_post(text: &str) -> NewPost {
    NewPost { text: text.to_owned(), reply_to: None, media: Vec::new() }
}

/// Publishes, with nothing in the way.
async fn publish(world: &dyn World, brand: &Brand, post: &NewPost) -> PostId {
    match world.network().create_post(&brand.access, post).await {
        Ok(id) => id,
        Err(error) => panic!("publishing failed with nothing in the way: {error}"),
    }
}

/// Reads back, with nothing in the way.
async fn find(
    world: &dyn World,
    brand: &Brand,
    post: &NewPost,
    since: Time,
    taken: &[PostId],
) -> Option<PostId> {
    match world.network().find_post(&brand.access, &brand.id, post, since, taken).await {
        Ok(found) => found,
        Err(error) => panic!("reading back failed with nothing in the way: {error}"),
    }
}

/// What a whole list showed, with repetitions removed, and what its end claims.
struct Listed {
    acts: BTreeSet<Act>,
    pages: Vec<Page>,
    proves_absence: bool,
}

/// Walks everything that shows one kind of engagement with one post.
async fn list(
    world: &dyn World,
    brand: &Brand,
    kind: Kind,
    post: &PostId,
    posted_at: Time,
) -> Listed {
    let watched = Watched { posts: std::slice::from_ref(post), kinds: &[kind], posted_at };
    let lists = world.network().lists(watched, world.now());
    let [list] = lists.as_slice() else {
        panic!("one kind of engagement with one post is {} lists", lists.len())
    };
    assert_eq!(list.shows, [(post.clone(), kind)]);
    walk(world, brand, &list.key, posted_at).await
}

/// Walks a list to its end.
async fn walk(world: &dyn World, brand: &Brand, list: &ListKey, posted_at: Time) -> Listed {
    let mut pages: Vec<Page> = Vec::new();
    let mut cursor = None;
    for _ in 0..ENOUGH_PAGES {
        let collect = Collect { list: list.clone(), posted_at, cursor: cursor.take() };
        let page = match world.network().engagements(&brand.access, &collect).await {
            Ok(page) => page,
            Err(error) => panic!("listing {list:?} failed with nothing in the way: {error}"),
        };
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            let proves_absence = pages.last().is_some_and(|page| page.proves_absence);
            return Listed { acts: pages.iter().flat_map(acts).collect(), pages, proves_absence };
        }
        let early = pages.last().is_some_and(|page| page.proves_absence);
        assert!(!early, "a page with a successor cannot prove that anybody is absent");
    }
    panic!("the list {list:?} has no end after {ENOUGH_PAGES} pages");
}

/// Who engaged how, as a page says.
fn acts(page: &Page) -> Vec<Act> {
    let act = |sighting: &crate::Sighting| Act {
        author: sighting.author.id.clone(),
        object: sighting.object.clone(),
    };
    page.sightings.iter().map(act).collect()
}
