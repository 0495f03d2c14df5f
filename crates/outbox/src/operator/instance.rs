//! Processes that work: who is alive, and what they serve.

use hashbuzz_db::{DbError, FromQueryResult, Sql, values};

/// A process that was silent for longer is thought dead, and its leases are taken back.
pub(super) const SILENCE_MICROS: i64 = 15_000_000;
/// Processes that are read at a time.
const MOST: i64 = 500;

/// A process that said that it works.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its id: the owner of its leases.
    pub id: String,
    /// When it started, in microseconds since the epoch.
    pub started_at: i64,
    /// When it last said that it lives.
    pub seen_at: i64,
    /// Whether it is thought alive.
    pub alive: bool,
    /// The kinds that it knows.
    pub kinds: Vec<String>,
    /// The queues that it serves; none named means all.
    pub queues: Vec<String>,
    /// What it was started as.
    pub role: String,
    /// Events that it has in hand.
    pub leases: i64,
}

impl Instance {
    /// Whether it is there to take such an event.
    pub(super) fn serves(&self, kind: &str, queue: &str) -> bool {
        let knows = self.kinds.iter().any(|known| known == kind);
        let serves = self.queues.is_empty() || self.queues.iter().any(|served| served == queue);
        self.alive && knows && serves
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    started_at: i64,
    seen_at: i64,
    kinds: String,
    queues: String,
    role: String,
    leases: i64,
}

/// The processes, those heard of last first.
///
/// # Errors
/// The database's.
pub async fn instances(db: &impl Sql, now: i64) -> Result<Vec<Instance>, DbError> {
    let rows: Vec<Row> = db
        .all(
            "SELECT i.id, i.started_at, i.seen_at, i.kinds, i.queues, i.role, \
             COALESCE(held.n, 0) AS leases FROM instance i \
             LEFT JOIN (SELECT lease_owner, COUNT(*) AS n FROM event WHERE state = 'leased' \
             GROUP BY lease_owner) AS held ON held.lease_owner = i.id \
             ORDER BY i.seen_at DESC, i.id LIMIT $1",
            values![MOST],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Instance {
                alive: row.seen_at >= now - SILENCE_MICROS,
                kinds: names(&row.kinds)?,
                queues: names(&row.queues)?,
                id: row.id,
                started_at: row.started_at,
                seen_at: row.seen_at,
                role: row.role,
                leases: row.leases,
            })
        })
        .collect()
}

fn names(list: &str) -> Result<Vec<String>, DbError> {
    serde_json::from_str(list)
        .map_err(|error| DbError::Corrupt(format!("what a process serves: {error}")))
}
