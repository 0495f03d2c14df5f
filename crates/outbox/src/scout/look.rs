//! What looks ask the database: which lanes have ready work, and from where on.

use std::collections::BTreeSet;

use hashbuzz_db::{Backend, DbError, FromQueryResult, Sql as _, values};

use super::Seen;
use crate::claim::{Claimer, among, json};

/// Lanes that one look finds at most; the next look goes on behind them.
const LANES: usize = 1_000;
/// Deferred events that become ready by one statement.
const PROMOTED: i64 = 500;

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
}

#[cfg(test)]
mod tests {
    use hashbuzz_db::on_both_databases;
    use hashbuzz_db::testing::TestDb;

    use super::*;
    use crate::claim::tests::claimer;

    on_both_databases!(
        a_look_into_gaps_finds_the_lanes_in_them_and_no_others,
        a_look_from_floors_finds_the_first_of_each_lane_that_is_not_below,
    );

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

    #[test]
    fn gaps_are_before_between_and_behind_the_lanes_that_are_known() {
        let gap = |low: &str, high: &str| Gap { low: low.into(), high: high.into() };
        assert_eq!(Gap::between(std::iter::empty()), [gap("", "~")]);
        let known = ["social/2", "money/1"].into_iter();
        let gaps = [gap("", "money/1"), gap("money/1", "social/2"), gap("social/2", "~")];
        assert_eq!(Gap::between(known), gaps);
    }
}
