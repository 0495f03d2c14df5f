//! The `effect` table.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, values};
use serde_json::{Value, json};

use super::{Effect, State};
use crate::lease::HELD;
use crate::{Turn, TurnError};

pub(super) const COLUMNS: &str = "id, key, step, sequence, kind, target, request, idempotency_key, \
     fence, state, remote_id, evidence, sends, clean_reads, clean_read_at, started_at, planned_at, \
     ended_at, cost, event";

/// Entries of evidence that one effect keeps; the oldest and the newest tell the story.
const EVIDENCE: usize = 40;

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: String,
    key: String,
    step: String,
    sequence: i64,
    kind: String,
    target: String,
    request: String,
    idempotency_key: Option<String>,
    fence: i64,
    state: String,
    remote_id: Option<String>,
    evidence: String,
    sends: i64,
    clean_reads: i64,
    clean_read_at: Option<i64>,
    started_at: Option<i64>,
    planned_at: i64,
    ended_at: Option<i64>,
    cost: Option<String>,
    event: String,
}

impl TryFrom<Row> for Effect {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            state: State::read(&row.state)?,
            id: row.id,
            key: row.key,
            step: row.step,
            sequence: row.sequence,
            kind: row.kind,
            target: row.target,
            request: row.request,
            idempotency_key: row.idempotency_key,
            fence: row.fence,
            remote_id: row.remote_id,
            evidence: row.evidence,
            sends: row.sends,
            clean_reads: row.clean_reads,
            clean_read_at: row.clean_read_at,
            started_at: row.started_at,
            planned_at: row.planned_at,
            ended_at: row.ended_at,
            cost: row.cost,
            event: row.event,
            sent_here: false,
        })
    }
}

/// Fails unless the turn still holds its event, which stays so until the transaction ends: a worker
/// that lost its lease must not take an effect from the one that has it now.
pub(super) async fn hold_lease(tx: &Tx, turn: &Turn) -> Result<(), TurnError> {
    let lock = tx.backend().for_update();
    let held: Option<Held> = tx
        .one(
            &format!("SELECT fence FROM event WHERE {HELD} {lock}"),
            values![turn.event(), turn.fence()],
        )
        .await?;
    match held {
        Some(Held { fence }) if fence == turn.fence() => Ok(()),
        _ => Err(TurnError::LeaseLost),
    }
}

#[derive(FromQueryResult)]
struct Held {
    fence: i64,
}

/// Puts the effect of (key, step, sequence) under the turn's fence, if there is one.
pub(super) async fn take(
    tx: &Tx,
    turn: &Turn,
    (key, step, sequence): (&str, &str, i64),
) -> Result<Option<Effect>, DbError> {
    let row: Option<Row> = tx
        .one(
            &format!(
                "UPDATE effect SET fence = $4, event = $5 \
                 WHERE key = $1 AND step = $2 AND sequence = $3 RETURNING {COLUMNS}"
            ),
            values![key, step, sequence, turn.fence(), turn.event()],
        )
        .await?;
    row.map(Effect::try_from).transpose()
}

pub(super) fn add_evidence(list: &str, now: i64, state: State, seen: &str) -> String {
    let mut entries: Vec<Value> = serde_json::from_str(list).unwrap_or_default();
    if entries.len() >= EVIDENCE {
        entries.remove(EVIDENCE / 2);
    }
    entries.push(json!({ "at": now, "state": state.as_str(), "seen": seen }));
    Value::Array(entries).to_string()
}

pub(super) async fn save(
    tx: &Tx,
    effect: &Effect,
    event: &str,
    cost: Option<String>,
    ended_at: Option<i64>,
) -> Result<(), TurnError> {
    let changed = tx
        .exec(
            "UPDATE effect SET state = $1, remote_id = $2, request = $3, idempotency_key = $4, \
             evidence = $5, clean_reads = $6, clean_read_at = $7, ended_at = $8, \
             cost = COALESCE($9, cost) WHERE id = $10 AND fence = $11 AND event = $12",
            values![
                effect.state.as_str(),
                effect.remote_id.clone(),
                effect.request.clone(),
                effect.idempotency_key.clone(),
                effect.evidence.clone(),
                effect.clean_reads,
                effect.clean_read_at,
                ended_at,
                cost,
                effect.id.clone(),
                effect.fence,
                event
            ],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(TurnError::LeaseLost) }
}

/// All effects of `key`, in the order in which they were planned.
///
/// # Errors
/// The database's.
pub async fn by_key(db: &impl Sql, key: &str) -> Result<Vec<Effect>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM effect WHERE key = $1 ORDER BY id LIMIT 1000");
    let rows: Vec<Row> = db.all(&sql, values![key]).await?;
    rows.into_iter().map(Effect::try_from).collect()
}

/// Effects whose outcome is not known, oldest first.
///
/// # Errors
/// The database's.
pub async fn open_effects(db: &impl Sql, limit: i64) -> Result<Vec<Effect>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM effect WHERE state IN ('started', 'unknown', 'needs_person') \
         ORDER BY id LIMIT $1"
    );
    let rows: Vec<Row> = db.all(&sql, values![limit]).await?;
    rows.into_iter().map(Effect::try_from).collect()
}

/// Effects that only a person can decide, oldest first.
///
/// # Errors
/// The database's.
pub async fn needs_a_person(db: &impl Sql, limit: i64) -> Result<Vec<Effect>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM effect WHERE state = 'needs_person' ORDER BY id LIMIT $1");
    let rows: Vec<Row> = db.all(&sql, values![limit]).await?;
    rows.into_iter().map(Effect::try_from).collect()
}
