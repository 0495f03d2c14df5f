//! The table `tracking`: when a running campaign is looked at next.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, values};
use hashbuzz_domain::CampaignId;

use crate::stored::count;

/// A campaign that is due for a look.
#[derive(Clone, FromQueryResult)]
pub(in crate::engagement) struct DueRow {
    pub(in crate::engagement) campaign: String,
    pub(in crate::engagement) counted_at_walk: String,
    pub(in crate::engagement) walk_begun_at: i64,
}

/// Has a campaign looked at from now on.
pub(crate) async fn begin(tx: &Tx, campaign: CampaignId, now: i64) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO tracking (campaign, next_look, walk_begun_at) \
         VALUES ($1, $2, $2) ON CONFLICT (campaign) DO UPDATE SET next_look = EXCLUDED.next_look",
        values![campaign.to_string(), now],
    )
    .await?;
    Ok(())
}

/// Those who have waited longest, at most `most`.
pub(in crate::engagement) async fn due(
    db: &impl Sql,
    now: i64,
    most: usize,
) -> Result<Vec<DueRow>, DbError> {
    db.all(
        "SELECT campaign, counted_at_walk, walk_begun_at FROM tracking WHERE next_look <= $1 \
         ORDER BY next_look, campaign LIMIT $2",
        values![now, count(most)],
    )
    .await
}

/// When the next look is due; none when nobody is tracked.
pub(in crate::engagement) async fn next_look(db: &impl Sql) -> Result<Option<i64>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        next_look: i64,
    }
    let row: Option<Row> =
        db.one("SELECT next_look FROM tracking ORDER BY next_look LIMIT 1", values![]).await?;
    Ok(row.map(|row| row.next_look))
}

/// Has it looked at again at `at`.
pub(in crate::engagement) async fn look_again(
    tx: &Tx,
    campaign: &str,
    at: i64,
) -> Result<(), DbError> {
    tx.exec("UPDATE tracking SET next_look = $2 WHERE campaign = $1", values![campaign, at])
        .await?;
    Ok(())
}

/// Remembers that a walk begins, and what the counts were.
pub(in crate::engagement) async fn walk_begins(
    tx: &Tx,
    campaign: &str,
    counted: &str,
    now: i64,
) -> Result<(), DbError> {
    tx.exec(
        "UPDATE tracking SET counted_at_walk = $2, walk_begun_at = $3 WHERE campaign = $1",
        values![campaign, counted, now],
    )
    .await?;
    Ok(())
}

/// It runs no more.
pub(in crate::engagement) async fn end(tx: &Tx, campaign: &str) -> Result<(), DbError> {
    tx.exec("DELETE FROM tracking WHERE campaign = $1", values![campaign]).await?;
    Ok(())
}
