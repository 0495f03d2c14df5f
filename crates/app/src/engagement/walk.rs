//! A walk over the lists: which ones, what is not there to be read, and what is in doubt.

use std::collections::BTreeMap;

use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{CampaignId, PostId};
use hashbuzz_social::{List, Metrics, Page, ReadError, Sighting, Watched};
use serde::{Deserialize, Serialize};

use super::store::{self, Part};
use crate::App;
use crate::account::Brand;
use crate::campaign::Campaign;
use crate::stored::parse;

/// One list of a walk, as its event carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The network's name for it.
    pub list: String,
    /// Post and kind of everything that it shows.
    pub shows: Vec<(String, String)>,
}

impl From<List> for Stop {
    fn from(list: List) -> Self {
        let shows = list.shows.iter();
        let shows = shows.map(|(post, kind)| (post.to_string(), kind.to_string())).collect();
        Self { list: list.key.0, shows }
    }
}

/// What a walk will read.
pub(super) struct Planned {
    pub(super) stops: Vec<Stop>,
    /// Lists of which the counts say that nobody is on them.
    pub(super) empty: Vec<Stop>,
    pub(super) metrics: Vec<Metrics>,
}

/// Plans a walk over what has moved, while the campaign runs.
pub(super) fn plan_moved(app: &App, campaign: &Campaign, moved: &[(String, String)]) -> Planned {
    let mut wanted: BTreeMap<Kind, Vec<PostId>> = BTreeMap::new();
    for post in campaign.posts() {
        for kind in campaign.draft.collected() {
            if moved.contains(&(post.to_string(), kind.to_string())) {
                wanted.entry(kind).or_default().push(post.clone());
            }
        }
    }
    let stops = stops(app, campaign, &wanted);
    Planned { stops, empty: Vec::new(), metrics: Vec::new() }
}

/// Plans the last walk. It looks at the counts first: a list that nobody is on, and of which nobody
/// was ever seen, is not read.
pub(super) async fn plan_last(
    app: &App,
    campaign: &Campaign,
    brand: &Brand,
) -> Result<Planned, ReadError> {
    let metrics = app.network.metrics(&brand.access, &campaign.posts()).await?;
    let seen = store::seen(&app.db, campaign.id).await;
    let seen = seen.map_err(|error| ReadError::Unavailable(error.to_string()))?;
    let mut wanted: BTreeMap<Kind, Vec<PostId>> = BTreeMap::new();
    let mut empty = Vec::new();
    for post in campaign.posts() {
        let counted = metrics.iter().find(|counted| counted.post == post);
        for kind in campaign.draft.collected() {
            let nobody = counted.is_some_and(|counted| counted.of(kind) == 0);
            if nobody && !seen.contains(&(post.to_string(), kind.to_string())) {
                empty.push(Stop::from(app.network.list_of(&post, kind)));
            } else {
                wanted.entry(kind).or_default().push(post.clone());
            }
        }
    }
    Ok(Planned { stops: stops(app, campaign, &wanted), empty, metrics })
}

/// The fewest lists that show what is wanted. Kinds that are wanted of the same posts go together.
fn stops(app: &App, campaign: &Campaign, wanted: &BTreeMap<Kind, Vec<PostId>>) -> Vec<Stop> {
    let posted_at = campaign.post_1.as_ref().map_or(campaign.created_at, |(_, at)| *at);
    let mut by_posts: BTreeMap<&[PostId], Vec<Kind>> = BTreeMap::new();
    for (kind, posts) in wanted {
        by_posts.entry(posts).or_default().push(*kind);
    }
    let mut stops = Vec::new();
    for (posts, kinds) in by_posts {
        let watched = Watched { posts, kinds: &kinds, posted_at };
        stops.extend(app.network.lists(watched, app.now()).into_iter().map(Stop::from));
    }
    stops
}

/// Whether all posts that a list is about are gone.
pub(super) async fn gone(app: &App, brand: &Brand, stop: &Stop) -> Result<bool, ReadError> {
    let posts: Result<Vec<PostId>, DbError> =
        stop.shows.iter().map(|(post, _)| parse(post)).collect();
    let posts = posts.map_err(|error| ReadError::Unavailable(error.to_string()))?;
    Ok(app.network.metrics(&brand.access, &posts).await?.is_empty())
}

/// Stores a page: its sightings, how far the walk got, and where that is proved, who is gone. Says
/// how many sightings are new.
pub(super) async fn save(
    tx: &Tx,
    campaign: CampaignId,
    sweep: i64,
    stop: &Stop,
    page: &Page,
    now: i64,
) -> Result<usize, DbError> {
    let mut new = 0;
    for (post, kind) in &stop.shows {
        let kind: Kind = parse(kind)?;
        let part = Part { campaign, sweep, post, kind };
        let of = |sighting: &&Sighting| sighting.kind == kind && sighting.post.as_str() == post;
        let rows: Vec<&Sighting> = page.sightings.iter().filter(of).collect();
        new += store::save_part(tx, part, rows, page, now).await?;
        if page.next.is_none() && page.proves_absence {
            store::withdraw_missing(tx, part, now).await?;
        }
    }
    Ok(new)
}

/// Lists of their own for whatever a list showed much less of than the network counts: a search may
/// not know everything.
pub(super) async fn doubted(
    app: &App,
    tx: &Tx,
    campaign: &Campaign,
    sweep: i64,
) -> Result<Vec<Stop>, DbError> {
    let shown = store::shown(tx, campaign.id, sweep).await?;
    let mut doubted = Vec::new();
    for counted in as_metrics(store::metrics(tx, campaign.id).await?)? {
        for kind in campaign.draft.collected() {
            let key = (counted.post.to_string(), kind.to_string());
            let shown = shown.get(&key).copied().unwrap_or(0);
            if shown.saturating_mul(2) < counted.of(kind) {
                doubted.push(Stop::from(app.network.list_of(&counted.post, kind)));
            }
        }
    }
    Ok(doubted)
}

fn as_metrics(rows: Vec<store::MetricsRow>) -> Result<Vec<Metrics>, DbError> {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let metrics = |row: store::MetricsRow| {
        Ok(Metrics {
            post: parse(&row.post)?,
            likes: count(row.likes),
            reposts: count(row.reposts),
            quotes: count(row.quotes),
            replies: count(row.replies),
        })
    };
    rows.into_iter().map(metrics).collect()
}
