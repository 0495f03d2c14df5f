//! `CAMPAIGN_TRACK_ENGAGEMENT`: the running campaigns that are due are looked at, together.
//!
//! After     the system starts; then itself, when the next campaign is due.
//! Asks      the network for the public counts of as many posts as one request counts.
//! Stores    the counts; when each campaign is looked at next.
//! Then      a walk over the lists of those whose counts have moved; itself.
//! Twice     overwrites the counts with newer ones.
//! Never     —: it fails and tries again. A brand whose access was revoked is asked for nothing, its
//!           campaigns run on, and their close will need the access.
//!
//! Why together: a count costs one request for a hundred posts and the same for one, so a thousand
//! campaigns take as many requests as ten. Lists are walked by each campaign's own event.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_domain::engagement::Kind;
use hashbuzz_outbox::{Due, Failure, Handle, Message, Queue, Turn, Verdict, enqueue_at};
use hashbuzz_social::{Metrics, ReadError};
use serde::{Deserialize, Serialize};

use super::pace::{Lists, until_next_look, walks};
use super::store::tracking::{self, DueRow};
use super::{CollectEngagement, store};
use crate::account::{Acting, Brand};
use crate::campaign::{Campaign, transition};
use crate::stored::{json, read_json};
use crate::{App, account, campaign};

/// After a refusal of its access, a campaign's brand is not asked for so long.
const AFTER_REFUSAL: i64 = 3_600 * 1_000_000;

/// Look at running campaigns.
#[derive(Serialize, Deserialize)]
pub struct TrackEngagement {}

impl Message for TrackEngagement {
    const KIND: &'static str = "CAMPAIGN_TRACK_ENGAGEMENT.v2";
    const QUEUE: Queue = Queue::Social;
    const RETRY: hashbuzz_outbox::Retry = crate::timetable::FOREVER;

    fn dedupe(&self) -> Option<String> {
        Some("track".to_owned())
    }
}

/// A campaign of this look.
struct Seen {
    due: DueRow,
    campaign: Campaign,
}

#[async_trait]
impl Handle<App> for TrackEngagement {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let now = turn.now();
        let (seen, over) = look(app, now).await?;
        let posts: Vec<_> = seen.iter().flat_map(|seen| seen.campaign.posts()).collect();
        let mut metrics = Vec::new();
        if let Some(first) = seen.first() {
            let owner = first.campaign.account;
            let brand = match account::acting(app, &turn, owner, None).await? {
                Acting::Brand(brand) => brand,
                Acting::Turn(Verdict::Never { .. }) => return skip(app, turn, &seen, owner).await,
                Acting::Turn(verdict) => return Ok(verdict),
            };
            match app.network.metrics(&brand.access, &posts).await {
                Ok(counted) => metrics = counted,
                Err(error) => return not_counted(app, turn, &seen, &brand, error).await,
            }
        }
        let tx = app.db.begin().await?;
        for campaign in over {
            tracking::end(&tx, &campaign).await?;
        }
        for seen in &seen {
            record(app, &tx, seen, &metrics, now).await?;
        }
        again(app, &tx, now).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}

/// The campaigns that are due, as many as one request counts, and those that run no more.
async fn look(app: &App, now: i64) -> Result<(Vec<Seen>, Vec<String>), Failure> {
    let most = app.network.posts_per_count();
    let (mut seen, mut over, mut posts) = (Vec::new(), Vec::new(), 0);
    for due in tracking::due(&app.db, now, most).await? {
        let campaign = campaign::load(&app.db, crate::stored::parse(&due.campaign)?).await?;
        if !campaign.is_at(hashbuzz_domain::campaign::Phase::Running) {
            over.push(due.campaign);
            continue;
        }
        posts += campaign.posts().len();
        if posts > most && !seen.is_empty() {
            break;
        }
        seen.push(Seen { due, campaign });
    }
    Ok((seen, over))
}

/// Stores what was counted for one campaign, and what follows from it.
async fn record(
    app: &App,
    tx: &Tx,
    seen: &Seen,
    metrics: &[Metrics],
    now: i64,
) -> Result<(), Failure> {
    let Seen { due, campaign } = seen;
    let posts = campaign.posts();
    let own: Vec<Metrics> =
        metrics.iter().filter(|counted| posts.contains(&counted.post)).cloned().collect();
    store::save_metrics(tx, campaign.id, &own, now).await?;
    let since = campaign.starts_at.map_or(now, hashbuzz_domain::Time::micros);
    let age = now - since;
    let (at_least, at_most) = (app.settings.track_every, app.settings.sweep_every);
    let counts = Counts::of(campaign, &own);
    let before: Counts = read_json(&due.counted_at_walk)?;
    let lists = Lists {
        age,
        since_walk: now - due.walk_begun_at,
        moved: counts != before,
        anybody: counts.0.iter().any(|(_, _, n)| *n > 0),
    };
    if walks(lists, at_least, at_most) {
        let sweep = store::next_sweep(tx, campaign.id).await?;
        let moved = counts.moved_since(&before);
        let collect = CollectEngagement::while_running(campaign.key(), sweep, moved);
        transition::put(tx, now, campaign, &collect).await?;
        tracking::walk_begins(tx, &due.campaign, &json(&counts)?, now).await?;
    }
    Ok(tracking::look_again(tx, &due.campaign, now + until_next_look(age, at_least)).await?)
}

/// Counts by post and kind, of the kinds that are collected, as they are stored.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Counts(Vec<(String, String, u64)>);

impl Counts {
    fn of(campaign: &Campaign, metrics: &[Metrics]) -> Self {
        let kinds = campaign.draft.collected();
        let of = |counted: &Metrics| {
            let post = counted.post.to_string();
            let count = |kind: &Kind| (post.clone(), kind.to_string(), counted.of(*kind));
            kinds.iter().map(count).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = metrics.iter().flat_map(of).collect();
        all.sort();
        Self(all)
    }

    /// Post and kind of those that are not what they were. Where nothing has moved, of all: then it
    /// is time that makes a walk due.
    fn moved_since(&self, before: &Self) -> Vec<(String, String)> {
        let pair = |(post, kind, _): &(String, String, u64)| (post.clone(), kind.clone());
        let moved: Vec<_> =
            self.0.iter().filter(|count| !before.0.contains(count)).map(pair).collect();
        if moved.is_empty() { self.0.iter().map(pair).collect() } else { moved }
    }
}

/// Nothing was counted. One brand's trouble must not keep the others from being looked at.
async fn not_counted(
    app: &App,
    turn: Turn,
    seen: &[Seen],
    brand: &Brand,
    error: ReadError,
) -> Result<Verdict, Failure> {
    match account::not_read(app, &turn, brand, error).await? {
        Verdict::Never { .. } => {
            let owner = seen.first().map(|seen| seen.campaign.account);
            let owner = owner.ok_or_else(|| Failure("nobody was asked for".to_owned()))?;
            skip(app, turn, seen, owner).await
        }
        verdict => Ok(verdict),
    }
}

/// Leaves the campaigns of `owner` alone for a while.
async fn skip(
    app: &App,
    turn: Turn,
    seen: &[Seen],
    owner: hashbuzz_domain::AccountId,
) -> Result<Verdict, Failure> {
    let now = turn.now();
    let tx = app.db.begin().await?;
    for seen in seen.iter().filter(|seen| seen.campaign.account == owner) {
        tracking::look_again(&tx, &seen.due.campaign, now + AFTER_REFUSAL).await?;
    }
    again(app, &tx, now).await?;
    Ok(Verdict::Done(turn.commit(tx).await?))
}

/// Has this done again when the next campaign is due, and at least every `track_every`: one that
/// begins meanwhile is looked at no later than that.
async fn again(app: &App, tx: &Tx, now: i64) -> Result<(), DbError> {
    let at_most = now + app.settings.track_every.micros();
    let at = tracking::next_look(tx).await?.map_or(at_most, |next| next.clamp(now, at_most));
    enqueue_at(tx, now, &TrackEngagement {}, Due { at, account: None }).await
}
