//! The tables `audit_entry` and `audit_head`.

use hashbuzz_db::{DbError, FromQueryResult, Sql, Tx, values};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Entry {
    pub(crate) sequence: i64,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) act: String,
    pub(crate) subject: String,
    pub(crate) detail: String,
    pub(crate) hash: String,
}

/// The end of the chain.
#[derive(FromQueryResult)]
pub(super) struct Head {
    pub(super) sequence: i64,
    pub(super) hash: String,
    pub(super) begins: i64,
}

const ENTRY: &str = "sequence, at, actor, act, subject, detail, hash";
const NO_HEAD: DbError = DbError::Missing("the audit log has no head");

/// The end of the chain, held until the transaction ends.
pub(super) async fn hold_head(tx: &Tx) -> Result<Head, DbError> {
    let lock = tx.backend().for_update();
    let sql = format!("SELECT sequence, hash, begins FROM audit_head WHERE one = 1 {lock}");
    tx.one(&sql, values![]).await?.ok_or(NO_HEAD)
}

pub(super) async fn head(db: &impl Sql) -> Result<Head, DbError> {
    let sql = "SELECT sequence, hash, begins FROM audit_head WHERE one = 1";
    db.one(sql, values![]).await?.ok_or(NO_HEAD)
}

/// Adds an entry to a chain whose head is held.
pub(super) async fn append(tx: &Tx, entry: &Entry) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO audit_entry (sequence, at, actor, act, subject, detail, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            entry.sequence,
            entry.at,
            entry.actor.clone(),
            entry.act.clone(),
            entry.subject.clone(),
            entry.detail.clone(),
            entry.hash.clone()
        ],
    )
    .await?;
    tx.exec(
        "UPDATE audit_head SET sequence = $1, hash = $2 WHERE one = 1",
        values![entry.sequence, entry.hash.clone()],
    )
    .await?;
    Ok(())
}

/// Entries after `sequence`, up to `last`, in order.
pub(super) async fn after(
    db: &impl Sql,
    sequence: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let sql = format!(
        "SELECT {ENTRY} FROM audit_entry WHERE sequence > $1 AND sequence <= $2 \
         ORDER BY sequence LIMIT $3"
    );
    db.all(&sql, values![sequence, last, limit]).await
}

/// Entries before `before`, or the last ones, newest first.
pub(crate) async fn page(
    db: &impl Sql,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let sql = format!(
        "SELECT {ENTRY} FROM audit_entry WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2"
    );
    db.all(&sql, values![before.unwrap_or(i64::MAX), limit]).await
}
