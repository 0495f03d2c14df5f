//! The tables `allocation`, `line`, `pay_batch`.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, Value, values};
use hashbuzz_domain::reward::{Allocation, Line};
use hashbuzz_domain::{AccountId, Asset, CampaignId, ProfileId};

use crate::stored::{count, parse, read_units, units};

/// Rows a statement.
const ROWS: usize = 200;

/// How many took part, and how many of them are paid or left out.
pub(super) struct Heads {
    pub(super) participants: usize,
    pub(super) eligible: usize,
    pub(super) excluded: usize,
}

/// What an allocation commits to.
pub(super) struct Commitment {
    pub(super) root: [u8; 32],
    pub(super) salt: [u8; 32],
}

/// Freezes an allocation. False when the campaign has one already: that one counts.
pub(super) async fn freeze(
    tx: &Tx,
    campaign: CampaignId,
    allocation: &Allocation,
    commitment: &Commitment,
    heads: &Heads,
    now: i64,
) -> Result<bool, DbError> {
    let first = tx
        .exec(
            "INSERT INTO allocation (campaign, root, salt, total, participants, eligible, \
             excluded, frozen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            values![
                campaign.to_string(),
                commitment.root.to_vec(),
                commitment.salt.to_vec(),
                units(allocation.total),
                count(heads.participants),
                count(heads.eligible),
                count(heads.excluded),
                now
            ],
        )
        .await?;
    if first == 0 {
        return Ok(false);
    }
    for chunk in allocation.lines.chunks(ROWS) {
        save_lines(tx, campaign, chunk).await?;
    }
    Ok(true)
}

async fn save_lines(tx: &Tx, campaign: CampaignId, lines: &[Line]) -> Result<(), DbError> {
    let mut places = Vec::with_capacity(lines.len());
    let mut given: Vec<Value> = values![campaign.to_string()];
    for (i, line) in lines.iter().enumerate() {
        let n = i * 4 + 2;
        places.push(format!("($1, ${n}, ${}, ${}, ${})", n + 1, n + 2, n + 3));
        given.extend(values![
            line.profile.as_str(),
            line.index.map(i64::from),
            units(line.amount),
            line.explain(Asset::Hbar)
        ]);
    }
    tx.exec(
        &format!(
            "INSERT INTO line (campaign, profile, position, amount, explanation) VALUES {}",
            places.join(", ")
        ),
        given,
    )
    .await?;
    Ok(())
}

/// A frozen allocation, without its lines.
pub(super) struct Frozen {
    pub(super) root: [u8; 32],
    pub(super) total: u64,
    pub(super) participants: i64,
    pub(super) eligible: i64,
    pub(super) excluded: i64,
}

#[derive(FromQueryResult)]
struct FrozenRow {
    root: Vec<u8>,
    total: i64,
    participants: i64,
    eligible: i64,
    excluded: i64,
}

pub(super) async fn frozen(db: &impl Sql, campaign: CampaignId) -> Result<Option<Frozen>, DbError> {
    let row: Option<FrozenRow> = db
        .one(
            "SELECT root, total, participants, eligible, excluded FROM allocation \
             WHERE campaign = $1",
            values![campaign.to_string()],
        )
        .await?;
    row.map(|row| {
        let root = row.root.try_into();
        Ok(Frozen {
            root: root.map_err(|_| DbError::Corrupt("a root of another length".to_owned()))?,
            total: read_units(row.total)?,
            participants: row.participants,
            eligible: row.eligible,
            excluded: row.excluded,
        })
    })
    .transpose()
}

/// A line that has not been paid.
pub(super) struct Unpaid {
    pub(super) profile: ProfileId,
    pub(super) position: u32,
    pub(super) amount: u64,
}

#[derive(FromQueryResult)]
struct LineRow {
    profile: String,
    position: i64,
    amount: i64,
}

fn unpaid_line(row: LineRow) -> Result<Unpaid, DbError> {
    let position = u32::try_from(row.position)
        .map_err(|_| DbError::Corrupt(format!("line {}", row.position)))?;
    Ok(Unpaid { profile: parse(&row.profile)?, position, amount: read_units(row.amount)? })
}

/// Lines that are in no batch, in order, from `position` on.
pub(super) async fn unpaid(
    db: &impl Sql,
    campaign: CampaignId,
    position: i64,
    limit: i64,
) -> Result<Vec<Unpaid>, DbError> {
    let rows: Vec<LineRow> = db
        .all(
            "SELECT profile, position, amount FROM line WHERE campaign = $1 AND batch IS NULL \
             AND position >= $2 ORDER BY position LIMIT $3",
            values![campaign.to_string(), position, limit],
        )
        .await?;
    rows.into_iter().map(unpaid_line).collect()
}

/// The lines of a batch, with who is paid.
pub(super) async fn batch_lines(
    db: &impl Sql,
    campaign: CampaignId,
    number: i64,
) -> Result<Vec<(Unpaid, AccountId)>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        profile: String,
        position: i64,
        amount: i64,
        account: String,
    }
    let rows: Vec<Row> = db
        .all(
            "SELECT profile, position, amount, account FROM line \
             WHERE campaign = $1 AND batch = $2 ORDER BY position",
            values![campaign.to_string(), number],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let Row { profile, position, amount, account } = row;
            Ok((unpaid_line(LineRow { profile, position, amount })?, parse(&account)?))
        })
        .collect()
}

/// The batch that was begun and is not paid.
pub(super) async fn open_batch(
    db: &impl Sql,
    campaign: CampaignId,
) -> Result<Option<i64>, DbError> {
    let number = db
        .number(
            "SELECT MIN(number) AS n FROM pay_batch WHERE campaign = $1 AND paid_at IS NULL",
            values![campaign.to_string()],
        )
        .await?;
    Ok((number > 0).then_some(number))
}

/// Begins the next batch with these lines.
pub(super) async fn begin_batch(
    tx: &Tx,
    campaign: CampaignId,
    lines: &[(Unpaid, AccountId)],
) -> Result<i64, DbError> {
    let last = tx
        .number(
            "SELECT MAX(number) AS n FROM pay_batch WHERE campaign = $1",
            values![campaign.to_string()],
        )
        .await?;
    let number = last + 1;
    let amount: u64 = lines.iter().map(|(line, _)| line.amount).sum();
    tx.exec(
        "INSERT INTO pay_batch (campaign, number, entries, amount) VALUES ($1, $2, $3, $4)",
        values![campaign.to_string(), number, count(lines.len()), units(amount)],
    )
    .await?;
    for (line, account) in lines {
        let taken = tx
            .exec(
                "UPDATE line SET batch = $3, account = $4 \
                 WHERE campaign = $1 AND position = $2 AND batch IS NULL",
                values![
                    campaign.to_string(),
                    i64::from(line.position),
                    number,
                    account.to_string()
                ],
            )
            .await?;
        if taken != 1 {
            return Err(DbError::Corrupt(format!("line {} is in another batch", line.position)));
        }
    }
    Ok(number)
}

/// A batch was paid, for a fee in tinybars where it is known.
pub(super) async fn finish_batch(
    tx: &Tx,
    campaign: CampaignId,
    number: i64,
    fee: Option<u64>,
    now: i64,
) -> Result<(), DbError> {
    tx.exec(
        "UPDATE pay_batch SET paid_at = $3, fee = $4 WHERE campaign = $1 AND number = $2",
        values![campaign.to_string(), number, now, fee.map(units)],
    )
    .await?;
    Ok(())
}

/// What was paid so far.
pub(super) struct Paid {
    /// Batches.
    pub(super) transactions: i64,
    /// Lines.
    pub(super) people: i64,
    /// Units.
    pub(super) amount: u64,
    /// Tinybars, for those batches of which the fee is known.
    pub(super) fees: u64,
}

/// What was paid so far.
pub(super) async fn paid(db: &impl Sql, campaign: CampaignId) -> Result<Paid, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        transactions: i64,
        people: i64,
        amount: i64,
        fees: i64,
    }
    let row: Option<Row> = db
        .one(
            "SELECT COUNT(*) AS transactions, \
             CAST(COALESCE(SUM(entries), 0) AS BIGINT) AS people, \
             CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount, \
             CAST(COALESCE(SUM(fee), 0) AS BIGINT) AS fees \
             FROM pay_batch WHERE campaign = $1 AND paid_at IS NOT NULL",
            values![campaign.to_string()],
        )
        .await?;
    let row = row.ok_or_else(|| DbError::Corrupt("a sum without a row".to_owned()))?;
    Ok(Paid {
        transactions: row.transactions,
        people: row.people,
        amount: read_units(row.amount)?,
        fees: read_units(row.fees)?,
    })
}

/// Campaigns that owe `profile` something that is in no batch yet.
pub(super) async fn unpaid_campaigns(
    db: &impl Sql,
    profile: &ProfileId,
) -> Result<Vec<String>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        campaign: String,
    }
    let rows: Vec<Row> = db
        .all(
            "SELECT campaign FROM line WHERE profile = $1 AND batch IS NULL \
             AND position IS NOT NULL ORDER BY campaign LIMIT 100",
            values![profile.as_str()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.campaign).collect())
}
