//! Claiming: leases with fences.
//!
//! The fence grows with every claim, and every later write names it. A worker whose lease was
//! taken from it (it slept, its machine stalled) therefore changes nothing, however late it wakes.
//!
//! Of one key the first ready event alone can be claimed, and only while none is leased. Claimers
//! that meet skip what another has locked; where two see the same key as free all the same, the
//! unique index lets one of them through and the other tries again.

use hashbuzz_db::{Backend, Db, DbError, FromQueryResult, Sql as _, Value, values};

use crate::Queue;
use crate::scout::Take;

/// How long a claim holds: longer than the time limit of any single request to another system.
pub(crate) const LEASE_MICROS: i64 = 60_000_000;

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
    /// Whether this worker serves `lane`.
    pub(crate) fn serves(&self, lane: &str) -> bool {
        Queue::of_lane(lane).is_some_and(|queue| self.queues.contains(&queue))
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
        let mut given = self.given(now);
        given.push(Value::from(json(takes)?));
        self.db.write_all(&self.claim(pauses), given).await
    }

    /// The statement that claims, on PostgreSQL.
    fn claim(&self, pauses: bool) -> String {
        lease(Backend::Postgres, &first_of_lanes("$4", &self.is_free(pauses)))
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

    /// Claims those of `ids` that are due and free, whatever their place in their lane, and of one
    /// key the first.
    pub(crate) async fn take_these(
        &self,
        ids: &[String],
        now: i64,
    ) -> Result<Vec<Leased>, DbError> {
        match self.take_all_these(ids, now).await {
            // Somebody else was faster with one of the keys: then one by one.
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
        let backend = self.db.backend();
        let (texts, lock) = (backend.texts_of("$4"), backend.skip_locked());
        // `$3` is now, as for the lease.
        let chosen = format!(
            "SELECT e.id FROM event e WHERE e.id IN ({texts}) AND e.due_at <= $3 \
             AND e.state IN ('ready', 'deferred') AND {NOT_PAUSED} AND (e.key IS NULL OR (\
               {NOT_HELD} AND NOT EXISTS (SELECT 1 FROM event earlier WHERE earlier.key = e.key \
                 AND earlier.state IN ('ready', 'deferred') AND earlier.due_at <= $3 \
                 AND (earlier.rank, earlier.id) < (e.rank, e.id) AND earlier.id IN ({texts})))) \
             {lock}"
        );
        let mut given = self.given(now);
        given.push(Value::from(json(ids)?));
        self.db.write_all(&lease(backend, &chosen), given).await
    }

    fn given(&self, now: i64) -> Vec<Value> {
        values![self.owner.clone(), now + LEASE_MICROS, now]
    }

    /// Free for this worker: of its key the first among what it serves, and none in work.
    fn is_free(&self, pauses: bool) -> String {
        if self.queues.len() == Queue::ALL.len() {
            return is_free("", pauses);
        }
        let names: Vec<String> =
            self.queues.iter().map(|queue| format!("'{}'", queue.as_str())).collect();
        is_free(&format!("AND earlier.queue IN ({})", names.join(", ")), pauses)
    }
}

/// An event `e` is free: of its key the first among those that `among` says, and none in work.
pub(crate) fn is_free(among: &str, pauses: bool) -> String {
    let paused = if pauses { NOT_PAUSED } else { "true" };
    format!(
        "{paused} AND (e.key IS NULL OR (\
           {NOT_HELD} AND NOT EXISTS (SELECT 1 FROM event earlier \
             WHERE earlier.key = e.key AND earlier.state = 'ready' {among} \
             AND (earlier.rank, earlier.id) < (e.rank, e.id))))"
    )
}

#[derive(FromQueryResult)]
struct Text {
    text: String,
}

/// None of its key is in work. `OFFSET` keeps PostgreSQL from making a hash of all that is leased,
/// for which it reads what is over and not swept yet: 7,600 pages a claim instead of 800.
const NOT_HELD: &str = "NOT EXISTS (SELECT 1 FROM event held \
     WHERE held.key = e.key AND held.state = 'leased' LIMIT 1 OFFSET 0)";

const NOT_PAUSED: &str = "NOT EXISTS (SELECT 1 FROM event_pause p \
     WHERE (p.scope = 'queue' AND p.name = e.queue) OR (p.scope = 'kind' AND p.name = e.kind) \
     OR (p.scope = 'account' AND p.name = e.account))";

/// Selects and locks what the list of [`Take`]s in `takes` says, of events `e` of which `which` is
/// true: the first of each lane, from its place on. For PostgreSQL.
pub(crate) fn first_of_lanes(takes: &str, which: &str) -> String {
    format!(
        "SELECT chosen.id FROM jsonb_to_recordset(CAST({takes} AS JSONB)) \
           AS take(lane TEXT, low BIGINT, low_id TEXT, room BIGINT) \
         CROSS JOIN LATERAL ( \
           SELECT e.id FROM event e WHERE e.state = 'ready' AND e.lane = take.lane \
           AND (e.rank, e.id) >= (take.low, take.low_id) AND {which} \
           ORDER BY e.rank, e.id LIMIT take.room FOR UPDATE SKIP LOCKED) AS chosen"
    )
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
pub(crate) fn among(backend: Backend, chosen: &str) -> String {
    match backend {
        Backend::Sqlite => format!("id IN ({chosen})"),
        Backend::Postgres => format!("id = ANY(ARRAY({chosen}))"),
    }
}

pub(crate) fn json(list: &(impl serde::Serialize + ?Sized)) -> Result<String, DbError> {
    serde_json::to_string(list)
        .map_err(|error| DbError::Corrupt(format!("a list as JSON: {error}")))
}

#[cfg(test)]
pub(crate) mod tests {
    use hashbuzz_db::testing::TestDb;
    use hashbuzz_db::{Migration, migrate};

    use super::*;

    /// One who claims everything, where events of these ranks are ready in these lanes.
    pub(crate) async fn claimer(
        place: &TestDb,
        ready: impl IntoIterator<Item = (&str, i64)>,
    ) -> Claimer {
        let schema = [
            Migration { version: 1, name: "outbox", sql: crate::SCHEMA },
            Migration { version: 2, name: "engine", sql: crate::SCHEMA_ENGINE },
        ];
        let db = place.open().await;
        migrate(&db, &schema).await.expect("the schema");
        for (lane, rank) in ready {
            write_ready(&db, lane, rank).await;
        }
        Claimer { db, owner: "owner".into(), queues: Queue::ALL.to_vec() }
    }

    pub(crate) async fn write_ready(db: &Db, lane: &str, rank: i64) {
        db.write(
            "INSERT INTO event (id, kind, queue, lane, payload, due_at, rank, state, created_at) \
             VALUES ($1, 'kind', 'queue', $2, '{}', 0, $3, 'ready', 0)",
            values![format!("{lane}{rank}"), lane, rank],
        )
        .await
        .expect("written");
    }

    #[derive(FromQueryResult)]
    struct Line {
        #[sea_orm(from_alias = "QUERY PLAN")]
        text: String,
    }

    async fn plan(db: &Db, statement: &str, given: Vec<Value>) -> String {
        let lines: Vec<Line> =
            db.all(&format!("EXPLAIN {statement}"), given).await.expect("explained");
        let lines: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        lines.join("\n")
    }

    /// The planner preferred both as soon as it had seen how few are leased at a time: a hash of all
    /// that is leased, and reading and sorting a whole lane, however long, for its first few.
    #[tokio::test]
    async fn statements_look_keys_up_and_read_nothing_whole() {
        let place = TestDb::postgres().await;
        let claimer = claimer(&place, []).await;
        let many = "INSERT INTO event (id, kind, queue, key, lane, payload, due_at, rank, state, \
             created_at) SELECT 'id' || n, 'kind', 'queue', 'key' || n, 'q/a', '{}', 0, n, \
             CASE WHEN n > 495 THEN 'leased' ELSE 'ready' END, 0 FROM generate_series(1, 500) n";
        claimer.db.write(many, values![]).await.expect("written");
        claimer.db.write("ANALYZE event", values![]).await.expect("analysed");

        let take = [Take { lane: "q/a".into(), low: 0, low_id: String::new(), room: 50 }];
        let mut given = claimer.given(0);
        given.push(Value::from(json(&take).expect("as JSON")));
        let claim = plan(&claimer.db, &claimer.claim(false), given).await;
        assert!(!claim.contains("hashed") && !claim.contains("Sort"), "{claim}");
        assert!(claim.contains("Index Scan using event_lane on event e"), "{claim}");

        // Neither the index of what is leased, to find one of which the key is known.
        let finish = format!("DELETE FROM event WHERE {}", crate::lease::HELD);
        let finish = plan(&claimer.db, &finish, values!["id498", 1_i64]).await;
        assert!(finish.contains("Index Cond: (id ="), "{finish}");
    }
}
