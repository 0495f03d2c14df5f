//! The tables `media`, `media_use`, `media_upload`.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, Value, values};
use hashbuzz_domain::{AccountId, CampaignId, MediumId, Span, UploadId};
use hashbuzz_media::{Digest, Kept};

use super::medium::{COLUMNS, Medium, Row};
use crate::stored::{count, parse, units};

/// A new medium of `account`, or the one that it has already with these bytes.
pub(super) async fn save(
    tx: &Tx,
    id: MediumId,
    account: AccountId,
    kept: &Kept,
    alt: &str,
    now: i64,
) -> Result<(Medium, bool), DbError> {
    let facts = &kept.facts;
    let inserted = tx
        .exec(
            "INSERT INTO media (id, account, kind, mime, bytes, width, height, frames, duration, \
             alt, sha256, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT (account, sha256) DO NOTHING",
            values![
                id.to_string(),
                account.to_string(),
                facts.format.kind().as_str(),
                facts.format.mime(),
                units(facts.bytes),
                i64::from(facts.width),
                i64::from(facts.height),
                i64::from(facts.frames),
                facts.duration.map(Span::micros),
                alt,
                kept.digest.to_string(),
                now
            ],
        )
        .await?;
    let sql = format!("SELECT {COLUMNS} FROM media WHERE account = $1 AND sha256 = $2");
    let row: Option<Row> =
        tx.one(&sql, values![account.to_string(), kept.digest.to_string()]).await?;
    let row = row.ok_or(DbError::Missing("a medium that was stored a moment ago is not there"))?;
    Ok((row.try_into()?, inserted == 1))
}

pub(super) async fn find(db: &impl Sql, id: MediumId) -> Result<Option<Medium>, DbError> {
    Ok(among(db, &[id]).await?.pop())
}

/// Those of `ids` that there are, in no order.
pub(super) async fn among(db: &impl Sql, ids: &[MediumId]) -> Result<Vec<Medium>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT {COLUMNS} FROM media WHERE id IN ({})", places(ids.len()));
    let rows: Vec<Row> = db.all(&sql, given(ids)).await?;
    rows.into_iter().map(Medium::try_from).collect()
}

fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

fn given(ids: &[MediumId]) -> Vec<Value> {
    ids.iter().map(|id| Value::from(id.to_string())).collect()
}

/// Media of `account` that no campaign names.
pub(super) async fn unused(db: &impl Sql, account: AccountId) -> Result<i64, DbError> {
    db.number(
        "SELECT COUNT(*) AS n FROM media WHERE account = $1 \
         AND NOT EXISTS (SELECT 1 FROM media_use WHERE medium = media.id)",
        values![account.to_string()],
    )
    .await
}

#[derive(FromQueryResult)]
struct UseRow {
    campaign: String,
}

/// The campaigns that name it.
pub(super) async fn used_by(db: &impl Sql, id: MediumId) -> Result<Vec<String>, DbError> {
    let rows: Vec<UseRow> = db
        .all(
            "SELECT DISTINCT campaign FROM media_use WHERE medium = $1 ORDER BY campaign LIMIT 1000",
            values![id.to_string()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.campaign).collect())
}

/// Holds a medium until the transaction ends; false when there is none.
pub(super) async fn hold(tx: &Tx, id: MediumId) -> Result<bool, DbError> {
    let lock = tx.backend().for_update();
    let sql = format!("SELECT {COLUMNS} FROM media WHERE id = $1 {lock}");
    let row: Option<Row> = tx.one(&sql, values![id.to_string()]).await?;
    Ok(row.is_some())
}

/// From now on the campaign's draft shows `media`, and nothing else. False when one of them was
/// deleted in the meantime.
pub(crate) async fn attach(
    tx: &Tx,
    campaign: CampaignId,
    media: &[MediumId],
) -> Result<bool, DbError> {
    let key = campaign.to_string();
    tx.exec("DELETE FROM media_use WHERE campaign = $1", values![key.clone()]).await?;
    for (position, id) in media.iter().enumerate() {
        if !hold(tx, *id).await? {
            return Ok(false);
        }
        tx.exec(
            "INSERT INTO media_use (campaign, position, medium) VALUES ($1, $2, $3)",
            values![key.clone(), count(position), id.to_string()],
        )
        .await?;
    }
    Ok(true)
}

pub(super) async fn save_alt(tx: &Tx, id: MediumId, alt: &str) -> Result<(), DbError> {
    tx.exec("UPDATE media SET alt = $2 WHERE id = $1", values![id.to_string(), alt]).await?;
    Ok(())
}

pub(super) async fn delete(tx: &Tx, id: MediumId) -> Result<(), DbError> {
    tx.exec("DELETE FROM media WHERE id = $1", values![id.to_string()]).await?;
    Ok(())
}

/// How many media have these bytes, of whichever account.
pub(super) async fn with_content(db: &impl Sql, digest: Digest) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) AS n FROM media WHERE sha256 = $1";
    db.number(sql, values![digest.to_string()]).await
}

/// Where an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    New,
    Sending,
    Processing,
    Describing,
    Ready,
}

impl Place {
    const ALL: [Self; 5] =
        [Self::New, Self::Sending, Self::Processing, Self::Describing, Self::Ready];

    const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Sending => "sending",
            Self::Processing => "processing",
            Self::Describing => "describing",
            Self::Ready => "ready",
        }
    }
}

/// One medium of a campaign on its way to the network.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) position: i64,
    pub(super) medium: MediumId,
    pub(super) round: i64,
    pub(super) tries: i64,
    pub(super) place: Place,
    pub(super) remote: Option<UploadId>,
    pub(super) expires_at: Option<i64>,
    pub(super) pieces: i64,
    pub(super) finished_at: Option<i64>,
    pub(super) alt: String,
}

#[derive(FromQueryResult)]
struct UploadRow {
    position: i64,
    medium: String,
    round: i64,
    tries: i64,
    state: String,
    remote: Option<String>,
    expires_at: Option<i64>,
    pieces: i64,
    finished_at: Option<i64>,
    alt: String,
}

impl TryFrom<UploadRow> for Upload {
    type Error = DbError;

    fn try_from(row: UploadRow) -> Result<Self, DbError> {
        let place = Place::ALL.into_iter().find(|place| place.as_str() == row.state);
        Ok(Self {
            position: row.position,
            medium: parse(&row.medium)?,
            round: row.round,
            tries: row.tries,
            place: place.ok_or_else(|| DbError::Corrupt(format!("upload `{}`", row.state)))?,
            remote: row.remote.as_deref().map(parse).transpose()?,
            expires_at: row.expires_at,
            pieces: row.pieces,
            finished_at: row.finished_at,
            alt: row.alt,
        })
    }
}

/// The uploads of a campaign, in the order of its draft.
pub(super) async fn uploads(db: &impl Sql, campaign: CampaignId) -> Result<Vec<Upload>, DbError> {
    let rows: Vec<UploadRow> = db
        .all(
            "SELECT position, medium, round, tries, state, remote, expires_at, pieces, \
             finished_at, alt FROM media_upload WHERE campaign = $1 ORDER BY position",
            values![campaign.to_string()],
        )
        .await?;
    rows.into_iter().map(Upload::try_from).collect()
}

pub(super) async fn save_upload(
    tx: &Tx,
    campaign: CampaignId,
    upload: &Upload,
) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO media_upload (campaign, position, medium, round, tries, state, remote, \
         expires_at, pieces, finished_at, alt) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (campaign, position) DO UPDATE SET medium = EXCLUDED.medium, \
         round = EXCLUDED.round, tries = EXCLUDED.tries, state = EXCLUDED.state, \
         remote = EXCLUDED.remote, expires_at = EXCLUDED.expires_at, pieces = EXCLUDED.pieces, \
         finished_at = EXCLUDED.finished_at, alt = EXCLUDED.alt",
        values![
            campaign.to_string(),
            upload.position,
            upload.medium.to_string(),
            upload.round,
            upload.tries,
            upload.place.as_str(),
            upload.remote.as_ref().map(UploadId::as_str),
            upload.expires_at,
            upload.pieces,
            upload.finished_at,
            upload.alt.clone()
        ],
    )
    .await?;
    Ok(())
}
