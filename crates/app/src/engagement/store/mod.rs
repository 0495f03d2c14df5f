//! The tables `observation`, `withdrawal`, `sweep`, `post_metrics`; and [`tracking`].

pub(crate) mod tracking;

use std::collections::{BTreeMap, BTreeSet};

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, Value, values};
use hashbuzz_domain::CampaignId;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_social::{Metrics, Page, Sighting};
use serde::{Deserialize, Serialize};

use crate::stored::json;

/// What the network said of a profile, as stored.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(in crate::engagement) struct StoredFacts {
    pub(in crate::engagement) created_at: Option<i64>,
    pub(in crate::engagement) followers: Option<u64>,
    pub(in crate::engagement) following: Option<u64>,
    pub(in crate::engagement) posts: Option<u64>,
    pub(in crate::engagement) default_avatar: Option<bool>,
}

/// What one list of one sweep shows of one post and kind.
#[derive(Clone, Copy)]
pub(in crate::engagement) struct Part<'a> {
    pub(in crate::engagement) campaign: CampaignId,
    pub(in crate::engagement) sweep: i64,
    pub(in crate::engagement) post: &'a str,
    pub(in crate::engagement) kind: Kind,
}

/// Rows a statement: 11 values each, and SQLite takes 32,766 of them.
const ROWS: usize = 100;

/// Stores this part of a page. What was seen before is only marked as seen in this sweep, unless a
/// later one has seen it already: a turn may be handled once more, long after. Says how many rows
/// are new.
pub(in crate::engagement) async fn save_part(
    tx: &Tx,
    part: Part<'_>,
    mut rows: Vec<&Sighting>,
    page: &Page,
    now: i64,
) -> Result<usize, DbError> {
    // One row a key: PostgreSQL refuses to update a row twice in one statement.
    rows.sort_by(|a, b| (&a.author.id, &a.object).cmp(&(&b.author.id, &b.object)));
    rows.dedup_by(|a, b| a.author.id == b.author.id && a.object == b.object);
    let mut new = 0;
    for chunk in rows.chunks(ROWS) {
        new += save_rows(tx, part, chunk, now).await?;
    }
    tx.exec(
        "INSERT INTO sweep (campaign, number, post, kind, pages, complete, proves_absence, ended_at) \
         VALUES ($1, $2, $3, $4, 1, $5, $6, $7) ON CONFLICT (campaign, number, post, kind) \
         DO UPDATE SET pages = sweep.pages + 1, complete = EXCLUDED.complete, \
         proves_absence = EXCLUDED.proves_absence, ended_at = EXCLUDED.ended_at",
        values![
            part.campaign.to_string(),
            part.sweep,
            part.post,
            part.kind.as_str(),
            page.next.is_none(),
            page.next.is_none() && page.proves_absence,
            now
        ],
    )
    .await?;
    Ok(new)
}

#[derive(FromQueryResult)]
struct SeenFirst {
    first_seen: i64,
}

async fn save_rows(
    tx: &Tx,
    part: Part<'_>,
    rows: &[&Sighting],
    now: i64,
) -> Result<usize, DbError> {
    let mut places = Vec::with_capacity(rows.len());
    let mut given: Vec<Value> = Vec::with_capacity(rows.len() * 11);
    for (i, sighting) in rows.iter().enumerate() {
        let first = i * 11;
        let row: Vec<String> = (1..=11).map(|n| format!("${}", first + n)).collect();
        places.push(format!("({})", row.join(", ")));
        let author = &sighting.author;
        let facts = StoredFacts {
            created_at: author.created_at.map(hashbuzz_domain::Time::micros),
            followers: author.followers,
            following: author.following,
            posts: author.posts,
            default_avatar: author.default_avatar,
        };
        given.extend(values![
            part.campaign.to_string(),
            part.post,
            part.kind.as_str(),
            author.id.as_str(),
            sighting.object.as_ref().map_or("", |object| object.as_str()),
            author.handle.clone(),
            sighting.at.map(hashbuzz_domain::Time::micros),
            now,
            part.sweep,
            sighting.text.clone(),
            json(&facts)?
        ]);
    }
    let seen: Vec<SeenFirst> = tx
        .all(
            &format!(
                "INSERT INTO observation (campaign, post, kind, profile, object, handle, \
                 network_time, first_seen, last_sweep, body, facts) VALUES {} \
                 ON CONFLICT (campaign, post, kind, profile, object) \
                 DO UPDATE SET last_sweep = CASE WHEN observation.last_sweep > EXCLUDED.last_sweep \
                 THEN observation.last_sweep ELSE EXCLUDED.last_sweep END, \
                 network_time = COALESCE(observation.network_time, EXCLUDED.network_time) \
                 RETURNING first_seen",
                places.join(", ")
            ),
            given,
        )
        .await?;
    Ok(seen.iter().filter(|row| row.first_seen == now).count())
}

/// Writes down what a complete list no longer shows. Returns how many that were.
pub(in crate::engagement) async fn withdraw_missing(
    tx: &Tx,
    part: Part<'_>,
    now: i64,
) -> Result<u64, DbError> {
    tx.exec(
        "INSERT INTO withdrawal (campaign, post, kind, profile, object, sweep, at) \
         SELECT campaign, post, kind, profile, object, $4, $5 FROM observation \
         WHERE campaign = $1 AND post = $2 AND kind = $3 AND last_sweep < $4 \
         ON CONFLICT DO NOTHING",
        values![part.campaign.to_string(), part.post, part.kind.as_str(), part.sweep, now],
    )
    .await
}

/// The number of the next sweep.
pub(in crate::engagement) async fn next_sweep(
    db: &impl Sql,
    campaign: CampaignId,
) -> Result<i64, DbError> {
    let last = db
        .number(
            "SELECT MAX(number) AS n FROM sweep WHERE campaign = $1",
            values![campaign.to_string()],
        )
        .await?;
    Ok(last + 1)
}

#[derive(FromQueryResult)]
struct PairRow {
    post: String,
    kind: String,
    n: i64,
}

/// Post and kind of everything that was ever seen.
pub(in crate::engagement) async fn seen(
    db: &impl Sql,
    campaign: CampaignId,
) -> Result<BTreeSet<(String, String)>, DbError> {
    let rows: Vec<PairRow> = db
        .all(
            "SELECT post, kind, COUNT(*) AS n FROM observation WHERE campaign = $1 \
             GROUP BY post, kind",
            values![campaign.to_string()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.post, row.kind)).collect())
}

/// How many sightings of each post and kind a sweep has shown.
pub(in crate::engagement) async fn shown(
    db: &impl Sql,
    campaign: CampaignId,
    sweep: i64,
) -> Result<BTreeMap<(String, String), u64>, DbError> {
    let rows: Vec<PairRow> = db
        .all(
            "SELECT post, kind, COUNT(*) AS n FROM observation \
             WHERE campaign = $1 AND last_sweep = $2 GROUP BY post, kind",
            values![campaign.to_string(), sweep],
        )
        .await?;
    let count = |row: PairRow| ((row.post, row.kind), u64::try_from(row.n).unwrap_or(0));
    Ok(rows.into_iter().map(count).collect())
}

#[derive(FromQueryResult)]
pub(in crate::engagement) struct ObservationRow {
    pub(in crate::engagement) post: String,
    pub(in crate::engagement) kind: String,
    pub(in crate::engagement) profile: String,
    pub(in crate::engagement) object: String,
    pub(in crate::engagement) handle: String,
    pub(in crate::engagement) network_time: Option<i64>,
    pub(in crate::engagement) first_seen: i64,
    pub(in crate::engagement) last_sweep: i64,
    pub(in crate::engagement) body: Option<String>,
    pub(in crate::engagement) facts: String,
}

/// One page of the log in the order of its key.
pub(in crate::engagement) async fn observations(
    db: &impl Sql,
    campaign: CampaignId,
    offset: i64,
    limit: i64,
) -> Result<Vec<ObservationRow>, DbError> {
    db.all(
        "SELECT post, kind, profile, object, handle, network_time, first_seen, last_sweep, body, \
         facts FROM observation WHERE campaign = $1 \
         ORDER BY post, kind, profile, object LIMIT $2 OFFSET $3",
        values![campaign.to_string(), limit, offset],
    )
    .await
}

#[derive(FromQueryResult)]
pub(in crate::engagement) struct SweepRow {
    pub(in crate::engagement) number: i64,
    pub(in crate::engagement) post: String,
    pub(in crate::engagement) kind: String,
    pub(in crate::engagement) proves_absence: bool,
}

/// The last complete walk over each list.
pub(in crate::engagement) async fn last_sweeps(
    db: &impl Sql,
    campaign: CampaignId,
) -> Result<Vec<SweepRow>, DbError> {
    db.all(
        "SELECT number, post, kind, proves_absence FROM sweep s WHERE campaign = $1 AND complete \
         AND number = (SELECT MAX(number) FROM sweep o WHERE o.campaign = s.campaign \
                       AND o.post = s.post AND o.kind = s.kind AND o.complete) \
         ORDER BY post, kind",
        values![campaign.to_string()],
    )
    .await
}

/// How many sightings of a kind there are, and by how many profiles.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Counts {
    pub(crate) kind: String,
    pub(crate) sightings: i64,
    pub(crate) profiles: i64,
}

pub(crate) async fn counts(db: &impl Sql, campaign: CampaignId) -> Result<Vec<Counts>, DbError> {
    db.all(
        "SELECT kind, COUNT(*) AS sightings, COUNT(DISTINCT profile) AS profiles \
         FROM observation WHERE campaign = $1 GROUP BY kind ORDER BY kind",
        values![campaign.to_string()],
    )
    .await
}

pub(in crate::engagement) async fn save_metrics(
    tx: &Tx,
    campaign: CampaignId,
    metrics: &[Metrics],
    now: i64,
) -> Result<(), DbError> {
    let stored = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    for post in metrics {
        tx.exec(
            "INSERT INTO post_metrics (campaign, post, at, likes, reposts, quotes, replies) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (campaign, post) DO UPDATE \
             SET at = EXCLUDED.at, likes = EXCLUDED.likes, reposts = EXCLUDED.reposts, \
             quotes = EXCLUDED.quotes, replies = EXCLUDED.replies",
            values![
                campaign.to_string(),
                post.post.as_str(),
                now,
                stored(post.likes),
                stored(post.reposts),
                stored(post.quotes),
                stored(post.replies)
            ],
        )
        .await?;
    }
    Ok(())
}

/// A post's public counts as last seen.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct MetricsRow {
    pub(crate) post: String,
    pub(crate) at: i64,
    pub(crate) likes: i64,
    pub(crate) reposts: i64,
    pub(crate) quotes: i64,
    pub(crate) replies: i64,
}

pub(crate) async fn metrics(
    db: &impl Sql,
    campaign: CampaignId,
) -> Result<Vec<MetricsRow>, DbError> {
    db.all(
        "SELECT post, at, likes, reposts, quotes, replies FROM post_metrics \
         WHERE campaign = $1 ORDER BY post",
        values![campaign.to_string()],
    )
    .await
}
