//! Claiming: leases with fences.
//!
//! The fence grows with every claim, and every later write names it. A worker whose lease was
//! taken from it (it slept, its machine stalled) therefore changes nothing, however late it wakes.
//!
//! Of one key the first ready event alone can be claimed, and only while none is leased. Claimers
//! that meet skip what another has locked; where two see the same key as free all the same, the
//! unique index lets one of them through and the other tries again.

use std::collections::HashMap;

use hashbuzz_db::{Backend, Db, DbError, FromQueryResult, Sql as _, Tx, Value, values};

use crate::lane::{Seen, Take, Taken};
use crate::{Queue, lease};

/// How long a claim holds: longer than the time limit of any single request to another system.
pub(crate) const LEASE_MICROS: i64 = 60_000_000;
/// Lanes that one look finds at most; the next look goes on behind them.
const LANES: usize = 1_000;
/// Deferred events that become ready by one statement.
const PROMOTED: i64 = 500;

/// An event in somebody's hands.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Leased {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) lane: String,
    pub(crate) rank: i64,
    pub(crate) payload: String,
    pub(crate) attempt: i64,
    pub(crate) lost: i64,
    pub(crate) fence: i64,
}

const LEASED: &str = "id, kind, lane, rank, payload, attempt, lost, fence";

/// What the database has to do, apart from the work itself.
#[derive(Clone, Copy, Debug, Default, FromQueryResult)]
pub(crate) struct Outlook {
    /// When the next deferred event is due.
    pub(crate) next_deferred: Option<i64>,
    /// Things that are paused.
    pub(crate) pauses: i64,
}

/// Who claims.
#[derive(Clone)]
pub(crate) struct Claimer {
    pub(crate) db: Db,
    /// The instance's id.
    pub(crate) owner: String,
    /// The queues that it serves.
    pub(crate) queues: Vec<Queue>,
}

impl Claimer {
    /// Lanes that have ready work, from the one after `after` on, and the lowest rank in each.
    /// Skips from lane to lane through the index instead of reading the events.
    pub(crate) async fn lanes(&self, after: &str) -> Result<Vec<Seen>, DbError> {
        #[derive(FromQueryResult)]
        struct Row {
            lane: String,
            rank: Option<i64>,
        }
        let rows: Vec<Row> = self
            .db
            .all(
                "WITH RECURSIVE found(lane) AS ( \
                   SELECT (SELECT MIN(lane) FROM event WHERE state = 'ready' AND lane > $1) \
                   UNION ALL \
                   SELECT (SELECT MIN(event.lane) FROM event \
                           WHERE state = 'ready' AND event.lane > found.lane) \
                   FROM found WHERE found.lane IS NOT NULL) \
                 SELECT lane, (SELECT MIN(rank) FROM event \
                               WHERE state = 'ready' AND event.lane = found.lane) AS rank \
                 FROM found WHERE lane IS NOT NULL LIMIT $2",
                values![after, i64::try_from(LANES).unwrap_or(i64::MAX)],
            )
            .await?;
        let seen = rows.into_iter().filter_map(|row| {
            let rank = row.rank?;
            Some(Seen { lane: row.lane, rank })
        });
        Ok(seen.collect())
    }

    /// Whether a look that found so many lanes has to go on.
    pub(crate) const fn is_full(lanes: usize) -> bool {
        lanes >= LANES
    }

    /// Whether this worker serves `lane`.
    pub(crate) fn serves(&self, lane: &str) -> bool {
        let queue = lane.split('/').next().unwrap_or_default();
        self.queues.iter().any(|served| served.as_str() == queue)
    }

    pub(crate) async fn outlook(&self) -> Result<Outlook, DbError> {
        let row: Option<Outlook> = self
            .db
            .one(
                "SELECT (SELECT MIN(due_at) FROM event WHERE state = 'deferred') AS next_deferred, \
                 (SELECT COUNT(*) FROM event_pause) AS pauses",
                values![],
            )
            .await?;
        Ok(row.unwrap_or_default())
    }

    /// Makes deferred events that are due ready; at most a few hundred at a time. Returns their
    /// lanes and ranks.
    pub(crate) async fn promote(&self, now: i64) -> Result<Vec<Seen>, DbError> {
        #[derive(FromQueryResult)]
        struct Row {
            lane: String,
            rank: i64,
        }
        let lock = self.db.backend().skip_locked();
        let due = format!(
            "SELECT id FROM event WHERE state = 'deferred' AND due_at <= $1 \
             ORDER BY due_at LIMIT {PROMOTED} {lock}"
        );
        let rows: Vec<Row> = self
            .db
            .write_all(
                &format!(
                    "UPDATE event SET state = 'ready' WHERE state = 'deferred' AND {} \
                     RETURNING lane, rank",
                    among(self.db.backend(), &due)
                ),
                values![now],
            )
            .await?;
        Ok(rows.into_iter().map(|row| Seen { lane: row.lane, rank: row.rank }).collect())
    }

    /// Claims what `takes` say, first come first served inside a lane.
    pub(crate) async fn take(
        &self,
        takes: &[Take],
        now: i64,
        pauses: bool,
    ) -> Result<Vec<Leased>, DbError> {
        let claimed = match self.db.backend() {
            Backend::Postgres => self.take_at_once(takes, now, pauses).await,
            Backend::Sqlite => self.take_one_by_one(takes, now, pauses).await,
        };
        let mut claimed = match claimed {
            // Somebody else was faster with one of the keys.
            Err(error) if error.is_unique_violation() => Vec::new(),
            claimed => claimed?,
        };
        claimed.sort_by(|one, other| (one.rank, &one.id).cmp(&(other.rank, &other.id)));
        Ok(claimed)
    }

    async fn take_at_once(
        &self,
        takes: &[Take],
        now: i64,
        pauses: bool,
    ) -> Result<Vec<Leased>, DbError> {
        let free = self.is_free(pauses);
        let chosen = format!(
            "SELECT chosen.id FROM jsonb_to_recordset(CAST($4 AS JSONB)) \
               AS take(lane TEXT, low BIGINT, low_id TEXT, room BIGINT) \
             CROSS JOIN LATERAL ( \
               SELECT e.id FROM event e WHERE e.state = 'ready' AND e.lane = take.lane \
               AND (e.rank, e.id) >= (take.low, take.low_id) AND {free} \
               ORDER BY e.rank, e.id LIMIT take.room FOR UPDATE SKIP LOCKED) AS chosen"
        );
        let takes = serde_json::to_string(takes)
            .map_err(|error| DbError::Corrupt(format!("lanes as JSON: {error}")))?;
        let mut given = self.given(now);
        given.push(Value::from(takes));
        self.db.write_all(&lease(Backend::Postgres, &chosen), given).await
    }

    /// Nobody else claims: what is read here is still free when it is leased, and looking does not
    /// keep writers waiting.
    async fn take_one_by_one(
        &self,
        takes: &[Take],
        now: i64,
        pauses: bool,
    ) -> Result<Vec<Leased>, DbError> {
        let free = self.is_free(pauses);
        let sql = format!(
            "SELECT e.id AS text FROM event e WHERE e.state = 'ready' AND e.lane = $1 \
             AND (e.rank, e.id) >= ($2, $3) AND {free} ORDER BY e.rank, e.id LIMIT $4"
        );
        let mut ids = Vec::new();
        for take in takes {
            let room = i64::try_from(take.room).unwrap_or(i64::MAX);
            let given = values![take.lane.clone(), take.low, take.low_id.clone(), room];
            let found: Vec<Text> = self.db.all(&sql, given).await?;
            ids.extend(found.into_iter().map(|row| row.text));
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut given = self.given(now);
        given.push(Value::from(json(&ids)?));
        let backend = self.db.backend();
        self.db.write_all(&lease(backend, &backend.texts_of("$4")), given).await
    }

    /// Claims those of `ids` that are due and free, whatever their place in their lane. Those that
    /// are due and not free are marked as not published, so that a relay offers them again.
    pub(crate) async fn take_these(
        &self,
        ids: &[String],
        now: i64,
    ) -> Result<Vec<Leased>, DbError> {
        match self.take_all_these(ids, now).await {
            // Two of one key among them, or somebody else was faster: then one by one.
            Err(error) if error.is_unique_violation() => {
                let mut claimed = Vec::new();
                for id in ids {
                    match self.take_all_these(std::slice::from_ref(id), now).await {
                        Ok(one) => claimed.extend(one),
                        Err(error) if error.is_unique_violation() => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(claimed)
            }
            claimed => claimed,
        }
    }

    async fn take_all_these(&self, ids: &[String], now: i64) -> Result<Vec<Leased>, DbError> {
        let tx = self.db.begin().await?;
        let (texts, lock) = (tx.backend().texts_of("$2"), tx.backend().skip_locked());
        let held = "NOT EXISTS (SELECT 1 FROM event held \
                    WHERE held.key = e.key AND held.state = 'leased')";
        let list = json(ids)?;
        let found: Vec<Text> = tx
            .all(
                &format!(
                    "SELECT e.id AS text FROM event e WHERE e.id IN ({texts}) AND e.due_at <= $1 \
                     AND e.state IN ('ready', 'deferred') AND (e.key IS NULL OR {held}) \
                     AND {NOT_PAUSED} {lock}"
                ),
                values![now, list],
            )
            .await?;
        let free: Vec<String> = found.into_iter().map(|row| row.text).collect();
        let claimed = self.lease(&tx, &free, now).await?;
        if claimed.len() < ids.len() {
            lease::unpublish(&tx, ids).await?;
        }
        tx.commit().await?;
        Ok(claimed)
    }

    async fn lease(&self, tx: &Tx, ids: &[String], now: i64) -> Result<Vec<Leased>, DbError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let backend = tx.backend();
        let mut given = self.given(now);
        given.push(Value::from(json(ids)?));
        tx.all(&lease(backend, &backend.texts_of("$4")), given).await
    }

    fn given(&self, now: i64) -> Vec<Value> {
        values![self.owner.clone(), now + LEASE_MICROS, now]
    }

    /// Free: first of its key among what this worker serves, and none of its key in work.
    pub(crate) fn is_free(&self, pauses: bool) -> String {
        let paused = if pauses { NOT_PAUSED } else { "true" };
        let served = if self.queues.len() == Queue::ALL.len() {
            String::new()
        } else {
            let names: Vec<String> =
                self.queues.iter().map(|queue| format!("'{}'", queue.as_str())).collect();
            format!("AND earlier.queue IN ({})", names.join(", "))
        };
        format!(
            "{paused} AND (e.key IS NULL OR (\
               NOT EXISTS (SELECT 1 FROM event held \
                 WHERE held.key = e.key AND held.state = 'leased') \
               AND NOT EXISTS (SELECT 1 FROM event earlier \
                 WHERE earlier.key = e.key AND earlier.state = 'ready' {served} \
                 AND (earlier.rank, earlier.id) < (e.rank, e.id))))"
        )
    }
}

#[derive(FromQueryResult)]
struct Text {
    text: String,
}

const NOT_PAUSED: &str = "NOT EXISTS (SELECT 1 FROM event_pause p \
     WHERE (p.scope = 'queue' AND p.name = e.queue) OR (p.scope = 'kind' AND p.name = e.kind) \
     OR (p.scope = 'account' AND p.name = e.account))";

/// How many of each lane were claimed, and which was the last.
pub(crate) fn by_lane<'a>(
    claimed: impl Iterator<Item = (&'a str, i64, &'a str)>,
) -> HashMap<String, Taken> {
    let mut lanes: HashMap<String, Taken> = HashMap::new();
    for (lane, rank, id) in claimed {
        let taken = lanes.entry(lane.to_owned()).or_default();
        taken.count += 1;
        if (rank, id) > (taken.last, &taken.last_id) {
            (taken.last, taken.last_id) = (rank, id.to_owned());
        }
    }
    lanes
}

/// The claiming statement, for the ids that `chosen` selects.
fn lease(backend: Backend, chosen: &str) -> String {
    format!(
        "UPDATE event SET state = 'leased', lease_owner = $1, lease_until = $2, leased_at = $3, \
         fence = fence + 1, waits_for = NULL WHERE state IN ('ready', 'deferred') AND {} \
         RETURNING {LEASED}",
        among(backend, chosen)
    )
}

/// `id` is one of those that `chosen` selects. PostgreSQL is told to find them first and to look
/// each up by its key: left to itself it joins, and reads the whole table when there is much of it.
fn among(backend: Backend, chosen: &str) -> String {
    match backend {
        Backend::Sqlite => format!("id IN ({chosen})"),
        Backend::Postgres => format!("id = ANY(ARRAY({chosen}))"),
    }
}

pub(crate) fn json(ids: &[String]) -> Result<String, DbError> {
    serde_json::to_string(ids).map_err(|error| DbError::Corrupt(format!("ids as JSON: {error}")))
}
