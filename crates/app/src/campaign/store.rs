//! The tables `campaign`, `campaign_step`, `timeline`.

use std::collections::BTreeMap;

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, values};
use hashbuzz_domain::campaign::{Draft, Reward, State, Step};
use hashbuzz_domain::{AccountId, Amount, CampaignId, PostId, Time};
use uuid::Uuid;

use super::row::{COLUMNS, Campaign, Row};
use super::stored_draft;
use crate::stored::units;

const fn kind(draft: &Draft) -> &'static str {
    match draft.reward {
        Reward::Awareness(_) => "awareness",
        Reward::Quest(_) => "quest",
    }
}

pub(super) async fn insert(
    tx: &Tx,
    id: CampaignId,
    account: AccountId,
    draft: &Draft,
    fee: Amount,
    now: Time,
) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO campaign (id, account, kind, state, draft, budget, fee, created_at) \
         VALUES ($1, $2, $3, 'Draft', $4, $5, $6, $7)",
        values![
            id.to_string(),
            account.to_string(),
            kind(draft),
            stored_draft::write(draft)?,
            units(draft.budget.units()),
            units(fee.units()),
            now.micros()
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_draft(
    tx: &Tx,
    id: CampaignId,
    draft: &Draft,
    fee: Amount,
) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET draft = $2, kind = $3, budget = $4, fee = $5, reject_reason = NULL, \
         version = version + 1 WHERE id = $1",
        values![
            id.to_string(),
            stored_draft::write(draft)?,
            kind(draft),
            units(draft.budget.units()),
            units(fee.units())
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_state(
    tx: &Tx,
    id: CampaignId,
    state: State,
    reason: Option<&str>,
) -> Result<(), DbError> {
    let (origin, step) = match state {
        State::Stalled { origin, step } => (Some(origin.as_str()), Some(step.as_str())),
        _ => (None, None),
    };
    tx.exec(
        "UPDATE campaign SET state = $2, stalled_origin = $3, stalled_step = $4, \
         stalled_reason = $5, version = version + 1 WHERE id = $1",
        values![id.to_string(), state.as_str(), origin, step, reason],
    )
    .await?;
    Ok(())
}

/// The campaign, for reading.
pub(crate) async fn find(db: &impl Sql, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM campaign WHERE id = $1");
    let row: Option<Row> = db.one(&sql, values![id.to_string()]).await?;
    row.map(Campaign::try_from).transpose()
}

/// The campaign that an event is about, which must exist.
pub(crate) async fn load(db: &impl Sql, id: CampaignId) -> Result<Campaign, DbError> {
    find(db, id).await?.ok_or(DbError::Missing("the event's campaign does not exist"))
}

/// The campaign, held until the transaction ends.
pub(crate) async fn load_for_update(tx: &Tx, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    let lock = tx.backend().for_update();
    let sql = format!("SELECT {COLUMNS} FROM campaign WHERE id = $1 {lock}");
    let row: Option<Row> = tx.one(&sql, values![id.to_string()]).await?;
    row.map(Campaign::try_from).transpose()
}

/// Greater than every id: those are hexadecimal, in every collation before this.
const BEHIND_ALL: &str = "z";

/// Campaigns of `account` (of all without it), newest first, after `before`.
pub(super) async fn page(
    db: &impl Sql,
    account: Option<AccountId>,
    before: Option<CampaignId>,
    limit: i64,
) -> Result<Vec<Campaign>, DbError> {
    // Plans are made without the values: `$1 IS NULL OR …` would read all campaigns.
    let whose = if account.is_some() { "account = $1" } else { "CAST($1 AS TEXT) IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} FROM campaign WHERE {whose} AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    let account = account.map(|account| account.to_string());
    let before = before.map_or_else(|| BEHIND_ALL.to_owned(), |before| before.to_string());
    let rows: Vec<Row> = db.all(&sql, values![account, before, limit]).await?;
    rows.into_iter().map(Campaign::try_from).collect()
}

/// Campaigns past their contract funding that are not over, for whoever checks the books.
pub(crate) async fn running_after(
    db: &impl Sql,
    after: Option<CampaignId>,
    limit: i64,
) -> Result<Vec<Campaign>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM campaign WHERE id > $1 ORDER BY id LIMIT $2");
    let after = after.map(|after| after.to_string()).unwrap_or_default();
    let rows: Vec<Row> = db.all(&sql, values![after, limit]).await?;
    rows.into_iter().map(Campaign::try_from).collect()
}

#[derive(FromQueryResult)]
struct StateRow {
    id: String,
    state: String,
}

/// Those among `ids` that are campaigns, and whether each is over.
pub(crate) async fn over_among(
    db: &impl Sql,
    ids: &[String],
) -> Result<BTreeMap<String, bool>, DbError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places: Vec<String> = (1..=ids.len()).map(|i| format!("${i}")).collect();
    let sql = format!("SELECT id, state FROM campaign WHERE id IN ({})", places.join(", "));
    let given = ids.iter().map(|id| hashbuzz_db::Value::from(id.as_str())).collect();
    let rows: Vec<StateRow> = db.all(&sql, given).await?;
    let over = |name: &str| State::read(name, None).is_some_and(State::is_final);
    Ok(rows.into_iter().map(|row| (row.id, over(&row.state))).collect())
}

/// Whether all of them are drafts: nobody reviews or publishes them.
pub(crate) async fn are_drafts(db: &impl Sql, ids: &[String]) -> Result<bool, DbError> {
    if ids.is_empty() {
        return Ok(true);
    }
    let places: Vec<String> = (1..=ids.len()).map(|i| format!("${i}")).collect();
    let sql = format!(
        "SELECT COUNT(*) AS n FROM campaign WHERE state <> 'Draft' AND id IN ({})",
        places.join(", ")
    );
    let given = ids.iter().map(|id| hashbuzz_db::Value::from(id.as_str())).collect();
    Ok(db.number(&sql, given).await? == 0)
}

/// Whether a campaign of `account` is public and not over.
pub(crate) async fn any_under_way(db: &impl Sql, account: AccountId) -> Result<bool, DbError> {
    let count = db
        .number(
            "SELECT COUNT(*) AS n FROM campaign WHERE account = $1 AND state NOT IN \
             ('Draft', 'InReview', 'Approved', 'Cancelled', 'Closed', 'RolledBack')",
            values![account.to_string()],
        )
        .await?;
    Ok(count > 0)
}

pub(super) async fn save_network_micros(
    tx: &Tx,
    id: CampaignId,
    micros: u64,
) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET network_micros = $2 WHERE id = $1",
        values![id.to_string(), units(micros)],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_post_1(
    tx: &Tx,
    id: CampaignId,
    post: &PostId,
    at: Time,
) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET post_1 = $2, post_1_at = $3 WHERE id = $1",
        values![id.to_string(), post.as_str(), at.micros()],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_post_2(tx: &Tx, id: CampaignId, post: &PostId) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET post_2 = $2 WHERE id = $1",
        values![id.to_string(), post.as_str()],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_times(
    tx: &Tx,
    id: CampaignId,
    starts_at: Time,
    closes_at: Time,
) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET starts_at = $2, closes_at = $3 WHERE id = $1",
        values![id.to_string(), starts_at.micros(), closes_at.micros()],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_closed_at(tx: &Tx, id: CampaignId, at: Time) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET closed_at = $2 WHERE id = $1",
        values![id.to_string(), at.micros()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_claim_until(tx: &Tx, id: CampaignId, until: Time) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET claim_until = $2 WHERE id = $1",
        values![id.to_string(), until.micros()],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_reject_reason(
    tx: &Tx,
    id: CampaignId,
    reason: &str,
) -> Result<(), DbError> {
    tx.exec(
        "UPDATE campaign SET reject_reason = $2 WHERE id = $1",
        values![id.to_string(), reason],
    )
    .await?;
    Ok(())
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepState {
    Planned,
    Started,
    Done,
    Unknown,
    Failed,
}

impl StepState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Started => "started",
            Self::Done => "done",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// A step's record, and what to say of it in the timeline.
pub(crate) struct Mark<'a> {
    pub(crate) step: Step,
    pub(crate) state: StepState,
    pub(crate) detail: &'a str,
}

/// Writes a step's record. The timeline says it too, unless it says nothing new.
pub(crate) async fn mark(tx: &Tx, id: CampaignId, mark: Mark<'_>, now: i64) -> Result<(), DbError> {
    let changed = tx
        .exec(
            "INSERT INTO campaign_step (campaign, step, state, detail, at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (campaign, step) DO UPDATE \
             SET state = EXCLUDED.state, detail = EXCLUDED.detail, at = EXCLUDED.at \
             WHERE campaign_step.state <> EXCLUDED.state OR campaign_step.detail <> EXCLUDED.detail",
            values![id.to_string(), mark.step.as_str(), mark.state.as_str(), mark.detail, now],
        )
        .await?;
    if changed == 1 && !matches!(mark.state, StepState::Planned | StepState::Started) {
        note(tx, id, mark.state.as_str(), Some(mark.step), mark.detail, now).await?;
    }
    Ok(())
}

/// Adds a line to the campaign's timeline.
pub(crate) async fn note(
    tx: &Tx,
    id: CampaignId,
    kind: &str,
    step: Option<Step>,
    message: &str,
    now: i64,
) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO timeline (id, campaign, at, kind, step, message) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        values![
            Uuid::now_v7().to_string(),
            id.to_string(),
            now,
            kind,
            step.map(Step::as_str),
            message
        ],
    )
    .await?;
    Ok(())
}

/// A step's record as read.
#[derive(FromQueryResult)]
pub(super) struct StepRow {
    pub(super) step: String,
    pub(super) state: String,
    pub(super) detail: String,
    pub(super) at: i64,
}

pub(super) async fn steps(db: &impl Sql, id: CampaignId) -> Result<Vec<StepRow>, DbError> {
    db.all(
        "SELECT step, state, detail, at FROM campaign_step WHERE campaign = $1 ORDER BY at, step",
        values![id.to_string()],
    )
    .await
}

/// A line of a timeline as read.
#[derive(FromQueryResult)]
pub(super) struct TimelineRow {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) kind: String,
    pub(super) step: Option<String>,
    pub(super) message: String,
}

/// A campaign's timeline in order, after the line `after`.
pub(super) async fn timeline(
    db: &impl Sql,
    id: CampaignId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<TimelineRow>, DbError> {
    db.all(
        "SELECT id, at, kind, step, message FROM timeline WHERE campaign = $1 \
         AND id > $2 ORDER BY id LIMIT $3",
        values![id.to_string(), after.unwrap_or_default(), limit],
    )
    .await
}
