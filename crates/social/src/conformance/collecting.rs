//! Questions about collecting: who is listed, who is counted, and what may be concluded.

use std::collections::BTreeSet;

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, Time};

use super::{Act, Brand, Listed, World, acts, list, publish, text_post, walk};
use crate::{Collect, Metrics, Watched};

/// More than two of the largest pages that any network of ours has.
const MANY: usize = 230;

/// See [`listed_to_the_end`].
pub async fn likes_are_listed_to_the_end(world: &dyn World) {
    listed_to_the_end(world, Kind::Like).await;
}

/// See [`listed_to_the_end`].
pub async fn reposts_are_listed_to_the_end(world: &dyn World) {
    listed_to_the_end(world, Kind::Repost).await;
}

/// See [`listed_to_the_end`].
pub async fn quotes_are_listed_to_the_end(world: &dyn World) {
    listed_to_the_end(world, Kind::Quote).await;
}

/// See [`listed_to_the_end`].
pub async fn replies_are_listed_to_the_end(world: &dyn World) {
    listed_to_the_end(world, Kind::Reply).await;
}

/// A campaign's post with nobody around it yet.
async fn stage(world: &dyn World) -> (Brand, PostId, Time) {
    let (brand, at) = (world.brand().await, world.now());
    let post = publish(world, &brand, &text_post("Like it, share it, answer it.")).await;
    (brand, post, at)
}

async fn crowd(world: &dyn World, kind: Kind, post: &PostId, size: usize) -> Vec<Act> {
    let mut acts = Vec::with_capacity(size);
    for number in 0..size {
        let person = world.person().await;
        acts.push(world.engage(&person, kind, post, &format!("My answer is {number}")).await);
    }
    acts
}

/// Everybody is listed, over several pages, except beyond what the network ever lists; nobody is
/// invented; and beyond that limit no absence is claimed.
async fn listed_to_the_end(world: &dyn World, kind: Kind) {
    let (brand, post, at) = stage(world).await;
    let nobody = list(world, &brand, kind, &post, at).await;
    assert!(nobody.acts.is_empty(), "a list of nobody shows {:?}", nobody.acts);

    let everybody: BTreeSet<Act> = crowd(world, kind, &post, MANY).await.into_iter().collect();
    world.settle().await;
    let listed = list(world, &brand, kind, &post, at).await;
    let invented: Vec<&Act> = listed.acts.difference(&everybody).collect();
    assert!(invented.is_empty(), "never engaged: {invented:?}");
    let expected = world.ever_listed(kind).map_or(MANY, |most| most.min(MANY));
    assert_eq!(listed.acts.len(), expected, "people on the list of {kind}");
    if expected < MANY {
        assert!(!listed.proves_absence, "the list is cut off, yet claims to be complete");
    }
    shows_what_it_should(&listed, kind, world.now(), at);
}

/// Replies and quotes have an id and a text, likes and reposts none; times lie in the past.
fn shows_what_it_should(listed: &Listed, kind: Kind, now: Time, since: Time) {
    let speaks = matches!(kind, Kind::Quote | Kind::Reply);
    for sighting in listed.pages.iter().flat_map(|page| &page.sightings) {
        assert_eq!(sighting.object.is_some(), speaks, "an object of its own: {sighting:?}");
        assert!(!sighting.author.handle.is_empty(), "no handle: {sighting:?}");
        if speaks {
            let text = sighting.text.as_deref().unwrap_or_default();
            assert!(text.contains("My answer is"), "another text: {sighting:?}");
        }
        if let Some(at) = sighting.at {
            // Networks round times to the second or to the millisecond.
            assert!(at.secs() >= since.secs() && at.secs() <= now.secs(), "{sighting:?}");
        }
    }
}

/// Every kind of engagement with every post, each with its own post and kind, whatever lists the
/// plan puts together.
pub async fn a_plan_shows_everything(world: &dyn World) {
    let (brand, first, at) = stage(world).await;
    let second = publish(world, &brand, &text_post("And join here.")).await;
    let posts = [first, second];
    let mut expected = BTreeSet::new();
    for post in &posts {
        for kind in Kind::ALL {
            for act in crowd(world, kind, post, 3).await {
                expected.insert((post.clone(), kind, act));
            }
        }
    }
    world.settle().await;
    let watched = Watched { posts: &posts, kinds: &Kind::ALL, posted_at: at };
    let lists = world.network().lists(watched, world.now());
    let mut seen = BTreeSet::new();
    for list in &lists {
        let listed = walk(world, &brand, &list.key, at).await;
        for sighting in listed.pages.iter().flat_map(|page| &page.sightings) {
            let (post, kind) = (sighting.post.clone(), sighting.kind);
            assert!(list.shows.contains(&(post.clone(), kind)), "not announced: {sighting:?}");
            let act = Act { author: sighting.author.id.clone(), object: sighting.object.clone() };
            seen.insert((post, kind, act));
        }
    }
    assert_eq!(seen, expected);
}

/// What is in doubt is read again in a list of its own, and is the same there.
pub async fn a_list_of_its_own_shows_the_same(world: &dyn World) {
    let (brand, post, at) = stage(world).await;
    for kind in Kind::ALL {
        let everybody: BTreeSet<Act> = crowd(world, kind, &post, 4).await.into_iter().collect();
        world.settle().await;
        let own = world.network().list_of(&post, kind);
        assert_eq!(own.shows, [(post.clone(), kind)]);
        assert_eq!(walk(world, &brand, &own.key, at).await.acts, everybody, "{kind}");
    }
}

/// One person who likes, reposts, quotes and answers twice is on four lists, five times.
pub async fn one_person_engages_in_several_ways(world: &dyn World) {
    let (brand, post, at) = stage(world).await;
    let person = world.person().await;
    let mut expected: Vec<BTreeSet<Act>> = Vec::new();
    for kind in Kind::ALL {
        expected.push(BTreeSet::from([world.engage(&person, kind, &post, "My answer is B").await]));
    }
    let second = world.engage(&person, Kind::Reply, &post, "My answer is C").await;
    expected[3].insert(second);
    world.settle().await;
    for (kind, expected) in Kind::ALL.into_iter().zip(expected) {
        assert_eq!(list(world, &brand, kind, &post, at).await.acts, expected, "{kind}");
    }
}

/// The same place in a list may be asked for again, as after a crash, and shows the same.
pub async fn a_page_may_be_asked_for_again(world: &dyn World) {
    let (brand, post, at) = stage(world).await;
    crowd(world, Kind::Repost, &post, MANY).await;
    world.settle().await;
    let list = world.network().list_of(&post, Kind::Repost).key;
    let mut cursor = None;
    for _ in 0..2 {
        let collect = Collect { list: list.clone(), posted_at: at, cursor };
        let once = world.network().engagements(&brand.access, &collect).await;
        let twice = world.network().engagements(&brand.access, &collect).await;
        let (once, twice) = (once.expect("a page"), twice.expect("the same page"));
        assert_eq!(acts(&once), acts(&twice));
        cursor = once.next;
        assert!(cursor.is_some(), "{MANY} reposts fit on one page, so nothing was asked");
    }
}

/// Who took it back is listed no more; everybody else still is.
pub async fn who_took_it_back_is_listed_no_more(world: &dyn World) {
    let (brand, post, at) = stage(world).await;
    for kind in Kind::ALL {
        let mut acts = crowd(world, kind, &post, 5).await;
        let gone = acts.remove(2);
        world.withdraw(kind, &post, &gone).await;
        world.settle().await;
        let listed = list(world, &brand, kind, &post, at).await;
        assert!(!listed.acts.contains(&gone), "{kind} was taken back and is still listed");
        let remaining: BTreeSet<Act> = acts.into_iter().collect();
        assert_eq!(listed.acts, remaining, "{kind}");
    }
}

/// Counts are those of the people who engaged.
pub async fn counts_are_those_of_the_people(world: &dyn World) {
    let (brand, post, _) = stage(world).await;
    let other = publish(world, &brand, &text_post("Nobody looks at this.")).await;
    for (kind, size) in Kind::ALL.into_iter().zip([4, 3, 2, 1]) {
        crowd(world, kind, &post, size).await;
    }
    world.settle().await;
    let asked = [post.clone(), other.clone()];
    let mut metrics = world.network().metrics(&brand.access, &asked).await.expect("counts");
    metrics.sort_by_key(|m| m.post != post);
    let nobody = Metrics { post: other, likes: 0, reposts: 0, quotes: 0, replies: 0 };
    assert_eq!(metrics, [Metrics { post, likes: 4, reposts: 3, quotes: 2, replies: 1 }, nobody]);
}

/// A deleted post is absent from the counts, beside others and alone.
pub async fn a_deleted_post_is_not_counted(world: &dyn World) {
    let (brand, post, _) = stage(world).await;
    let gone = publish(world, &brand, &text_post("Gone in a moment.")).await;
    let network = world.network();
    network.delete_post(&brand.access, &gone).await.expect("a deletion");
    world.settle().await;
    let both = network.metrics(&brand.access, &[post.clone(), gone.clone()]).await.expect("counts");
    assert_eq!(both.iter().map(|m| &m.post).collect::<Vec<_>>(), [&post]);
    assert_eq!(network.metrics(&brand.access, &[gone]).await, Ok(Vec::new()));
    assert_eq!(network.metrics(&brand.access, &[]).await, Ok(Vec::new()));
}
