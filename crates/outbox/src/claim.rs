//! Claiming: leases with fences.
//!
//! The fence grows with every claim, and every later write names it. A worker whose lease was
//! taken from it (it slept, its machine stalled) therefore changes nothing, however late it wakes.
//!
//! Of one key the first ready event alone can be claimed, and only while none is leased. Claimers
//! that meet skip what another has locked; where two see the same key as free all the same, the
//! unique index lets one of them through and the other tries again.

use std::collections::BTreeSet;

use hashbuzz_db::{Backend, Db, DbError, FromQueryResult, Sql as _, Value, values};

use crate::Queue;
use crate::scout::{Seen, Take};

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

/// Lanes between two names, without these.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Gap {
    low: String,
    high: String,
}

/// Behind the name of every lane: they begin with a queue's name.
const END: &str = "~";

impl Gap {
    /// All lanes after this one.
    pub(crate) fn after(low: &str) -> Self {
        Self { low: low.to_owned(), high: END.to_owned() }
    }

    /// All lanes but these.
    pub(crate) fn between<'a>(known: impl Iterator<Item = &'a str>) -> Vec<Self> {
        let known: BTreeSet<&str> = known.collect();
        let lows = std::iter::once("").chain(known.iter().copied());
        let highs = known.iter().copied().chain(std::iter::once(END));
        lows.zip(highs).map(|(low, high)| Self { low: low.into(), high: high.into() }).collect()
    }
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
    /// Lanes in `gaps` that have ready work, and the lowest rank in each. Skips from lane to lane
    /// through the index instead of reading the events.
    pub(crate) async fn lanes(&self, gaps: &[Gap]) -> Result<Vec<Seen>, DbError> {
        let gap = match self.db.backend() {
            Backend::Postgres => {
                "SELECT low, high FROM jsonb_to_recordset(CAST($1 AS JSONB)) \
                 AS gap(low TEXT COLLATE \"C\", high TEXT COLLATE \"C\")"
            }
            Backend::Sqlite => {
                "SELECT value ->> 'low' AS low, value ->> 'high' AS high FROM json_each($1)"
            }
        };
        let next = "SELECT MIN(event.lane) FROM event WHERE event.state = 'ready'";
        let sql = format!(
            "WITH RECURSIVE gap AS ({gap}), found(lane, high) AS ( \
               SELECT ({next} AND event.lane > gap.low AND event.lane < gap.high), gap.high FROM gap \
               UNION ALL \
               SELECT ({next} AND event.lane > found.lane AND event.lane < found.high), found.high \
               FROM found WHERE found.lane IS NOT NULL), \
             first AS (SELECT lane, (SELECT MIN(rank) FROM event \
                         WHERE state = 'ready' AND event.lane = found.lane) AS rank \
                       FROM found WHERE lane IS NOT NULL LIMIT $2) \
             SELECT lane, rank FROM first WHERE rank IS NOT NULL"
        );
        let most = i64::try_from(LANES).unwrap_or(i64::MAX);
        self.db.all(&sql, values![json(gaps)?, most]).await
    }

    /// The lowest rank of ready work in each lane from a floor on.
    pub(crate) async fn first_from(&self, floors: &[Seen]) -> Result<Vec<Seen>, DbError> {
        if floors.is_empty() {
            return Ok(Vec::new());
        }
        let floor = match self.db.backend() {
            Backend::Postgres => {
                "SELECT lane, rank FROM jsonb_to_recordset(CAST($1 AS JSONB)) \
                 AS floor(lane TEXT, rank BIGINT)"
            }
            Backend::Sqlite => {
                "SELECT value ->> 'lane' AS lane, value ->> 'rank' AS rank FROM json_each($1)"
            }
        };
        let sql = format!(
            "WITH floor AS ({floor}), \
             first AS (SELECT lane, (SELECT MIN(event.rank) FROM event WHERE state = 'ready' \
                         AND event.lane = floor.lane AND event.rank >= floor.rank) AS rank \
                       FROM floor) \
             SELECT lane, rank FROM first WHERE rank IS NOT NULL"
        );
        self.db.all(&sql, values![json(floors)?]).await
    }

    /// Whether a look that found so many lanes has to go on.
    pub(crate) const fn is_full(lanes: usize) -> bool {
        lanes >= LANES
    }

    /// Whether this worker serves `lane`.
    pub(crate) fn serves(&self, lane: &str) -> bool {
        Queue::of_lane(lane).is_some_and(|queue| self.queues.contains(&queue))
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
        let lock = self.db.backend().skip_locked();
        let due = format!(
            "SELECT id FROM event WHERE state = 'deferred' AND due_at <= $1 \
             ORDER BY due_at LIMIT {PROMOTED} {lock}"
        );
        let promote = format!(
            "UPDATE event SET state = 'ready' WHERE state = 'deferred' AND {} RETURNING lane, rank",
            among(self.db.backend(), &due)
        );
        self.db.write_all(&promote, values![now]).await
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

/// None of its key is in work. Not by `EXISTS`: PostgreSQL would make a hash of all that is leased,
/// and read for it what is over and not swept yet (7,600 pages a claim instead of 800).
const NOT_HELD: &str = "(SELECT held.id FROM event held \
     WHERE held.key = e.key AND held.state = 'leased' LIMIT 1) IS NULL";

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
fn among(backend: Backend, chosen: &str) -> String {
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
    use hashbuzz_db::{Migration, migrate, on_both_databases};

    use super::*;

    on_both_databases!(
        a_look_into_gaps_finds_the_lanes_in_them_and_no_others,
        a_look_from_floors_finds_the_first_of_each_lane_that_is_not_below,
    );

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

    fn in_words(mut seen: Vec<Seen>) -> Vec<String> {
        seen.sort_by(|one, other| one.lane.cmp(&other.lane));
        seen.into_iter().map(|seen| format!("{} {}", seen.lane, seen.rank)).collect()
    }

    async fn a_look_into_gaps_finds_the_lanes_in_them_and_no_others(place: TestDb) {
        let ready = [("q/b", 9), ("q/B", 2), ("q/b", 4), ("q/b/1", 7), ("q/a", 3), ("q/ä", 5)];
        let claimer = claimer(&place, ready).await;
        let look = async |gaps: &[Gap]| in_words(claimer.lanes(gaps).await.expect("looked"));
        let all = ["q/B 2", "q/a 3", "q/b 4", "q/b/1 7", "q/ä 5"];
        assert_eq!(look(&[Gap::after("")]).await, all);
        assert_eq!(look(&[Gap::after("q/b")]).await, all[3..]);
        let known = ["q/a", "q/b/1", "q/none"];
        let others = ["q/B 2", "q/b 4", "q/ä 5"];
        assert_eq!(look(&Gap::between(known.into_iter())).await, others);
    }

    async fn a_look_from_floors_finds_the_first_of_each_lane_that_is_not_below(place: TestDb) {
        let ready = [("q/a", 3), ("q/a", 9), ("q/b", 4), ("q/b", 7), ("q/c", 5)];
        let claimer = claimer(&place, ready).await;
        let look = async |floors: &[(&str, i64)]| {
            let floors = floors.iter().map(|&(lane, rank)| Seen { lane: lane.into(), rank });
            in_words(claimer.first_from(&floors.collect::<Vec<_>>()).await.expect("looked"))
        };
        assert_eq!(look(&[("q/a", 4), ("q/b", 4), ("q/none", 0)]).await, ["q/a 9", "q/b 4"]);
        assert_eq!(look(&[("q/c", 6), ("q/b", i64::MIN)]).await, ["q/b 4"]);
        assert!(look(&[]).await.is_empty());
    }

    #[derive(FromQueryResult)]
    struct Line {
        #[sea_orm(from_alias = "QUERY PLAN")]
        text: String,
    }

    /// A hash of what is leased takes reading all of that index, with everything that is over and not
    /// swept yet; the planner preferred it as soon as it had seen how few are leased at a time.
    #[tokio::test]
    async fn a_claim_looks_a_key_up_and_reads_nothing_whole() {
        let place = TestDb::postgres().await;
        let claimer = claimer(&place, []).await;
        let many = "INSERT INTO event (id, kind, queue, key, lane, payload, due_at, rank, state, \
             created_at) SELECT 'id' || n, 'kind', 'queue', 'key' || n, 'q/a', '{}', 0, n, \
             CASE WHEN n > 450 THEN 'leased' ELSE 'ready' END, 0 FROM generate_series(1, 500) n";
        claimer.db.write(many, values![]).await.expect("written");
        claimer.db.write("ANALYZE event", values![]).await.expect("analysed");

        let take = [Take { lane: "q/a".into(), low: 0, low_id: String::new(), room: 50 }];
        let mut given = claimer.given(0);
        given.push(Value::from(json(&take).expect("as JSON")));
        let explain = format!("EXPLAIN {}", claimer.claim(false));
        let plan: Vec<Line> = claimer.db.all(&explain, given).await.expect("explained");
        let plan: Vec<String> = plan.into_iter().map(|line| line.text).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("SubPlan") && !plan.contains("hashed"), "{plan}");
    }

    #[test]
    fn gaps_are_before_between_and_behind_the_lanes_that_are_known() {
        let gap = |low: &str, high: &str| Gap { low: low.into(), high: high.into() };
        assert_eq!(Gap::between(std::iter::empty()), [gap("", "~")]);
        let known = ["social/2", "money/1"].into_iter();
        let gaps = [gap("", "money/1"), gap("money/1", "social/2"), gap("social/2", "~")];
        assert_eq!(Gap::between(known), gaps);
    }
}
